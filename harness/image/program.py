# SPDX-License-Identifier: MIT
"""What a guest is once it is built: bytes at addresses, names for addresses, source lines for addresses.

All values here are plain data: they compare, copy and pickle.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

from harness.errors import GuestError

Kind = Literal["asm", "elf", "flat", "image"]


@dataclass(frozen=True, slots=True)
class Segment:
    """Bytes to be loaded at a physical ``address``; ``memory_size`` >= ``len(data)``, the rest is zero."""

    address: int
    data: bytes
    memory_size: int
    executable: bool

    @property
    def end(self) -> int:
        """The first address after the segment."""
        return self.address + self.memory_size


class Symbols(Mapping[str, int]):
    """Names of addresses; a mapping from name to address that can also be asked the other way round.

    ``ranges`` are the ``(low, high)`` intervals the program occupies: outside them an address has no name.
    """

    __slots__ = ("_addresses", "_byname", "_names", "_ranges")

    def __init__(self, symbols: Mapping[str, int], ranges: Iterable[tuple[int, int]] = ()) -> None:
        self._byname = dict(symbols)
        self._ranges = tuple(ranges)
        first: dict[int, str] = {}
        for name, address in self._byname.items():
            first.setdefault(address, name)
        self._addresses = tuple(sorted(first))
        self._names = tuple(first[address] for address in self._addresses)

    def __getitem__(self, name: str) -> int:
        return self._byname[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._byname)

    def __len__(self) -> int:
        return len(self._byname)

    def __repr__(self) -> str:
        return f"Symbols({len(self)} names)"

    @property
    def addresses(self) -> tuple[int, ...]:
        """All addresses that have a name, ascending, each once."""
        return self._addresses

    def address(self, name: str) -> int:
        """The address of ``name``; GuestError with the nearest names if there is no such symbol."""
        if name in self._byname:
            return self._byname[name]
        near = get_close_matches(name, self._byname, n=3)
        hint = f"; did you mean {' or '.join(f'`{n}`' for n in near)}?" if near else ""
        raise GuestError(f"no symbol `{name}` in the guest{hint}")

    def lookup(self, address: int) -> str | None:
        """``"name"`` or ``"name+0x4"`` for an address inside the program, else None."""
        if self._ranges and not any(low <= address < high for low, high in self._ranges):
            return None
        index = bisect_right(self._addresses, address) - 1
        if index < 0:
            return None
        offset = address - self._addresses[index]
        name = self._names[index]
        return f"{name}+{offset:#x}" if offset else name


@dataclass(frozen=True, slots=True)
class Line:
    """A place in a source: ``line`` is 1-based."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class LineMap:
    """From an instruction's address to its source line.

    ``starts`` ascend; ``places[i]`` holds from ``starts[i]`` up to ``starts[i + 1]``, None where there is no
    source. The last entry is always None: it ends the map.
    """

    starts: tuple[int, ...] = ()
    places: tuple[Line | None, ...] = ()

    @classmethod
    def from_rows(cls, rows: Iterable[tuple[int, int, Line]]) -> LineMap:
        """Build from ``(start, end, place)`` rows in any order; a later row wins where two start alike."""
        starts: list[int] = []
        places: list[Line | None] = []
        end = None
        for low, high, place in sorted({row[0]: row for row in rows}.values(), key=lambda row: row[0]):
            if high <= low:
                continue
            if end is not None and end < low:
                starts.append(end)
                places.append(None)
            starts.append(low)
            places.append(place)
            end = high
        if end is not None:
            starts.append(end)
            places.append(None)
        return cls(tuple(starts), tuple(places))

    def lookup(self, address: int) -> Line | None:
        """The source line of the instruction at ``address``, or None."""
        index = bisect_right(self.starts, address) - 1
        return self.places[index] if index >= 0 else None

    def __len__(self) -> int:
        return len(self.starts)


@dataclass(frozen=True, slots=True)
class Program:
    """A guest ready to be put into memory and started at ``entry`` (all addresses physical)."""

    entry: int
    segments: tuple[Segment, ...]
    symbols: Symbols
    kind: Kind
    lines: LineMap = field(default_factory=LineMap)
    path: Path | None = None
