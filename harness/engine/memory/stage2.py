# SPDX-License-Identifier: MIT
"""Stage-2 translation tables, and the state of each page of RAM (DDI 0487, D8.3).

A store to a page that may also execute is ten times slower in Unicorn, and translated code is not
dropped when somebody else changes it. So a page is either DATA (read-write, execute-never) or CODE
(read-only, executable) and turns into the other on demand; a page that keeps turning, or that writes
to itself, becomes MIXED (everything allowed).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Final

from harness.arch import hyp
from harness.engine.memory.buffer import new_buffer

PAGE_SHIFT: Final = 12
PAGE_SIZE: Final = 1 << PAGE_SHIFT
TABLE_BASE: Final = 1 << hyp.IPA_BITS  # a physical address that no IPA reaches
TABLE_BYTES: Final = 1 << 26  # for 30 GiB of RAM, and what is smaller; the host gives only what is used
SCRATCH: Final = TABLE_BASE + PAGE_SIZE  # physical: a page of code that no guest reaches
HIDDEN_BYTES: Final = 1 << 20  # of pages for walks of stage 1 to read: two for each of 128 PEs
HIDDEN_BASE: Final = TABLE_BASE - HIDDEN_BYTES  # the end of the IPA space, where no board has anything
_B_NEXT: Final = 0x1400_0001  # to the next instruction
_NOP: Final = 0xD503_201F
MAX_FLIPS: Final = 4
_ENTRIES: Final = 512
_SPARE_TABLES: Final = 1024  # for flash, and for the ends of regions


class Page(IntEnum):
    """State of a page of RAM: what it may do at stage 2."""

    UNMAPPED = 0
    DATA = 1
    CODE = 2
    MIXED = 3


_COMMON: Final = hyp.S2_PAGE | hyp.S2_NORMAL | hyp.S2_READ | hyp.S2_INNER_SHAREABLE | hyp.S2_ACCESS_FLAG
_DESCRIPTOR_BITS: Final = {
    Page.DATA: _COMMON | hyp.S2_WRITE | hyp.S2_EXECUTE_NEVER,
    Page.CODE: _COMMON,
    Page.MIXED: _COMMON | hyp.S2_WRITE,
}


class Stage2:
    """Tables of one machine, shared by its PEs: level 1 of 1 GiB, level 2 of 2 MiB, level 3 of 4 KiB."""

    def __init__(self) -> None:
        self.buffer = new_buffer(TABLE_BYTES)
        self._entries = memoryview(self.buffer).cast("Q")
        self._entries[SCRATCH - TABLE_BASE >> 3] = _NOP << 32 | _B_NEXT  # two blocks
        self._next_table = 2  # table 0 is level 1, and after it comes the page of code
        self._leaf_tables: dict[int, int] = {}  # IPA >> 21 -> first entry of its level-3 table
        self._pages: dict[int, Page] = {}
        self._flips: dict[int, int] = {}
        self.hidden = new_buffer(HIDDEN_BYTES)
        self._hidden_words = memoryview(self.hidden).cast("Q")
        self._next_hidden = HIDDEN_BASE
        self._withheld: dict[int, int] = {}  # rights by page number, and for every other page
        self._withheld_everywhere = 0
        self.mixed: set[int] = set()  # numbers of the pages that are MIXED

    def make_room(self, ram: int) -> None:
        """Makes the tables large enough for so many bytes of RAM in all, before a PE sees them."""
        pages = (ram >> 21) + (ram >> 30) + _SPARE_TABLES
        if pages << PAGE_SHIFT > len(self.buffer):
            larger = new_buffer(pages << PAGE_SHIFT)
            larger[: self._next_table << PAGE_SHIFT] = self.buffer[: self._next_table << PAGE_SHIFT]
            self.buffer = larger
            self._entries = memoryview(larger).cast("Q")

    def page(self, ipa: int) -> Page:
        """Returns the state of the page that holds an IPA."""
        return self._pages.get(ipa >> PAGE_SHIFT, Page.UNMAPPED)

    def set_page(self, ipa: int, state: Page) -> None:
        """Writes the descriptor. The caller flushes TLBs where this takes a right away."""
        number = ipa >> PAGE_SHIFT
        old = self._pages.get(number, Page.UNMAPPED)
        if state is Page.MIXED:
            self.mixed.add(number)
        elif old is Page.MIXED:
            self.mixed.remove(number)
        self._pages[number] = state
        bits = _DESCRIPTOR_BITS.get(state, 0) & ~self._withheld.get(number, self._withheld_everywhere)
        self._entries[self._leaf(ipa)] = number << PAGE_SHIFT | bits if bits else 0

    def withhold(self, number: int, rights: int) -> None:
        """Leaves a page without some of its rights from now on (hyp.S2_READ, S2_WRITE)."""
        self._withheld[number] = rights
        if self._pages.get(number, Page.UNMAPPED) is not Page.UNMAPPED:
            self.set_page(number << PAGE_SHIFT, self._pages[number])

    def withhold_everywhere(self, rights: Mapping[int, int]) -> None:
        """Leaves all pages without some rights: those of number -1, and others by number."""
        everywhere = self._withheld_everywhere = rights.get(-1, 0)
        self._withheld = {number: bits | everywhere for number, bits in rights.items() if number >= 0}
        for number, state in self._pages.items():
            self.set_page(number << PAGE_SHIFT, state)

    def count_flip(self, ipa: int) -> bool:
        """Notes that code turns into data here; True when that has happened often enough to stop it."""
        number = ipa >> PAGE_SHIFT
        flips = self._flips[number] = self._flips.get(number, 0) + 1
        return flips >= MAX_FLIPS

    def mapped(self, numbers: range) -> list[int]:
        """Returns those of these page numbers that are mapped."""
        some = numbers if len(numbers) < len(self._pages) else sorted(n for n in self._pages if n in numbers)
        return [n for n in some if self._pages.get(n, Page.UNMAPPED) is not Page.UNMAPPED]

    def make_hidden_page(self) -> int:
        """Returns the IPA of a new page for walks of stage 1 to read."""
        ipa = self._next_hidden
        if ipa == TABLE_BASE:
            raise MemoryError("no room for another first table of stage 1")
        self._next_hidden += PAGE_SIZE
        self._entries[self._leaf(ipa)] = ipa | _COMMON | hyp.S2_EXECUTE_NEVER
        return ipa

    def write_hidden_page(self, ipa: int, words: list[int]) -> None:
        """Stores doublewords from the beginning of such a page."""
        begin = ipa - HIDDEN_BASE >> 3
        for n, word in enumerate(words):
            self._hidden_words[begin + n] = word

    def _leaf(self, ipa: int) -> int:
        block = ipa >> 21
        table = self._leaf_tables.get(block)
        if table is None:
            level2 = self._follow(ipa >> 30)
            table = self._leaf_tables[block] = self._follow(level2 + (block & _ENTRIES - 1))
        return table + (ipa >> PAGE_SHIFT & _ENTRIES - 1)

    def _follow(self, index: int) -> int:
        """Returns the first entry of the table that entry `index` points to, made when there is none."""
        entry = self._entries[index]
        if not entry:
            entry = self._entries[index] = TABLE_BASE + 8 * self._new_table() | hyp.S2_TABLE
        return int((entry & ~(PAGE_SIZE - 1)) - TABLE_BASE >> 3)

    def _new_table(self) -> int:
        """Returns the first entry of a page that is not in use yet."""
        page = self._next_table
        if page == len(self.buffer) >> PAGE_SHIFT:
            raise MemoryError("no room for another stage-2 table")
        self._next_table += 1
        return page * _ENTRIES
