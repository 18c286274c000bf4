# SPDX-License-Identifier: MIT
"""Operands with their symbols evaluated, so that keystone sees registers and plain numbers only.

Keystone takes a name that it does not expect for a symbol, and then encodes a silent zero or dies; and it
cuts numbers that are too large for a field. So a name passes only where the instruction has one, and a
number only where it may be that large.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from harness.asm.encoding.relocations import GROUPS, MODIFIERS, SIGNED_GROUPS, Relocation, move_group
from harness.asm.expressions import Expression, Scope, parse_expression
from harness.asm.source import Location, StatementError

_CONDITION_NAMES = "eq ne cs cc mi pl vs vc hi ls ge lt gt le al nv"
CONDITIONS = {name: code for code, name in enumerate(_CONDITION_NAMES.split())} | {"hs": 2, "lo": 3}
ALIASES = {"lr": "x30", "fp": "x29", "ip0": "x16", "ip1": "x17"}

_REGISTER = (
    r"(?:[xw](?:[12]?\d|30)|[bhsdq](?:[12]?\d|3[01])|[xw]zr|w?sp|lr|fp"
    r"|v(?:[12]?\d|3[01])(?:\.\d*[bhsdq])?)"
)
_SHIFT = r"(?:lsl|lsr|asr|ror|msl|[us]xt[bhwx])"
_WORD = rf"(?:{_REGISTER}(?:\s*-\s*{_REGISTER})?|{_SHIFT})"
_SMALL = r"#?-?(?:0x[0-9a-f]{1,7}|[1-9]\d{0,8}|0)(?![\w.])"
_EITHER = rf"(?:{_WORD}|(?:{_SHIFT}\s+)?{_SMALL})?"
_PLAIN = re.compile(rf"\s*(?:{_EITHER}\s*[,\[\]{{}}!]\s*)*{_EITHER}\s*", re.I)
_PLAIN_PIECE = re.compile(rf"\s*(?:{_WORD}|!|)\s*", re.I)
# Brackets in pairs, not nested and not empty: keystone never returns from some that are not.
_SHAPE = re.compile(r"[^\[\]{}]*(?:(?:\[\s*[^\s\[\]{}][^\[\]{}]*\]|\{\s*[^\s\[\]{}][^\[\]{}]*\})[^\[\]{}]*)*")
_PIECE = re.compile(r"[,\[\]{}]|[^,\[\]{}]+")
_SHIFTED = re.compile(rf"\s*({_SHIFT})\s*(#?)\s*(\S.*)", re.I)
_FLOAT = re.compile(r"[-+]?(?:\d+\.\d*|\.\d+|\d+(?=e))(?:e[-+]?\d+)?", re.I)
_NAME = re.compile(r"[a-z_]\w*", re.I)
_MODIFIER = re.compile(r"(:\w+:)\s*(.+)", re.DOTALL)
_ALIAS = re.compile(r"\bip[01]\b", re.I)
# Operands that are names: conditions, barrier domains, system registers and operations, by position.
_NAMED = {
    **dict.fromkeys(["csel", "csinc", "csinv", "csneg", "fcsel", "ccmp", "ccmn", "fccmp", "fccmpe"], (3,)),
    **dict.fromkeys(["cinc", "cinv", "cneg"], (2,)),
    **dict.fromkeys(["cset", "csetm", "mrs"], (1,)),
    **dict.fromkeys(["msr", "dc", "ic", "at", "tlbi", "prfm", "prfum", "dsb", "dmb", "isb"], (0,)),
    "sys": (1, 2),
    "sysl": (2, 3),
}
# Instructions whose immediate may have 64 bits.
_WIDE = frozenset(["mov", "and", "ands", "orr", "eor", "tst", "bic", "bics", "movi"])
_FLOATING = frozenset(["fmov", "fcmp", "fcmpe", "fcmeq", "fcmge", "fcmgt", "fcmle", "fcmlt"])


@dataclass(slots=True)
class Instruction:
    """Instruction at ``offset`` of its section.

    Either ``word`` is its encoding, or ``pieces`` is what keystone gets: text, and operands that become numbers.
    ``half`` says that the word keystone makes is to become that of half precision.
    """

    text: str
    location: Location
    offset: int = 0
    word: int | None = None
    pieces: tuple[str | Operand, ...] = ()
    half: bool = False
    relocation: Relocation | None = None
    target: Expression = 0


@dataclass(frozen=True, slots=True)
class Operand:
    """Number that was not known when its instruction was read."""

    expression: Expression
    text: str
    wide: bool


def read_operands(instruction: Instruction, mnemonic: str, rest: str, scope: Scope) -> None:
    """Sets the pieces (and the relocation) of an instruction from its operands; StatementError if that fails."""
    if "ip" in rest or "IP" in rest:
        rest = _ALIAS.sub(lambda match: ALIASES[match[0].lower()], rest)
    if not _SHAPE.fullmatch(rest):
        raise StatementError(f"`{instruction.text}`: the brackets of the operands do not match")
    if mnemonic not in _FLOATING and _PLAIN.fullmatch(rest):
        instruction.pieces = (f"{mnemonic} {rest}",)
        return
    named = _NAMED.get(mnemonic, ())
    wide = mnemonic in _WIDE and rest[0] in "xXvVsSdD"
    pieces: list[str | Operand] = [mnemonic, " "]
    position = 0
    for piece in _PIECE.findall(rest):
        position += piece == ","
        name = position in named and _NAME.fullmatch(piece.strip())
        name = name or (pieces[-1] == "[" and piece.isdigit())  # an index, as in v0.d[1]
        if piece in (",", "[", "]", "{", "}") or name or _PLAIN_PIECE.fullmatch(piece):
            pieces.append(piece)
        else:
            pieces += _expression(instruction, mnemonic, piece, scope, wide)
    if instruction.relocation in GROUPS:
        pieces.append(f", lsl #{16 * move_group(instruction.relocation)}")
    instruction.pieces = _joined(pieces)


def decimal(value: int, *, wide: bool) -> str:
    """Returns a number as keystone reads it; StatementError where it would be cut."""
    if not wide and not -(1 << 32) < value < 1 << 32:
        raise StatementError(f"{value:#x} is too large for this instruction")
    return str(value) if value < 1 << 63 else hex(value)


def _expression(
    instruction: Instruction, mnemonic: str, piece: str, scope: Scope, wide: bool
) -> list[str | Operand]:
    """Returns a piece of an operand that holds an expression, as text and numbers."""
    shifted = _SHIFTED.fullmatch(piece)
    if shifted is not None:
        return [f"{shifted[1]} {shifted[2]}", _number(shifted[3], scope, False)]
    text = piece.strip()
    mark = "#" if text[0] == "#" else ""
    text = text.removeprefix("#").strip()
    modifier = _MODIFIER.fullmatch(text)
    if modifier is not None:
        _modify(instruction, mnemonic, modifier[1].lower(), parse_expression(modifier[2], scope))
        return ["#0"]
    if mnemonic in _FLOATING:
        return ["#", _floating(mnemonic, text, scope)]
    if _FLOAT.fullmatch(text):
        raise StatementError(f"`{instruction.text}`: {text} belongs to floating-point instructions")
    return [mark, _number(text, scope, wide)]


def _modify(instruction: Instruction, mnemonic: str, modifier: str, target: Expression) -> None:
    relocation = MODIFIERS.get(modifier)
    if relocation is None:
        raise StatementError(
            f"relocation `{modifier}` is not supported; these are: {', '.join(MODIFIERS)}."
            " `--toolchain gcc` or `zig` builds with all of them"
        )
    if instruction.relocation is not None:
        raise StatementError("an instruction has room for one relocation only")
    if (relocation in GROUPS) != (mnemonic in ("movz", "movk", "movn")):
        raise StatementError(f"`{modifier}` does not belong into `{mnemonic}`")
    if mnemonic == "movk" and relocation in SIGNED_GROUPS:
        raise StatementError(
            f"`{modifier}` belongs into `movz` or `movn`, since it may turn one into the other"
        )
    instruction.relocation, instruction.target = relocation, target


def _number(text: str, scope: Scope, wide: bool) -> str | Operand:
    value = parse_expression(text, scope)
    return decimal(value, wide=wide) if isinstance(value, int) else Operand(value, text, wide)


def _floating(mnemonic: str, text: str, scope: Scope) -> str:
    """Returns a floating-point constant: zero for comparisons, for FMOV what eight bits hold (DDI 0487, C2.2.3)."""
    if _FLOAT.fullmatch(text):
        value = float(text)
    else:
        number = parse_expression(text, scope)
        if not isinstance(number, int) or abs(number) >= 1 << 32:
            raise StatementError(f"`{text}` is not a floating-point constant that `{mnemonic}` can hold")
        value = float(number)
    if mnemonic != "fmov":
        if value != 0.0:
            raise StatementError(f"`{mnemonic}` compares with registers or with 0.0 only")
        return "0.0"
    if not any(abs(value) * 2.0**scale in range(16, 32) for scale in range(8)):
        register = "; take it from `xzr` or `wzr`" if value == 0.0 else ""
        raise StatementError(f"`fmov` cannot hold {text}: it has 8 bits, n/16 * 2^r{register}")
    return repr(value)


def _joined(pieces: list[str | Operand]) -> tuple[str | Operand, ...]:
    """Joins neighbouring strings, so that an instruction without open operands is one string."""
    joined: list[str | Operand] = []
    for piece in pieces:
        if joined and isinstance(piece, str) and isinstance(joined[-1], str):
            joined[-1] += piece
        else:
            joined.append(piece)
    return tuple(joined)
