# SPDX-License-Identifier: MIT
"""Baseline that the harness is measured against: Unicorn alone, set up for speed and nothing else.

One raw callback for interrupts, the register view, a stage 2 that never faults (code read-only, data
execute-never). No exits are served, no exception is entered, no error in the callback is reported.
"""

from __future__ import annotations

import ctypes
import mmap
import weakref
from collections.abc import Callable

from harness.arch import hyp
from harness.arch.sysreg import NAMES_TO_ENCODINGS
from harness.engine.emulator import binding as uc
from harness.engine.emulator import probe as _probe
from harness.engine.emulator.lifetime import view
from harness.engine.memory.stage2 import PAGE_SIZE, TABLE_BASE, Page, Stage2
from harness.errors import HarnessError

Callback = Callable[[int, int, int], None]  # (handle, exception number, NULL)

_HCR = hyp.HCR_RW | hyp.HCR_IMO | hyp.HCR_VM | hyp.HCR_TWI | hyp.HCR_TSC


class Bare:
    """One CPU at EL1h, about to run an image whose pages below ``data`` execute and never change.

    ``x`` are X0 to X30. HarnessError where this build of Unicorn does not fit the register view.
    """

    def __init__(self, base: int, image: bytes, data: int) -> None:
        if _probe.layout().view_exception is None:
            raise HarnessError("the register view does not fit this build of Unicorn: no baseline without it")
        self._handle = uc.open_instance("cortex-a72")
        weakref.finalize(self, uc.close, self._handle)
        self._write("SCR_EL3", hyp.SCR_RW | hyp.SCR_HCE | hyp.SCR_NS)
        self._write("HCR_EL2", hyp.HCR_RW)  # before all else: without it EL1 is AArch32
        self._ram = _ram(image)
        self._map(base, self._ram)
        self._stage2 = Stage2()
        for page in range(base, base + len(self._ram), PAGE_SIZE):
            self._stage2.set_page(page, Page.CODE if page < data else Page.DATA)
        self._map(TABLE_BASE, self._stage2.buffer)
        self._write("VTCR_EL2", hyp.VTCR_39_BIT)
        self._write("VTTBR_EL2", TABLE_BASE)
        self._lines = [_register("HCR_EL2", _HCR), _register("HCR_EL2", _HCR | hyp.HCR_VI)]
        self._line_pointers = [ctypes.byref(line) for line in self._lines]
        self._callback: object = None
        self.virq(False)
        self._words = view(_probe.environment(self._handle), _probe.ENV_SPAN, self).cast("Q")
        self.x = self._words[_probe.ENV_X // 8 : _probe.ENV_X // 8 + 31]
        self.pc = base

    def on_exception(self, callback: Callback) -> None:
        """Installs the one raw callback. It should be quick, and must not raise: nobody would hear of it."""
        self._callback = uc.IntrHook(callback)
        uc.hook_add(self._handle, uc.HOOK_INTR, self._callback)

    @property
    def pc(self) -> int:
        """Address at which the next run begins."""
        return self._words[_probe.ENV_PC // 8]

    @pc.setter
    def pc(self, value: int) -> None:
        self._words[_probe.ENV_PC // 8] = value

    def run(self, count: int = 0) -> None:
        """Runs ``count`` instructions, or with 0 uncounted until :meth:`stop`.

        Use one of the two on an instance: changing over drops all translated code.
        """
        uc.check(uc.emu_start(self._handle, self.pc, uc.FOREVER, 0, count), "bare run")

    def stop(self) -> None:
        """Ends the run, from the callback."""
        uc.emu_stop(self._handle)

    def virq(self, level: bool) -> None:
        """Sets HCR_EL2.VI."""
        uc.reg_write(self._handle, uc.REG_CP, self._line_pointers[level])

    def _write(self, name: str, value: int) -> None:
        uc.check(uc.reg_write(self._handle, uc.REG_CP, ctypes.byref(_register(name, value))), name)

    def _map(self, base: int, buffer: mmap.mmap) -> None:
        address = ctypes.addressof(ctypes.c_char.from_buffer(buffer))
        uc.check(
            uc.mem_map_ptr(self._handle, base, len(buffer), uc.PROT_ALL, address), f"memory at {base:#x}"
        )


def _register(name: str, value: int) -> uc.CpRegister:
    register = uc.CpRegister.of(NAMES_TO_ENCODINGS[name])
    register.value = value
    return register


def _ram(image: bytes) -> mmap.mmap:
    """Returns whole pages of memory that begin with the image."""
    ram = mmap.mmap(-1, -(-len(image) // PAGE_SIZE) * PAGE_SIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    ram[: len(image)] = image
    return ram
