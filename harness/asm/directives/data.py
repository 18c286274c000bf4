# SPDX-License-Identifier: MIT
"""Directives that emit data: numbers of every kind, strings, files, instructions by their words."""

from __future__ import annotations

from typing import Final

from harness.asm.directives.arguments import at_most, optional, split, string, text_string
from harness.asm.directives.context import Directive, DirectiveContext
from harness.asm.directives.floats import FloatFormat, float_bytes
from harness.asm.linking.sections import NOP, to_bytes
from harness.asm.source import StatementError
from harness.wording import plural

_LARGEST_FILL: Final = 8
_LARGEST_COUNT: Final = 1 << 30


def values(size: int) -> Directive:
    """Returns the directive of integers with this many bytes."""

    def put(asm: DirectiveContext, rest: str, name: str) -> None:
        parts = split(rest)
        for part in parts:
            # GNU as: what is left out between commas is zero.
            value = asm.parse(part) if part or len(parts) == 1 else 0
            if isinstance(value, int):
                asm.section.emit(to_bytes(value, size))
            else:
                asm.section.fix(size, value, asm.location)

    return put


def floats(kind: FloatFormat) -> Directive:
    """Returns the directive of floating-point numbers in this format."""

    def put(asm: DirectiveContext, rest: str, name: str) -> None:
        for part in split(rest):
            asm.section.emit(float_bytes(part, kind))

    return put


def leb128(*, signed: bool) -> Directive:
    """Returns ``.sleb128`` or ``.uleb128``: numbers in groups of seven bits, the lowest first (DWARF 5, 7.6)."""

    def put(asm: DirectiveContext, rest: str, name: str) -> None:
        for part in split(rest):
            value = asm.parse(part)
            if not isinstance(value, int):
                raise StatementError(
                    f"`{name} {part}`: a number that is known here is needed, since its size depends on it;"
                    " `--toolchain gcc` builds the other kind, too"
                )
            asm.section.emit(_groups(value, signed=signed))

    return put


def _groups(value: int, *, signed: bool) -> bytes:
    if not signed and value < 0:
        value &= (1 << 64) - 1
    out = bytearray()
    while True:
        group, value = value & 0x7F, value >> 7
        last = value == (-(group >> 6) if signed else 0)
        out.append(group | (0 if last else 0x80))
        if last:
            return bytes(out)


def strings(terminator: bytes, width: int = 1) -> Directive:
    """Returns the directive of strings whose bytes become units of ``width`` bytes."""

    def put(asm: DirectiveContext, rest: str, name: str) -> None:
        for part in split(rest):
            data = string(part) + terminator
            asm.section.emit(b"".join(bytes((byte,)).ljust(width, b"\0") for byte in data))

    return put


def repeated(size: int) -> Directive:
    """Returns ``.dcb``: a count, and the integer of ``size`` bytes that comes so often."""

    def put(asm: DirectiveContext, rest: str, name: str) -> None:
        parts = at_most(split(rest), 1, 2, name)
        _repeat(asm, asm.constant(parts[0]), to_bytes(optional(asm, parts, 1) or 0, size))

    return put


def repeated_float(kind: FloatFormat) -> Directive:
    """Returns ``.dcb.s`` or ``.dcb.d``: a count, and the floating-point number that comes so often."""

    def put(asm: DirectiveContext, rest: str, name: str) -> None:
        count, number = at_most(split(rest), 2, 2, name)
        _repeat(asm, asm.constant(count), float_bytes(number, kind))

    return put


def _repeat(asm: DirectiveContext, count: int, unit: bytes) -> None:
    if count < 0 or count * len(unit) > _LARGEST_COUNT:
        asm.section.space(count * len(unit))  # says what is wrong with it
    asm.section.emit(unit * count)


def reserved(size: int) -> Directive:
    """Returns ``.ds``: a count of units of ``size`` bytes, all zero."""

    def put(asm: DirectiveContext, rest: str, name: str) -> None:
        (count,) = at_most(split(rest), 1, 1, name)
        asm.section.space(asm.constant(count) * size)

    return put


def space(asm: DirectiveContext, rest: str, name: str) -> None:
    """Does ``.skip``: bytes of one value."""
    parts = at_most(split(rest), 1, 2, name)
    asm.section.space(asm.constant(parts[0]), optional(asm, parts, 1) or 0)


def fill(asm: DirectiveContext, rest: str, name: str) -> None:
    """Does ``.fill``: a count of units of up to eight bytes."""
    parts = at_most(split(rest), 1, 3, name)
    count, size = asm.constant(parts[0]), optional(asm, parts, 1)
    size = 1 if size is None else size
    if count < 0 or not 0 <= size <= _LARGEST_FILL:
        raise StatementError(f"`.fill` of {count} times {size} bytes is out of range")
    value = (optional(asm, parts, 2) or 0) & (1 << 8 * size) - 1
    if not value:
        asm.section.space(count * size)
        return
    asm.section.space(0 if count * size < _LARGEST_COUNT else count * size)
    # GNU as: a value has four bytes at the most, what is above is zero.
    asm.section.emit((value & 0xFFFF_FFFF).to_bytes(8, "little")[:size] * count)


def incbin(asm: DirectiveContext, rest: str, name: str) -> None:
    """Does ``.incbin``: a file, or part of it."""
    parts = at_most(split(rest), 1, 3, name)
    data = asm.read_binary(text_string(parts[0]))
    skip, count = optional(asm, parts, 1) or 0, optional(asm, parts, 2)
    if not 0 <= skip <= len(data) or (count is not None and not 0 <= count <= len(data) - skip):
        raise StatementError(f"`.incbin`: the file has only {plural(len(data), 'byte')}")
    asm.section.emit(data[skip:] if count is None else data[skip : skip + count])


def inst(asm: DirectiveContext, rest: str, name: str) -> None:
    """Does ``.inst``: instructions by their words."""
    asm.section.begin_instruction()
    values(4)(asm, rest, name)


def nop(asm: DirectiveContext, rest: str, name: str) -> None:
    """Does ``.nop``."""
    asm.section.begin_instruction()
    asm.section.emit(NOP)
