# SPDX-License-Identifier: MIT
"""Breakpoints: callbacks before chosen instructions, the IRQ vectors, and each ERET."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Set
from typing import Final

from harness.arch import vectors
from harness.engine.core import Core
from harness.engine.emulator import binding as uc
from harness.engine.memory.stage2 import PAGE_SIZE
from harness.engine.slices import BlockPosition

_ERET: Final = 0xD69F_03E0
_MAX_IN_PAGE: Final = 16  # hooks on ERETs: a page with more gets one hook on all that it holds
Breakpoint = tuple[str, int]
"""Kind and number of a breakpoint: what :meth:`Breakpoints.remove` takes."""


class Breakpoints:
    """All code hooks of one PE: one bounded hook per address, however many callbacks it has."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._callbacks: dict[int, dict[Breakpoint, Callable[[], object]]] = {}
        self._hooks: dict[int, int] = {}
        self._unsettled: set[int] = set()  # addresses whose hook may have to come or to go
        self._reads: dict[int, bool] = {}  # addresses after an MRS: whether the hook is there
        self._numbers = itertools.count(1)
        self._where: dict[Breakpoint, int] = {}
        self._hook = uc.CodeHook(self._reached)
        self._resume = (-1, -1)  # where and when a callback stopped us before its instruction
        self.traps: dict[int, Callable[[], None]] = {}  # what the architecture wants before an instruction
        self.on_virq: Callable[[int], object] | None = None
        self.on_eret: Callable[[], object] | None = None
        self._erets: dict[int, list[Breakpoint]] = {}  # by page
        self._found: set[int] = set()  # ERETs to be hooked when the block is left
        self._page_hook = uc.CodeHook(self._reached_in_page)
        self._page_hooks: dict[int, int] = {}  # by page, one on every instruction there

    def add(self, va: int, callback: Callable[[], object], kind: str = "breakpoint") -> Breakpoint:
        """Calls before the instruction at a virtual address, from now on."""
        self._core.check_open()
        handle = (kind, next(self._numbers))
        self._callbacks.setdefault(va, {})[handle] = callback
        self._where[handle] = va
        self._changed({va})
        return handle

    def remove(self, handle: Breakpoint) -> None:
        """Undoes :meth:`add`; KeyError if that was done already."""
        self._core.check_open()
        self._changed({self._forget(handle)})

    def _forget(self, handle: Breakpoint) -> int:
        va = self._where.pop(handle)
        del self._callbacks[va][handle]
        if not self._callbacks[va]:
            del self._callbacks[va]
        return va

    def set_traps(self, traps: dict[int, Callable[[], None]]) -> None:
        """Calls these before the instructions at their virtual addresses, after all other callbacks."""
        changed = self.traps.keys() ^ traps.keys()
        self.traps = traps
        self._changed(changed)

    def read_found(self, after: int) -> None:
        """Notes that an MRS that we serve ends here, amid a block that is about to run for the first time."""
        if not self._reads.setdefault(after, False):
            self._core.defer(self._install)

    def _changed(self, addresses: Set[int]) -> None:
        self._unsettled |= addresses
        if self._core.position is BlockPosition.BETWEEN:
            self._install()
        else:
            self._core.defer(self._install)

    def _install(self) -> None:
        """Makes Unicorn's hooks those we want; hooks act only in code translated after they were installed."""
        unsettled, self._unsettled = sorted(self._unsettled), set()
        flush = False
        for va in unsettled:
            wanted, installed = va in self._callbacks or va in self.traps, va in self._hooks
            if installed and not wanted:
                uc.hook_del(self._core.handle, self._hooks.pop(va))
            elif wanted and not installed:
                self._hooks[va] = uc.hook_add(self._core.handle, uc.HOOK_CODE, self._hook, va, va)
            flush |= wanted != installed
        for va in [va for va, installed in self._reads.items() if not installed]:
            uc.check(self._core.registers.hook_after(va), "uc_hook_add")
            flush = self._reads[va] = True
        if flush:
            self._core.flush_code()

    def _reached(self, _handle: int, va: int, _size: int, _user: int) -> None:
        core = self._core
        registers = core.registers
        if not registers.arrive():
            return  # the slice ends here; the next one will come by again
        core.position = BlockPosition.BEFORE
        try:
            leave = self._call_back(va)
        except BaseException as error:
            leave = True
            core.fail(error)
        finally:
            core.position = BlockPosition.BETWEEN
        if leave:
            registers.leave()
        else:
            registers.proceed()

    def _call_back(self, va: int) -> bool:
        """Tells of the instruction; says whether it is not to run now."""
        core = self._core
        if self._resume != (va, core.retired):
            callbacks = list(self._callbacks.get(va, {}).values())
            if self._page_hooks and va & -PAGE_SIZE in self._page_hooks:
                callbacks.append(self._eret)
            for callback in callbacks:
                callback()
            if core.leaving or core.registers.ends_here():
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
        self._erets.clear()
        for hook in self._page_hooks.values():
            uc.hook_del(self._core.handle, hook)
        self._page_hooks.clear()
        self.vectors_moved(self._core.sysreg["VBAR_EL1"])
        self._core.flush_code()  # each block is looked at once more

    def _drop(self, kind: str) -> None:
        self._changed({self._forget(handle) for handle in list(self._where) if handle[0] == kind})

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

    def eret_found(self, va: int) -> None:
        """Notes that a block is about to run for the first time that ends with an ERET at this address."""
        if self.on_eret is not None:
            self._found.add(va)
            self._core.defer(self._hook_erets)

    def _hook_erets(self) -> None:
        found, self._found = sorted(self._found), set()
        for va in found:
            page = va & -PAGE_SIZE
            known = self._erets.setdefault(page, [])
            if page in self._page_hooks or any(self._where[handle] == va for handle in known):
                continue
            if len(known) < _MAX_IN_PAGE:
                known.append(self.add(va, self._eret, "eret"))
            else:
                self._hook_page(page)

    def _hook_page(self, page: int) -> None:
        core = self._core
        self._changed({self._forget(handle) for handle in self._erets.pop(page)})
        self._page_hooks[page] = uc.hook_add(
            core.handle, uc.HOOK_CODE, self._page_hook, page, page + PAGE_SIZE - 4
        )
        core.flush_code()

    def _reached_in_page(self, handle: int, va: int, size: int, user: int) -> None:
        if va not in self._hooks and self._core.instruction() == _ERET:
            self._reached(handle, va, size, user)

    def _eret(self) -> None:
        if self.on_eret is not None and self._core.instruction() == _ERET:  # or other code has come there
            self.on_eret()
