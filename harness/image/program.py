# SPDX-License-Identifier: MIT
"""Guest as it is built: bytes at addresses, names for addresses, source lines for addresses.

All values here are plain data: they compare, copy and pickle.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, NamedTuple, TypeVar, overload

from msgspec import Struct

from harness.arch.virt import RAM_BASE, TEXT_OFFSET
from harness.arguments import whole
from harness.errors import ConfigError
from harness.wording import did_you_mean, plural

DEFAULT_BASE: Final = RAM_BASE + TEXT_OFFSET
"""Address of a guest that does not say where it belongs."""

ProgramKind = Literal["asm", "elf", "flat", "image"]
_Default = TypeVar("_Default")


class UnknownSymbolError(ConfigError, KeyError):
    """There is no such symbol in the guest."""

    __str__ = Exception.__str__  # KeyError's would quote the message


@dataclass(frozen=True, slots=True)
class Segment:
    """Bytes to be loaded at a physical ``address``; ``memory_size`` >= ``len(data)``, the rest is zero.

    ConfigError for one that cannot be.
    """

    address: int
    data: bytes
    memory_size: int
    executable: bool

    def __post_init__(self) -> None:
        whole("Segment(address)", self.address, 0, "byte")
        if not isinstance(self.data, bytes):
            raise ConfigError(f"Segment(data): bytes are needed, not {type(self.data).__name__}")
        if whole("Segment(memory_size)", self.memory_size, 0, "byte") < len(self.data):
            raise ConfigError(
                f"Segment(memory_size={self.memory_size}): too small for {plural(len(self.data), 'byte')} of data"
            )

    @property
    def end(self) -> int:
        """First address after the segment."""
        return self.address + self.memory_size


class Symbols(Mapping[str, int]):
    """Names of addresses: a mapping from name to address that can also be asked the other way round.

    ``ranges`` are the ``(low, high)`` intervals that the program occupies: outside them an address has no name.
    UnknownSymbolError, a KeyError, tells of the nearest name where there is none of that name.
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
        address = self.get(name)
        if address is not None:
            return address
        if not isinstance(name, str):
            raise UnknownSymbolError(f"a symbol has a text for its name, not {name!r}")
        raise UnknownSymbolError(f"no symbol `{name}` in the guest{did_you_mean(name, self._byname)}")

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in self._byname

    @overload
    def get(self, name: str, default: None = None, /) -> int | None: ...
    @overload
    def get(self, name: str, default: _Default, /) -> int | _Default: ...
    def get(self, name: str, default: object = None, /) -> object:
        """Returns the address of ``name``, or ``default``; nothing is looked for that is like it."""
        return self._byname.get(name, default) if isinstance(name, str) else default

    def __iter__(self) -> Iterator[str]:
        return iter(self._byname)

    def __len__(self) -> int:
        return len(self._byname)

    def __repr__(self) -> str:
        return f"Symbols({len(self)} names)"

    @property
    def addresses(self) -> tuple[int, ...]:
        """Addresses that have a name, ascending, each once."""
        return self._addresses

    @property
    def ranges(self) -> tuple[tuple[int, int], ...]:
        """Intervals outside which an address has no name; none where it may lie anywhere."""
        return self._ranges

    def lookup(self, address: int) -> str | None:
        """Returns ``"name"`` or ``"name+0x4"`` for an address inside the program, else None."""
        if self._ranges and not any(low <= address < high for low, high in self._ranges):
            return None
        index = bisect_right(self._addresses, address) - 1
        if index < 0:
            return None
        offset = address - self._addresses[index]
        name = self._names[index]
        return f"{name}+{offset:#x}" if offset else name


class SourceLine(Struct, frozen=True):
    """Place in a source: ``line`` is 1-based."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class LineMap(Struct, frozen=True):
    """Map from an instruction's address to its source line.

    ``starts`` ascend; ``places[i]`` holds from ``starts[i]`` up to ``starts[i + 1]``, None where there is no
    source. The last entry is always None: it ends the map.
    """

    starts: tuple[int, ...] = ()
    places: tuple[SourceLine | None, ...] = ()

    @classmethod
    def from_rows(cls, rows: Iterable[tuple[int, int, SourceLine]]) -> LineMap:
        """Returns the map of ``(start, end, place)`` rows in any order; a later row wins where two start alike."""
        starts: list[int] = []
        places: list[SourceLine | None] = []
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

    def lookup(self, address: int) -> SourceLine | None:
        """Returns the source line of the instruction at ``address``, or None."""
        index = bisect_right(self.starts, address) - 1
        return self.places[index] if index >= 0 else None

    def __len__(self) -> int:
        return len(self.starts)


class CodeRange(NamedTuple):
    """Instructions from ``address`` to before ``end``, physical; ``virtual`` is where the first was linked for."""

    address: int
    end: int
    virtual: int


@dataclass(frozen=True, slots=True)
class Program:
    """Guest that is ready to be put into memory and started at ``entry`` (all addresses physical).

    ``code`` tells of its instructions, where that is known better than by executable segments. ConfigError for one
    that cannot be.
    """

    entry: int
    segments: tuple[Segment, ...]
    symbols: Symbols
    kind: ProgramKind
    lines: LineMap = field(default_factory=LineMap)
    path: Path | None = None
    code: tuple[CodeRange, ...] = ()

    def __post_init__(self) -> None:
        whole("Program(entry)", self.entry, 0, "byte")
        if not isinstance(self.segments, tuple) or not all(isinstance(s, Segment) for s in self.segments):
            raise ConfigError("Program(segments): a tuple of Segments is needed")
        if not isinstance(self.symbols, Symbols):
            raise ConfigError(f"Program(symbols): Symbols are needed, not {type(self.symbols).__name__}")
        if not isinstance(self.lines, LineMap):
            raise ConfigError(f"Program(lines): a LineMap is needed, not {type(self.lines).__name__}")
