# SPDX-License-Identifier: MIT
"""Baseline that the harness is measured against: Unicorn alone, set up for speed and nothing else.

One hook in C for interrupts, a stage 2 that never faults (code read-only, data execute-never). No exits are served,
no time is kept, no error in the hook is reported.
"""

from __future__ import annotations

import ctypes
import mmap
import weakref

from harness.arch import hyp
from harness.arch.sysreg import NAMES_TO_ENCODINGS
from harness.engine.emulator import binding as uc
from harness.engine.emulator import probe as _probe
from harness.engine.emulator.lifetime import view
from harness.engine.memory.stage2 import PAGE_SIZE, TABLE_BASE, Page, Stage2
from harness.errors import HarnessError

_HCR = hyp.HCR_RW | hyp.HCR_IMO | hyp.HCR_VM | hyp.HCR_TWI | hyp.HCR_TSC
_MODEL = "cortex-a72"


class State(ctypes.Structure):
    """Places in a CPU's state and functions of Unicorn, as a hook in C gets them; ``struct bare`` has the same."""

    _fields_ = (
        ("x", ctypes.c_void_p),  # X0 to X30
        ("pc", ctypes.c_void_p),
        ("syndrome", ctypes.c_void_p),  # ESR_ELx of the exception that is reported, 32 bits
        ("stop", ctypes.c_void_p),  # uc_emu_stop
        ("write", ctypes.c_void_p),  # uc_reg_write
        ("line_high", ctypes.c_void_p),  # HCR_EL2 with VI, for uc_reg_write
        ("line_low", ctypes.c_void_p),  # HCR_EL2 without it
        ("system_register", ctypes.c_int),  # UC_ARM64_REG_CP_REG
    )


class Bare:
    """One CPU at EL1h, about to run an image whose pages below ``data`` execute and never change.

    ``x`` are X0 to X30. HarnessError where this build of Unicorn does not fit the register view.
    """

    def __init__(self, base: int, image: bytes, data: int) -> None:
        exception = _probe.layout().view_exception
        if exception is None:
            raise HarnessError("the register view does not fit this build of Unicorn: no baseline without it")
        self._handle = uc.open_instance(_MODEL)
        self._close = weakref.finalize(self, uc.close, self._handle)
        self._write("SCR_EL3", hyp.SCR_RW | hyp.SCR_HCE | hyp.SCR_NS)
        self._write("HCR_EL2", hyp.HCR_RW)  # before all else: without it EL1 is AArch32
        self._ram = _ram(image)
        _map(self._handle, base, self._ram)
        self._stage2 = Stage2()
        for page in range(base, base + len(self._ram), PAGE_SIZE):
            self._stage2.set_page(page, Page.CODE if page < data else Page.DATA)
        _map(self._handle, TABLE_BASE, self._stage2.buffer)
        self._write("VTCR_EL2", hyp.VTCR_39_BIT)
        self._write("VTTBR_EL2", TABLE_BASE)
        self._write("HCR_EL2", _HCR)
        self._lines = _register("HCR_EL2", _HCR | hyp.HCR_VI), _register("HCR_EL2", _HCR)
        environment = _probe.environment(self._handle)
        self._words = view(environment, _probe.ENV_SPAN, self).cast("Q")
        self.x = self._words[_probe.ENV_X // 8 : _probe.ENV_X // 8 + 31]
        self.pc = base
        self._state = State(
            environment + _probe.ENV_X,
            environment + _probe.ENV_PC,
            environment + exception,
            ctypes.cast(uc.emu_stop, ctypes.c_void_p),
            ctypes.cast(uc.reg_write, ctypes.c_void_p),
            *(ctypes.addressof(line) for line in self._lines),
            uc.REG_CP,
        )
        self._hook: object = None
        self._block_hook: object = None

    def on_exception(self, hook: object) -> None:
        """Installs the one hook, a function in C: of the handle, the exception's number and a :class:`State`."""
        self._hook = hook
        uc.hook_add(self._handle, uc.HOOK_INTR, hook, user=ctypes.addressof(self._state))

    def on_block(self, hook: object) -> None:
        """Installs a hook of each translated block, a function in C: of the handle, an address, a size and NULL."""
        self._block_hook = hook
        uc.hook_add(self._handle, uc.HOOK_BLOCK, hook)

    @property
    def pc(self) -> int:
        """Address at which the next run begins."""
        return self._words[_probe.ENV_PC // 8]

    @pc.setter
    def pc(self, value: int) -> None:
        self._words[_probe.ENV_PC // 8] = value

    def run(self) -> None:
        """Runs until the hook stops it; nothing counts."""
        uc.check(uc.emu_start(self._handle, self.pc, uc.FOREVER, 0, 0), "bare run")

    def close(self) -> None:
        """Gives back what it holds; nothing may use it any more."""
        self._words.release()
        self.x.release()
        self._close()

    def _write(self, name: str, value: int) -> None:
        uc.check(uc.reg_write(self._handle, uc.REG_CP, ctypes.byref(_register(name, value))), name)


def live(base: int, image: bytes, count: int) -> None:
    """Makes a CPU with nothing but this image in its memory, runs so many of its instructions, and closes it."""
    handle = uc.open_instance(_MODEL)
    try:
        ram = _ram(image)
        _map(handle, base, ram)
        uc.check(uc.emu_start(handle, base, uc.FOREVER, 0, count), "bare run")
    finally:
        uc.close(handle)


def _map(handle: int, base: int, buffer: mmap.mmap) -> None:
    address = ctypes.addressof(ctypes.c_char.from_buffer(buffer))
    uc.check(uc.mem_map_ptr(handle, base, len(buffer), uc.PROT_ALL, address), f"memory at {base:#x}")


def _register(name: str, value: int) -> uc.CpRegister:
    register = uc.CpRegister.of(NAMES_TO_ENCODINGS[name])
    register.value = value
    return register


def _ram(image: bytes) -> mmap.mmap:
    """Returns whole pages of memory that begin with the image."""
    ram = mmap.mmap(-1, -(-len(image) // PAGE_SIZE) * PAGE_SIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    ram[: len(image)] = image
    return ram
