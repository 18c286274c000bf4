# SPDX-License-Identifier: MIT
"""Forms of instructions: a word, and the kinds of operands that fill its fields.

A kind is written as a letter, the position of its field, and what else it needs: ``W16`` is a W register at bit 16,
``XS5`` an X register or SP, ``B5`` a base ``[Xn|SP]``, ``V0.4s`` a vector, ``E16.h3`` an element with its index in
three bits, ``I10.6`` a number of six bits, ``R11.2`` a rotation, ``B5.9`` a base with an offset of nine bits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from harness.asm.expressions import Scope, parse_expression
from harness.asm.source import StatementError

_ALIASES: Final = {"lr": "x30", "fp": "x29", "ip0": "x16", "ip1": "x17"}
_KIND: Final = re.compile(r"([A-Z]+)(\d+)(?:\.(\w+))?")
_REGISTER: Final = re.compile(r"([wxbhsdq])(\d{1,2}|zr)|(w?sp)")
_VECTOR: Final = re.compile(r"v(\d{1,2})\.(\w+)")
_ELEMENT: Final = re.compile(r"v(\d{1,2})\.(\w+?)\s*\[(.+)\]")
_LETTERS: Final = {0: "d", 5: "n", 10: "a", 16: "m"}  # of the registers in these fields
_BASE: Final = re.compile(r"\[\s*(\w+)\s*(?:,\s*(.+?)\s*)?\](!?)")


@dataclass(frozen=True, slots=True)
class Operand:
    """Operand as it is written, with the names that it uses."""

    text: str
    scope: Scope

    def number(self, text: str | None = None) -> int | None:
        """Returns the value of a constant, or None where it is none."""
        plain = (self.text if text is None else text).removeprefix("#")
        try:
            value = parse_expression(plain, self.scope)
        except StatementError:
            return None
        return value if isinstance(value, int) else None


@dataclass(frozen=True, slots=True)
class Field:
    """Kind of one operand: ``name`` for messages, and ``read``, which puts it into the word or returns None."""

    name: str
    read: Callable[[Operand, int], int | None]


@dataclass(frozen=True, slots=True)
class Form:
    """One form of an instruction, its operands as they are written above, and the features that it needs."""

    mnemonic: str
    word: int
    kinds: tuple[str, ...]
    fields: tuple[Field, ...]
    needs: str

    @property
    def shape(self) -> str:
        """Operands as a message shows them."""
        return ", ".join(field.name for field in self.fields)

    def encode(self, operands: Sequence[Operand]) -> int | None:
        """Returns the word with these operands, or None if they are not of this form."""
        if len(operands) != len(self.fields):
            return None
        word = self.word
        for field, operand in zip(self.fields, operands, strict=True):
            filled = field.read(operand, word)
            if filled is None:
                return None
            word = filled
        return word


def form(mnemonic: str, word: int, fields: str, needs: str) -> Form:
    """Returns a form whose fields are written with blanks between."""
    kinds = tuple(fields.split())
    return Form(mnemonic, word, kinds, tuple(_field(text) for text in kinds), needs)


def _field(text: str) -> Field:
    match = _KIND.fullmatch(text)
    assert match is not None, text
    return _MAKERS[match[1]](int(match[2]), match[3] or "")


def _plain_register(text: str, kinds: str, last: str) -> int | None:
    """Returns the number of a register of one of these kinds; 31 is ``zr`` or ``sp``, as ``last`` says."""
    name = _ALIASES.get(text.lower(), text.lower())
    match = _REGISTER.fullmatch(name)
    if match is None:
        return None
    if match[3] is not None:
        return 31 if last == "sp" and (match[3] == "sp") == (kinds == "x") else None
    if match[1] not in kinds:
        return None
    if match[2] == "zr":
        return 31 if last == "zr" and match[1] in "wx" else None
    number = int(match[2])
    return number if number <= (30 if match[1] in "wx" else 31) else None


def _register(kind: str, last: str = "zr", *, even: bool = False) -> Callable[[int, str], Field]:
    def make(position: int, extra: str) -> Field:
        def read(operand: Operand, word: int) -> int | None:
            number = _plain_register(operand.text, kind, last)
            return None if number is None or (even and number & 1) else word | number << position

        name = f"{kind.upper()}{_LETTERS[position]}{'|SP' if last == 'sp' else ''}"
        return Field(f"even {name}" if even else name, read)

    return make


def _next_register(kind: str) -> Callable[[int, str], Field]:
    """Returns the field of the second register of a pair, which is the first one's neighbour."""

    def make(position: int, extra: str) -> Field:
        def read(operand: Operand, word: int) -> int | None:
            number = _plain_register(operand.text, kind, "zr")
            return word if number == (word >> position & 31) + 1 else None

        return Field(f"next {kind.upper()}", read)

    return make


def _vector(position: int, arrangement: str) -> Field:
    def read(operand: Operand, word: int) -> int | None:
        match = _VECTOR.fullmatch(operand.text.lower())
        if match is None or match[2] != arrangement or int(match[1]) > 31:
            return None
        return word | int(match[1]) << position

    return Field(f"V{_LETTERS[position]}.{arrangement.upper()}", read)


# Bits of an element's index, the highest first (DDI 0487, C4.1.96: H, L, M), by how many there are.
_INDEX_BITS: Final = {"l": (21,), "1": (11,), "2": (11, 21), "3": (11, 21, 20), "i": (13, 12)}


def _element(position: int, extra: str) -> Field:
    arrangement, bits = extra[:-1], _INDEX_BITS[extra[-1]]
    last_register = 15 if extra[-1] == "3" else 31

    def read(operand: Operand, word: int) -> int | None:
        match = _ELEMENT.fullmatch(operand.text.lower())
        if match is None or match[2] != arrangement or int(match[1]) > last_register:
            return None
        index = operand.number(match[3])
        if index is None:
            return None
        _check(operand.text, "index", index, 0, (1 << len(bits)) - 1)
        for shift, bit in enumerate(reversed(bits)):
            word |= (index >> shift & 1) << bit
        return word | int(match[1]) << position

    return Field(f"Vm.{arrangement.upper()}[index]", read)


def _check(text: str, what: str, value: int, least: int, most: int, step: int = 1) -> None:
    if not least <= value <= most or value % step:
        multiple = f"a multiple of {step} " if step > 1 else ""
        raise StatementError(
            f"`{text}`: the {what} {value} is out of range: {multiple}from {least} to {most}"
        )


def _number(position: int, extra: str) -> Field:
    width = int(extra)

    def read(operand: Operand, word: int) -> int | None:
        value = operand.number()
        if value is None:
            return None
        _check(operand.text, "immediate", value, 0, (1 << width) - 1)
        return word | value << position

    return Field("#immediate", read)


def _rotation(position: int, extra: str) -> Field:
    allowed = (0, 90, 180, 270) if extra == "2" else (90, 270)

    def read(operand: Operand, word: int) -> int | None:
        value = operand.number()
        if value is None:
            return None
        if value not in allowed:
            raise StatementError(f"`{operand.text}`: the rotation is one of {', '.join(map(str, allowed))}")
        return word | allowed.index(value) << position

    return Field("#rotation", read)


def _fraction_bits(position: int, extra: str) -> Field:
    """Returns the field of 1 to 16 fraction bits, which is kept as what is missing to 32."""

    def read(operand: Operand, word: int) -> int | None:
        value = operand.number()
        if value is None:
            return None
        _check(operand.text, "number of fraction bits", value, 1, 16)
        return word | 32 - value << position

    return Field("#fbits", read)


def _base(position: int, extra: str) -> Field:
    """Returns a base, with an offset of nine bits at bit 12, or (``p``) with that of LDRAA: by 8, sign at 22."""
    scale, writes_back = (8, True) if extra == "p" else (1, False)

    def read(operand: Operand, word: int) -> int | None:
        match = _BASE.fullmatch(operand.text)
        base = None if match is None else _plain_register(match[1], "x", "sp")
        if match is None or base is None or (match[3] and not writes_back):
            return None
        offset = 0 if match[2] is None else operand.number(match[2])
        if offset is None:
            return None
        if not extra and offset:
            raise StatementError(f"`{operand.text}`: there is no room for an offset")
        _check(operand.text, "offset", offset, *_REACH[extra], scale)
        field = offset // scale
        sign = (field >> 9 & 1) << 22 if extra == "p" else 0
        return word | base << position | (field & 0x1FF) << 12 | sign | bool(match[3]) << 11

    return Field({"": "[Xn|SP]", "9": "[Xn|SP, #offset]", "p": "[Xn|SP, #offset]"}[extra], read)


_REACH: Final = {"": (0, 0), "9": (-256, 255), "p": (-4096, 4088)}

_MAKERS: Final[dict[str, Callable[[int, str], Field]]] = {
    "W": _register("w"),
    "X": _register("x"),
    "XS": _register("x", "sp"),
    "WE": _register("w", even=True),
    "XE": _register("x", even=True),
    "WN": _next_register("w"),
    "XN": _next_register("x"),
    "H": _register("h"),
    "S": _register("s"),
    "D": _register("d"),
    "Q": _register("q"),
    "V": _vector,
    "E": _element,
    "I": _number,
    "R": _rotation,
    "F": _fraction_bits,
    "B": _base,
}
