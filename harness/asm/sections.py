# SPDX-License-Identifier: MIT
"""Sections: what is put where, before and at layout.

Every instruction is four bytes and every directive knows its size when it is read, so that offsets within
a section are known at once, and layout only gives each section its address.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from harness.asm.expressions import Address, Node
from harness.asm.operands import Instruction
from harness.asm.source import AsmError, Location

PAGE = 4096
NOP = bytes.fromhex("1f2003d5")
_LARGEST = 1 << 30


class Kind(Enum):
    """What a section holds; the order is the order in memory."""

    TEXT = ".text"
    RODATA = ".rodata"
    DATA = ".data"
    BSS = ".bss"
    DISCARDED = "not loaded"


@dataclass(frozen=True, slots=True)
class Fixup:
    """``size`` bytes at ``offset`` that get the value of ``node`` after layout."""

    offset: int
    size: int
    node: Node
    location: Location


@dataclass(eq=False, slots=True)
class Section:
    """One section of the source; ``address`` is set by :func:`lay_out`."""

    name: str
    kind: Kind
    data: bytearray = field(default_factory=bytearray)
    size: int = 0
    alignment: int = 1
    address: int = 0
    fixups: list[Fixup] = field(default_factory=list)
    instructions: list[Instruction] = field(default_factory=list)
    literals: dict[tuple[int, Node], tuple[str, Location]] = field(default_factory=dict)

    @property
    def loaded(self) -> bool:
        """Whether it is part of the program."""
        return self.kind is not Kind.DISCARDED

    @property
    def here(self) -> Address:
        """The address of the next byte."""
        return Address(self, self.size)

    def emit(self, data: bytes) -> None:
        """Append bytes; AsmError for anything but zeros in .bss."""
        if self.kind is not Kind.BSS:
            self.data += data
        elif any(data):
            raise AsmError("`.bss` holds only zeros: put data into `.data`")
        self.size += len(data)

    def space(self, count: int, fill: int = 0) -> None:
        """Append ``count`` bytes of ``fill``."""
        if count < 0:
            raise AsmError(f"cannot reserve {count} bytes")
        if self.size + count > _LARGEST:
            raise AsmError(f"section `{self.name}` would be larger than {_LARGEST >> 20} MiB")
        if self.kind is Kind.BSS and not fill & 0xFF:
            self.size += count
        else:
            self.emit(bytes((fill & 0xFF,)) * count)

    def align(self, boundary: int, fill: int | None = None, width: int = 1, most: int | None = None) -> None:
        """Pad to a power of two; code is padded with NOPs unless ``fill`` is given."""
        if boundary <= 0 or boundary & (boundary - 1):
            raise AsmError(f"alignment {boundary} is not a power of two")
        if boundary > _LARGEST:
            raise AsmError(f"alignment {boundary:#x} is too large")
        count = -self.size % boundary
        if most is not None and count > most:
            return
        self.alignment = max(self.alignment, boundary)
        if fill is None and self.kind is Kind.TEXT:
            # As GNU as does: zeros up to the next instruction boundary, then NOPs.
            self.emit(bytes(count % 4) + NOP * (count // 4))
        elif fill and width > 1:
            self.emit(
                bytes(count % width) + (fill % (1 << 8 * width)).to_bytes(width, "little") * (count // width)
            )
        else:
            self.space(count, fill or 0)

    def fix(self, size: int, node: Node, location: Location) -> None:
        """Append a value of ``size`` bytes that is known after layout."""
        if self.kind is Kind.BSS:
            raise AsmError("`.bss` holds only zeros: put data into `.data`")
        self.fixups.append(Fixup(self.size, size, node, location))
        self.emit(bytes(size))

    def literal(self, size: int, node: Node, location: Location, fresh: str) -> str:
        """The name of a literal in the next pool; ``fresh`` names it if it is a new one."""
        return self.literals.setdefault((size, node), (fresh, location))[0]

    def dump_literals(self) -> list[tuple[str, Address]]:
        """Emit the literal pool here (``.ltorg``), smallest entries first as GNU as does."""
        placed: list[tuple[str, Address]] = []
        for size in (4, 8, 16):
            entries = [(key, value) for key, value in self.literals.items() if key[0] == size]
            if entries:
                self.align(size, 0)
            for (_, node), (name, location) in entries:
                placed.append((name, self.here))
                self.fix(size, node, location)
        self.literals.clear()
        return placed


def kind_of(name: str, flags: str | None, nobits: bool) -> Kind:
    """What a section holds, by its flags, or by its name where none are given."""
    if flags is None:
        for kind in (Kind.TEXT, Kind.RODATA, Kind.DATA, Kind.BSS):
            if name == kind.value or name.startswith(kind.value + "."):
                return kind
        return Kind.DISCARDED
    if "a" not in flags:
        return Kind.DISCARDED
    if "x" in flags:
        return Kind.TEXT
    if "w" not in flags:
        return Kind.RODATA
    return Kind.BSS if nobits else Kind.DATA


def lay_out(sections: Iterable[Section], base: int) -> None:
    """Give every section its address: text, rodata, then data on a new page, then bss.

    No page holds both code and data that is written: the engine makes a page that is written execute-never.
    """
    ordered = sorted(sections, key=lambda section: list(Kind).index(section.kind))
    address, writable = base, False
    for section in ordered:
        if section.kind is Kind.DISCARDED:
            continue
        if section.kind in (Kind.DATA, Kind.BSS) and section.size and not writable:
            address += -address % PAGE
            writable = True
        address += -address % section.alignment
        section.address = address
        address += section.size
