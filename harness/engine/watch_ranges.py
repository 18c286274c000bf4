# SPDX-License-Identifier: MIT
"""Watched ranges of virtual addresses: callbacks before an access to their bytes, for watchpoints and debuggers.

Stage 2 guards the pages that a range lies in, so that an access there stops. It is compared byte by byte; where
nothing watches it, its instruction runs alone with the page open. Since pages are physical and ranges are not, the
descriptors of stage 1 that a range is translated by are guarded, too, and it is followed when one changes.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple

from harness.arch import esr as syndrome
from harness.arch import hyp
from harness.engine.core import Core
from harness.engine.memory.guards import EVERY_PAGE, READ, WRITE
from harness.engine.memory.ram import LINE_BYTES
from harness.engine.memory.stage2 import PAGE_SHIFT, PAGE_SIZE
from harness.engine.memory.table_entries import translate
from harness.engine.mmio.extent import Extent, extent
from harness.engine.mmio.loadstore import Operands

_COMPARED: Final = (1 << 49) - 1  # VA[48:0] are compared (D2.10.2): tags are not
_MOST_PAGES: Final = 16  # a larger range guards all memory


class Hit(NamedTuple):
    """Access that is watched: the lowest watched byte of it (a virtual address), and its kind.

    ``maintenance``: a DC IVAC, whose address is as the instruction has it.
    """

    address: int
    write: bool
    unprivileged: bool = False
    maintenance: bool = False


class Range(NamedTuple):
    """Watched bytes; ``callback(hit)`` says whether it took the access over: then the instruction does not run."""

    va: int
    size: int
    reads: bool
    writes: bool
    callback: Callable[[Hit], bool]

    def hit(self, access: Extent) -> Hit | None:
        """Returns the hit that an access is, if any. A read is reported before a write (D17.2.37, WnR)."""
        read = access.load and self.reads
        if not read and not (access.store and self.writes):
            return None
        distance = self.va - access.va & _COMPARED
        if distance < access.size:
            return Hit(access.va + distance, not read, access.unprivileged)
        if access.va - self.va & _COMPARED < self.size:
            return Hit(access.va, not read, access.unprivileged)
        return None


class WatchRanges:
    """Ranges of one PE, called in the order in which they came. ``active`` says that there are any."""

    def __init__(self, pe: Core, operands: Operands, stage1: Mapping[str, int]) -> None:
        self._pe, self._operands, self._stage1 = pe, operands, stage1
        self._guards = pe.memory.guards
        self._ranges: dict[int, Range] = {}
        self._numbers = itertools.count(1)
        self._open: set[int] = set()  # pages, for the instruction that runs alone
        self._stored = False  # that instruction stores
        self._stops_again = False
        self._resume = (-1, -1)  # where and when a callback stopped the PE before its access
        self.active = False

    def add(self, watched: Range) -> int:
        """Watches a range from now on; returns what :meth:`remove` takes."""
        self._pe.check_open()
        number = next(self._numbers)
        self._ranges[number] = watched
        self.follow()
        return number

    def remove(self, number: int) -> None:
        """Undoes :meth:`add`; KeyError if that was done already."""
        self._pe.check_open()
        del self._ranges[number]
        self.follow()

    def replace(self, old: list[int], new: list[Range]) -> list[int]:
        """Watches some ranges instead of others."""
        for number in old:
            del self._ranges[number]
        added = {next(self._numbers): watched for watched in new}
        self._ranges.update(added)
        if old or added:
            self.follow()
        return list(added)

    # Pages.

    def follow(self) -> None:
        """Guards the pages in which the ranges lie now: they are others, or stage 1 is."""
        pages: dict[int, int] = {}
        tables: set[int] = set()
        for watched in self._ranges.values():
            rights = (READ if watched.reads else 0) | (WRITE if watched.writes else 0)
            for number in self._pages_of(watched, tables):
                pages[number] = pages.get(number, 0) | rights
        self.active = self._pe.registers.watched = bool(self._ranges)
        hcr = self._pe.sysreg["HCR_EL2"]
        if bool(hcr & hyp.HCR_TPC) != self.active:
            self._pe.set_hcr(hcr ^ hyp.HCR_TPC)  # DC IVAC comes to us
        if self._guards.set(self._pe, pages, tables, self.follow):
            self._pe.memory.tlb_maintenance()

    def _pages_of(self, watched: Range, tables: set[int]) -> Iterator[int]:
        first, last = watched.va >> PAGE_SHIFT, watched.va + watched.size - 1 >> PAGE_SHIFT
        if last - first >= _MOST_PAGES:
            yield EVERY_PAGE
            return
        pe = self._pe
        for number in range(first, last + 1):
            if not pe.registers.stage1():
                yield number & _COMPARED >> PAGE_SHIFT
                continue
            entries, ipa = translate(number << PAGE_SHIFT, self._stage1, pe.memory)
            tables.update(entry >> PAGE_SHIFT for entry in entries)
            if ipa is not None:
                yield ipa >> PAGE_SHIFT

    # Accesses that were stopped.

    def serve(self, esr: int, *, fetch: bool) -> bool:
        """Serves a stage-2 abort of a guarded page, on this PE's account or another's; says whether it is one."""
        pe = self._pe
        far = pe.registers.fault_address()
        ipa = pe.registers.fault_page() | far & PAGE_SIZE - 1
        walk = bool(esr & syndrome.S1PTW)
        write = bool(esr & syndrome.WNR) and not walk
        if (fetch and not walk) or not self._guards.withholds(ipa, WRITE if write else READ):
            return False
        if not pe.memory.resolve(ipa, write=write, fetch=False):
            return False
        self._guards.open(ipa)
        self._open.add(ipa >> PAGE_SHIFT)
        if not fetch:
            if self.active and self._taken(esr, far):
                self._shut()
                return True
            pe.not_retired()
        self._stored |= write
        self._stops_again = True
        pe.defer(self._step)
        return True

    def serve_device(self, esr: int) -> bool:
        """Compares an access to a device, which stops anyway; says whether it was taken over."""
        return not esr & syndrome.S1PTW and self._taken(esr, self._pe.registers.fault_address())

    def _taken(self, esr: int, far: int) -> bool:
        """Calls back for what the instruction at pc is about to reach."""
        pe = self._pe
        word = pe.instruction()
        access = None if word is None else extent(word, self._operands)
        if access is None:
            access = Extent(far, 1, not esr & syndrome.WNR, bool(esr & syndrome.WNR))
        return self._called_back(access)

    def serve_maintenance(self, va: int) -> bool:
        """Compares a DC IVAC, which counts as a store to its whole line (D2.10); says whether it was taken over."""
        return self._called_back(
            Extent(va & -LINE_BYTES, LINE_BYTES, False, True), Hit(va, True, maintenance=True)
        )

    def _called_back(self, access: Extent, told: Hit | None = None) -> bool:
        pe = self._pe
        now = (pe.pc, pe.retired)
        if self._resume == now:
            return False
        for watched in list(self._ranges.values()):
            hit = watched.hit(access)
            if hit is None or pe.translate_data(hit.address, write=hit.write and told is None) is None:
                continue  # an abort of stage 1 comes first (D1.3.5.5)
            if watched.callback(told or hit):
                return True
        if pe.leaving:
            self._resume = now
            pe.not_retired()
        return pe.leaving

    def _step(self) -> None:
        """Lets the instruction run alone, with its pages open."""
        self._stops_again = False
        for number in self._open:
            self._guards.open(number << PAGE_SHIFT)
        self._pe.step(self._shut)

    def _shut(self) -> None:
        pages, stored = list(self._open), self._stored
        self._guards.shut(pages)
        self._pe.flush_addresses()
        if self._stops_again:
            return  # at another page: the same instruction, once more
        self._open.clear()
        self._stored = False
        if stored:
            self._guards.written(pages)
