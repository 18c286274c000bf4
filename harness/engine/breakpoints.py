# SPDX-License-Identifier: MIT
"""Breakpoints: callbacks before chosen instructions, the IRQ vectors, and each ERET."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Callable
from typing import Final

from harness.arch import vectors
from harness.engine.core import Core
from harness.engine.emulator import binding as uc
from harness.engine.memory.stage2 import PAGE_SIZE
from harness.engine.slices import BlockPosition

_ERET: Final = 0xD69F_03E0
Breakpoint = tuple[str, int]
"""Kind and number of a breakpoint: what :meth:`Breakpoints.remove` takes."""


class Breakpoints:
    """All code hooks of one PE: one bounded hook per address, however many callbacks it has."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._callbacks: dict[int, dict[Breakpoint, Callable[[], object]]] = {}
        self._hooks: dict[int, int] = {}
        self._numbers = itertools.count(1)
        self._where: dict[Breakpoint, int] = {}
        self._hook = uc.CodeHook(self._reached)
        self._resume = (-1, -1)  # where and when a callback stopped us before its instruction
        self.traps: dict[int, Callable[[], None]] = {}  # what the architecture wants before an instruction
        self.on_virq: Callable[[int], object] | None = None
        self.on_eret: Callable[[], object] | None = None

    def add(self, va: int, callback: Callable[[], object], kind: str = "breakpoint") -> Breakpoint:
        """Calls before the instruction at a virtual address, from now on."""
        self._core.check_open()
        handle = (kind, next(self._numbers))
        self._callbacks.setdefault(va, {})[handle] = callback
        self._where[handle] = va
        self._changed()
        return handle

    def remove(self, handle: Breakpoint) -> None:
        """Undoes :meth:`add`; KeyError if that was done already."""
        self._core.check_open()
        va = self._where.pop(handle)
        del self._callbacks[va][handle]
        if not self._callbacks[va]:
            del self._callbacks[va]
        self._changed()

    def set_traps(self, traps: dict[int, Callable[[], None]]) -> None:
        """Calls these before the instructions at their virtual addresses, after all other callbacks."""
        self.traps = traps
        self._changed()

    def _changed(self) -> None:
        if self._core.position is BlockPosition.BETWEEN:
            self._install()
        else:
            self._core.defer(self._install)

    def _install(self) -> None:
        """Makes Unicorn's hooks those we want; hooks act only in code translated after they were installed."""
        wanted, installed = self._callbacks.keys() | self.traps.keys(), self._hooks.keys()
        stale, missing = sorted(installed - wanted), sorted(wanted - installed)
        for va in stale:
            uc.hook_del(self._core.handle, self._hooks.pop(va))
        for va in missing:
            self._hooks[va] = uc.hook_add(self._core.handle, uc.HOOK_CODE, self._hook, va, va)
        if stale or missing:
            self._core.flush_code()

    def _reached(self, _handle: int, va: int, _size: int, _user: int) -> None:
        core = self._core
        registers = core.registers
        if registers.counter > registers.limit:
            return  # the slice ends here; the next one will come by again
        registers.counter -= 1  # not yet retired
        core.position = BlockPosition.BEFORE
        try:
            leave = self._call_back(va)
        except BaseException as error:
            core.fail(error)
            return
        finally:
            core.position = BlockPosition.BETWEEN
        if leave:
            uc.emu_stop(core.handle)
        else:
            registers.counter += 1

    def _call_back(self, va: int) -> bool:
        """Tells of the instruction; says whether it is not to run now."""
        core = self._core
        if self._resume != (va, core.retired):
            for callback in list(self._callbacks.get(va, {}).values()):
                callback()
            if core.leaving or core.registers.counter >= core.registers.limit:
                self._resume = (va, core.retired)
                return True
        trap = self.traps.get(va)
        if trap is not None:
            trap()
        return core.leaving

    # Vectors and ERETs.

    def watch(self, on_virq: Callable[[int], object] | None, on_eret: Callable[[], object] | None) -> None:
        """Reports interrupt entries and exception returns from now on, or (None) no longer."""
        self.on_virq, self.on_eret = on_virq, on_eret
        self._drop("eret")
        self.vectors_moved(self._core.sysreg["VBAR_EL1"])
        if on_eret is not None:
            self._core.memory.look_at_code_again()

    def _drop(self, kind: str) -> None:
        for handle in [h for h in self._where if h[0] == kind]:
            self.remove(handle)

    def vectors_moved(self, vbar: int) -> None:
        """Follows a new value of VBAR_EL1."""
        self._drop("vector")
        if self.on_virq is not None:
            for offset in vectors.IRQ_OFFSETS:
                vector = vbar + offset
                self.add(vector, self._virq_taken(vector), "vector")

    def _virq_taken(self, vector: int) -> Callable[[], object]:
        def callback() -> None:
            if self.on_virq is not None:
                self.on_virq(vector)

        return callback

    def page_executable(self, va: int, ipa: int) -> None:
        """Finds the ERETs of a page that may execute from now on."""
        if self.on_eret is None:
            return
        for handle in [h for h, at in self._where.items() if h[0] == "eret" and at & -PAGE_SIZE == va]:
            self.remove(handle)
        words = struct.unpack(f"<{PAGE_SIZE // 4}I", self._core.memory.read(ipa, PAGE_SIZE))
        for n, word in enumerate(words):
            if word == _ERET:
                self.add(va + 4 * n, self._eret, "eret")

    def _eret(self) -> None:
        if self.on_eret is not None:
            self.on_eret()
