# SPDX-License-Identifier: MIT
"""Memory as the code running on a PE sees it: virtual addresses, through its own stage 1."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from harness.engine import PE, Memory

PAGE = 4096  # the smallest granule: within it, neighbours in VA are neighbours in IPA


class GuestView:
    """View of memory by a PE, as far as its translation and RAM reach; what lies beyond is left out."""

    def __init__(self, pe: PE, memory: Memory) -> None:
        self.pe = pe
        self._memory = memory

    def pieces(self, address: int, size: int, *, write: bool) -> Iterator[tuple[int, int]]:
        """Yields (IPA, size) of each page's part of a range, up to the first that is not there."""
        while size > 0:
            part = min(size, PAGE - address % PAGE)
            ipa = self.pe.translate_data(address, write=write)
            if ipa is None or not self._memory.is_ram(ipa, part):
                return
            yield ipa, part
            address, size = address + part, size - part

    def read(self, address: int, size: int) -> bytes:
        """Reads bytes at a virtual address; fewer where there are no more."""
        return b"".join(self._memory.read(*piece) for piece in self.pieces(address, size, write=False))

    def write(self, address: int, data: bytes) -> int:
        """Stores bytes at a virtual address; returns how many could be stored."""
        return self.scatter(self.pieces(address, len(data), write=True), data)

    def scatter(self, pieces: Iterable[tuple[int, int]], data: bytes) -> int:
        """Stores bytes into pieces of RAM, one after the other; returns how many there was room for."""
        done, parts = 0, []
        for ipa, size in pieces:
            parts.append((ipa, data[done : done + size]))
            done += len(parts[-1][1])
        self._memory.write_parts(parts)
        return done

    def text(self, address: int, longest: int) -> bytes:
        """Reads the bytes before the first NUL, ``longest`` at the most."""
        text = bytearray()
        for ipa, size in self.pieces(address, longest, write=False):
            part = self._memory.read(ipa, size)
            end = part.find(b"\0")
            text += part if end < 0 else part[:end]
            if end >= 0:
                break
        return bytes(text)

    def words(self, address: int, count: int) -> tuple[int, ...] | None:
        """Reads the doublewords of a parameter block; None if it is not all there."""
        data = self.read(address, 8 * count)
        if len(data) < 8 * count:
            return None
        return tuple(int.from_bytes(data[n : n + 8], "little") for n in range(0, len(data), 8))
