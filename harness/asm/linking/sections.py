# SPDX-License-Identifier: MIT
"""Sections, their contents and their layout.

Every instruction is four bytes and every directive knows its size when it is read, so that offsets within
a section are known at once, and layout only gives each section its address.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum

from harness.asm.encoding.operands import Instruction
from harness.asm.expressions import Address, Expression
from harness.asm.source import Location, StatementError
from harness.wording import plural

PAGE = 4096
INSTRUCTION_SIZE = 4
NOP = bytes.fromhex("1f2003d5")
_LARGEST = 1 << 30


class SectionKind(Enum):
    """Kinds of contents; their order is the order in memory."""

    TEXT = ".text"
    RODATA = ".rodata"
    DATA = ".data"
    BSS = ".bss"
    DISCARDED = "not loaded"
    ABSOLUTE = "offsets"


# Kinds without bytes, and what to do instead.
_ONLY_ZEROS = {
    SectionKind.BSS: "`.bss` holds only zeros: put data into `.data`, instructions into `.text`",
    SectionKind.ABSOLUTE: "`.struct` describes offsets and holds no data: select a section such as `.text` before",
}


@dataclass(frozen=True, slots=True)
class Fixup:
    """Bytes, ``size`` of them at ``offset``, that get the value of an expression after layout."""

    offset: int
    size: int
    expression: Expression
    location: Location


@dataclass(eq=False, slots=True)
class Section:
    """Section of the source; ``address`` is set by :func:`lay_out`."""

    name: str
    kind: SectionKind
    subsection: int = 0
    data: bytearray = field(default_factory=bytearray)
    size: int = 0
    alignment: int = 1
    address: int = 0
    fixups: list[Fixup] = field(default_factory=list)
    instructions: list[Instruction] = field(default_factory=list)
    literals: dict[tuple[int, Expression], tuple[str, Location]] = field(default_factory=dict)

    @property
    def loaded(self) -> bool:
        """True if it is part of the program."""
        return self.kind not in (SectionKind.DISCARDED, SectionKind.ABSOLUTE)

    @property
    def here(self) -> Expression:
        """Address of the next byte, or its offset where there is no address."""
        return self.size if self.kind is SectionKind.ABSOLUTE else Address(self, self.size)

    def emit(self, data: bytes) -> None:
        """Appends bytes; StatementError for anything but zeros where there is no data, and for too many."""
        if self.size + len(data) > _LARGEST:
            raise self._too_large()
        if self.kind not in _ONLY_ZEROS:
            self.data += data
        elif any(data):
            raise StatementError(_ONLY_ZEROS[self.kind])
        self.size += len(data)

    def begin_instruction(self) -> None:
        """Aligns the section for an instruction; StatementError if none may come next."""
        self._check_data()
        if self.size % INSTRUCTION_SIZE:
            raise StatementError("an instruction must be 4-byte aligned: put `.balign 4` before it")
        self.alignment = max(self.alignment, INSTRUCTION_SIZE)

    def append(self, instruction: Instruction) -> None:
        """Appends an instruction, which is encoded after layout."""
        instruction.offset = self.size
        self.instructions.append(instruction)
        self.emit(bytes(INSTRUCTION_SIZE))

    def space(self, count: int, fill: int = 0) -> None:
        """Appends ``count`` bytes of ``fill``."""
        if count < 0:
            raise StatementError(f"cannot reserve {plural(count, 'byte')}")
        if self.size + count > _LARGEST:
            raise self._too_large()
        if self.kind in _ONLY_ZEROS and not fill & 0xFF:
            self.size += count
        else:
            self.emit(bytes((fill & 0xFF,)) * count)

    def _too_large(self) -> StatementError:
        return StatementError(f"section `{self.name}` would be larger than {_LARGEST >> 20} MiB")

    def align(self, boundary: int, fill: int | None = None, width: int = 1, most: int | None = None) -> None:
        """Pads to a power of two; code is padded with NOPs unless ``fill`` is given."""
        if boundary <= 0 or boundary & (boundary - 1):
            raise StatementError(f"alignment {boundary} is not a power of two")
        if boundary > _LARGEST:
            raise StatementError(f"alignment {boundary:#x} is too large")
        count = -self.size % boundary
        if most is not None and count > most:
            return
        self.alignment = max(self.alignment, boundary)
        if fill is None and self.kind is SectionKind.TEXT:
            # As GNU as does: zeros up to the next instruction boundary, then NOPs.
            self.emit(bytes(count % 4) + NOP * (count // 4))
        elif fill and width > 1:
            self.emit(
                bytes(count % width) + (fill % (1 << 8 * width)).to_bytes(width, "little") * (count // width)
            )
        else:
            self.space(count, fill or 0)

    def fix(self, size: int, expression: Expression, location: Location) -> None:
        """Appends a value of ``size`` bytes that is known after layout."""
        self._check_data()
        self.fixups.append(Fixup(self.size, size, expression, location))
        self.emit(bytes(size))

    def _check_data(self) -> None:
        if self.kind in _ONLY_ZEROS:
            raise StatementError(_ONLY_ZEROS[self.kind])

    def literal(
        self,
        size: int,
        expression: Expression,
        location: Location,
        fresh: str,
        known: Callable[[Expression], Expression],
    ) -> str:
        """Returns the name of a literal in the next pool; ``fresh`` names it if it is a new one.

        One of a label that was defined since is the same one: ``known`` computes what could not be computed then.
        """
        if isinstance(expression, Address) and (size, expression) not in self.literals:
            for (its_size, earlier), (name, _) in self.literals.items():
                if (
                    its_size == size
                    and not isinstance(earlier, (int, Address))
                    and known(earlier) == expression
                ):
                    return name
        return self.literals.setdefault((size, expression), (fresh, location))[0]

    def dump_literals(self) -> list[tuple[str, Address]]:
        """Emits the literal pool (``.ltorg``), smallest entries first as GNU as does; returns where each one is."""
        placed: list[tuple[str, Address]] = []
        for size in (4, 8, 16):
            entries = [(key, value) for key, value in self.literals.items() if key[0] == size]
            if entries:
                self.align(size, 0)
            for (_, expression), (name, location) in entries:
                placed.append((name, Address(self, self.size)))
                self.fix(size, expression, location)
        self.literals.clear()
        return placed


def section_kind(name: str, flags: str | None, nobits: bool) -> SectionKind:
    """Returns a section's kind by its flags, or by its name where none are given."""
    if flags is None:
        for kind in (SectionKind.TEXT, SectionKind.RODATA, SectionKind.DATA, SectionKind.BSS):
            if name == kind.value or name.startswith(kind.value + "."):
                return kind
        return SectionKind.DISCARDED
    if "a" not in flags:
        return SectionKind.DISCARDED
    if "x" in flags:
        return SectionKind.TEXT
    if "w" not in flags:
        return SectionKind.RODATA
    return SectionKind.BSS if nobits else SectionKind.DATA


def to_bytes(value: int, size: int) -> bytes:
    """Returns little-endian bytes; StatementError if the value needs more, signed or unsigned."""
    if not -(1 << 8 * size - 1) <= value < 1 << 8 * size:
        raise StatementError(f"{value:#x} does not fit into {size} byte{'s' * (size > 1)}")
    return (value & (1 << 8 * size) - 1).to_bytes(size, "little")


def _align_subsections(sections: Iterable[Section]) -> None:
    """Aligns the first of a section's subsections as the most aligned of them."""
    first: dict[str, Section] = {}
    for section in sections:
        leader = first.setdefault(section.name, section)
        leader.alignment = max(leader.alignment, section.alignment)


def lay_out(sections: Iterable[Section], base: int) -> None:
    """Gives every section its address: text, rodata, then data on a new page, then bss.

    No page holds both code and data that is written: the engine makes a page that is written execute-never.
    """
    ordered = sorted(sections, key=lambda section: list(SectionKind).index(section.kind))
    _align_subsections(ordered)
    address, writable = base, False
    for section in ordered:
        if section.kind is SectionKind.DISCARDED:
            continue
        if section.kind in (SectionKind.DATA, SectionKind.BSS) and section.size and not writable:
            address += -address % PAGE
            writable = True
        address += -address % section.alignment
        section.address = address
        address += section.size
