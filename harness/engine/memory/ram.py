# SPDX-License-Identifier: MIT
"""Physical memory of the guests: RAM, host access to it, and what its pages may do at stage 2."""

from __future__ import annotations

import ctypes
from collections.abc import Collection, Iterable
from typing import Final

from harness import arguments
from harness.arch import hyp
from harness.engine.memory.buffer import new_buffer
from harness.engine.memory.guards import Guards
from harness.engine.memory.observer import Observer
from harness.engine.memory.stage2 import (
    HIDDEN_BASE,
    HIDDEN_BYTES,
    PAGE_SHIFT,
    PAGE_SIZE,
    TABLE_BASE,
    Page,
    Stage2,
)
from harness.errors import ConfigError, HarnessError
from harness.wording import plural

LINE_BYTES = 64  # of an instruction cache: CTR_EL0.IminLine of every CPU model here
_MANY_PAGES: Final = 16  # of code: from here on it takes less to forget all of it


class NotRamError(HarnessError, ValueError):
    """Access from the host outside RAM."""


class RamRegion:
    """One stretch of RAM (or ROM, which no guest store changes) with its buffer."""

    __slots__ = ("address", "base", "end", "readonly", "size", "trapped", "view", "words")

    def __init__(self, base: int, size: int, *, readonly: bool) -> None:
        self.base, self.size, self.end, self.readonly = base, size, base + size, readonly
        self.trapped = False  # every access of a guest is an abort, as for a device
        buffer = new_buffer(size)
        self.view = memoryview(buffer)
        self.words = self.view.cast("I")
        self.address = ctypes.addressof(ctypes.c_char.from_buffer(buffer))

    def __repr__(self) -> str:
        return f"RamRegion({self.base:#x}, {self.size:#x}, readonly={self.readonly})"


class Memory:
    """All RAM of a machine and the one stage-2 map that its PEs share. Addresses are IPAs."""

    def __init__(self) -> None:
        self.regions: list[RamRegion] = []
        self.stage2 = Stage2()
        self.guards = Guards(self.stage2)
        self.touched: set[int] = set()  # page numbers ever reached by the guest or written by the host
        self._observers: list[Observer] = []

    def add_ram(self, base: int, size: int, *, readonly: bool = False) -> None:
        """Adds RAM of `size` bytes at `base`; both in whole 4 KiB pages, below 1 << 39, disjoint."""
        if base % PAGE_SIZE or size % PAGE_SIZE or size <= 0 or base < 0:
            raise ConfigError(f"RAM at {base:#x}, {size:#x} bytes: must be whole pages of 4 KiB")
        if base + size > 1 << hyp.IPA_BITS:
            raise ConfigError(
                f"RAM at {base:#x}, {size:#x} bytes: beyond the {hyp.IPA_BITS}-bit address space"
            )
        if any(base < r.end and r.base < base + size for r in self.regions):
            raise ConfigError(f"RAM at {base:#x}, {size:#x} bytes: overlaps other RAM")
        if not self._observers:
            self.stage2.make_room(size + sum(region.size for region in self.regions))
        region = RamRegion(base, size, readonly=readonly)
        self.regions = sorted([*self.regions, region], key=lambda r: r.base)
        for observer in self._observers:
            observer.map_buffer(base, size, region.address)

    def attach(self, observer: Observer) -> None:
        """Shows all memory and the tables to a PE, and tells it of changes from now on."""
        tables = ctypes.addressof(ctypes.c_char.from_buffer(self.stage2.buffer))
        observer.map_buffer(TABLE_BASE, len(self.stage2.buffer), tables)
        hidden = ctypes.addressof(ctypes.c_char.from_buffer(self.stage2.hidden))
        observer.map_buffer(HIDDEN_BASE, HIDDEN_BYTES, hidden)
        for region in self.regions:
            observer.map_buffer(region.base, region.size, region.address)
        self._observers.append(observer)
        if len(self._observers) > 1:
            for each in self._observers:
                each.trap_tlb_maintenance()

    def detach(self, observer: Observer) -> None:
        """Forgets a PE, if it was attached."""
        if observer in self._observers:
            self._observers.remove(observer)
            self.guards.set(observer, {}, (), lambda: None)

    @property
    def sharers(self) -> int:
        """Number of PEs."""
        return len(self._observers)

    # Host access.

    def is_ram(self, ipa: int, n: int = 1) -> bool:
        """Says whether `n` bytes from an IPA all lie in one region."""
        return self._region(ipa, n) is not None

    def is_backed(self, ipa: int, n: int) -> bool:
        """Says whether a guest's loads of `n` bytes from an IPA find memory now, and no device in its place."""
        region = self._region(ipa, n)
        return region is not None and not region.trapped

    def read(self, ipa: int, n: int) -> bytes:
        """Returns bytes as the guest would load them. :class:`NotRamError` outside RAM."""
        region = self._need(ipa, n)
        offset = ipa - region.base
        return bytes(region.view[offset : offset + n])

    def write(self, ipa: int, data: bytes | bytearray | memoryview) -> None:
        """Stores bytes, into ROM too; every PE sees them at once, as data and as code."""
        pages = self._put(ipa, data)
        if pages:
            self._host_wrote(pages)

    def write_parts(self, parts: Iterable[tuple[int, bytes | bytearray | memoryview]]) -> None:
        """Stores each part at its IPA; what was code there is forgotten once, after the last."""
        pages: set[int] = set()
        try:
            for ipa, data in parts:
                pages.update(self._put(ipa, data))
        finally:
            self._host_wrote(pages)

    def _put(self, ipa: int, data: bytes | bytearray | memoryview) -> range:
        """Stores bytes; returns the numbers of the pages that they are in."""
        n = len(arguments.data("data", data))
        region = self._need(ipa, n)
        offset = ipa - region.base
        region.view[offset : offset + n] = data
        return range(ipa >> PAGE_SHIFT, (ipa + n - 1 >> PAGE_SHIFT) + 1 if n else 0)

    def u8(self, ipa: int) -> int:
        """Returns one byte."""
        return self._load(ipa, 1)

    def instruction(self, ipa: int) -> int | None:
        """Returns the word at an IPA (rounded down to a multiple of 4), None outside RAM."""
        for region in self.regions:
            if region.base <= ipa < region.end:
                return region.words[ipa - region.base >> 2]
        return None

    def u16(self, ipa: int) -> int:
        """Returns a little-endian halfword; so are the others."""
        return self._load(ipa, 2)

    def u32(self, ipa: int) -> int:
        """Returns a word (4 bytes)."""
        return self._load(ipa, 4)

    def u64(self, ipa: int) -> int:
        """Returns a doubleword (8 bytes)."""
        return self._load(ipa, 8)

    def write_u8(self, ipa: int, value: int) -> None:
        """Stores a byte; high bits of `value` are dropped, here and in the others."""
        self._store(ipa, value, 1)

    def write_u16(self, ipa: int, value: int) -> None:
        """Stores a little-endian halfword."""
        self._store(ipa, value, 2)

    def write_u32(self, ipa: int, value: int) -> None:
        """Stores a word (4 bytes)."""
        self._store(ipa, value, 4)

    def write_u64(self, ipa: int, value: int) -> None:
        """Stores a doubleword (8 bytes)."""
        self._store(ipa, value, 8)

    def _load(self, ipa: int, n: int) -> int:
        region = self._need(ipa, n)
        offset = ipa - region.base
        return int.from_bytes(region.view[offset : offset + n], "little")

    def _store(self, ipa: int, value: int, n: int) -> None:
        if type(value) is not int:
            value = arguments.integer("value", value)
        self.write(ipa, (value & (1 << 8 * n) - 1).to_bytes(n, "little"))

    def _region(self, ipa: int, n: int) -> RamRegion | None:
        for region in self.regions:
            if region.base <= ipa and ipa + n <= region.end:
                return region
        return None

    def _need(self, ipa: int, n: int) -> RamRegion:
        if type(ipa) is not int or type(n) is not int:
            arguments.integer("address", ipa)
            arguments.integer("size", n)
        if n < 0:
            raise ConfigError(f"{n} bytes at {ipa:#x}: a size cannot be negative")
        region = self._region(ipa, n)
        if region is None:
            raise NotRamError(f"{plural(n, 'byte')} at {ipa:#x}: not RAM")
        return region

    def _host_wrote(self, pages: Collection[int]) -> None:
        """Drops translations of code the host changed. CODE is looked at again when next fetched."""
        self.touched.update(pages)
        if self.guards.active:
            self.guards.written(pages)
        states = {number: self.stage2.page(number << PAGE_SHIFT) for number in pages}
        executable = [n for n, state in states.items() if state in (Page.CODE, Page.MIXED)]
        if not executable:
            return
        self._forget_code(executable)
        for number in executable:
            if states[number] is Page.CODE:
                self.stage2.set_page(number << PAGE_SHIFT, Page.UNMAPPED)
        self._flush(addresses=True, code=False)

    # Stage-2 faults.

    def resolve(self, ipa: int, *, write: bool, fetch: bool) -> bool:
        """Lets a faulting access to RAM proceed; False where there is none for it."""
        region = self._region(ipa, 1)
        if region is None or region.trapped or (write and region.readonly):
            return False
        old = self.stage2.page(ipa)
        if fetch:
            new = Page.MIXED if old is Page.MIXED else Page.CODE
        elif region.readonly:
            new = Page.CODE
        elif write:
            new = self._after_write(ipa, old)
        else:
            new = Page.DATA if old is Page.UNMAPPED else old
        self.touched.add(ipa >> PAGE_SHIFT)
        if old is Page.CODE and new is Page.DATA:
            self._forget_code((ipa >> PAGE_SHIFT,))
        self.stage2.set_page(ipa, new)
        if old is not Page.UNMAPPED:
            # Adding a right needs no flush: no TLB keeps a fault. The same state again means a stale entry.
            self._flush(addresses=True, code=False)
        return True

    def _after_write(self, ipa: int, old: Page) -> Page:
        if old is not Page.CODE:
            return Page.DATA if old is Page.UNMAPPED else old
        return Page.MIXED if self.stage2.count_flip(ipa) else Page.DATA

    def _forget_code(self, pages: Collection[int]) -> None:
        """Lets every PE forget what it translated from these pages, by number.

        They must be executable still, for a PE finds its code by a fetch.
        """
        if len(pages) > _MANY_PAGES:
            self._flush(addresses=False, code=True)
            return
        for observer in self._observers:
            for number in pages:
                observer.flush_code_at(number << PAGE_SHIFT, PAGE_SIZE)

    def trap(self, base: int, trapped: bool) -> None:
        """Lets every access to the region at `base` be a data abort, as flash outside array mode needs, or none."""
        region = self._need(base, 1)
        if region.trapped == trapped:
            return
        region.trapped = trapped
        mapped = self.stage2.mapped(range(region.base >> PAGE_SHIFT, region.end >> PAGE_SHIFT))
        for number in mapped:
            self.stage2.set_page(number << PAGE_SHIFT, Page.UNMAPPED)
        if mapped:
            self._flush(addresses=True, code=True)

    def instruction_cache_maintenance(self) -> None:
        """Does IC IALLU (trapped by HCR_EL2.TPU): only MIXED pages can hold stale translations."""
        self._forget_code(tuple(self.stage2.mixed))

    def instruction_line_maintenance(self, ipa: int) -> None:
        """Does IC IVAU: of one line of the cache, on every PE, whatever the virtual address of its code."""
        if self.stage2.page(ipa) is Page.MIXED:
            for observer in self._observers:
                observer.flush_code_at(ipa & -LINE_BYTES, LINE_BYTES)

    def tlb_maintenance(self) -> None:
        """Does TLBI, Inner Shareable (trapped by HCR_EL2.TTLB): every PE forgets more than it must."""
        self._flush(addresses=True, code=False)

    def _flush(self, *, addresses: bool, code: bool) -> None:
        for observer in self._observers:
            if addresses:
                observer.flush_addresses()
            if code:
                observer.flush_code()
