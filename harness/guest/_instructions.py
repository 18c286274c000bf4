# SPDX-License-Identifier: MIT
"""Instructions: operands with their symbols evaluated, so that keystone sees only registers and numbers.

What depends on an address (branches, ADR, ADRP, literal loads) is encoded here; a modifier such as
``:lo12:`` becomes a zero that is filled after layout.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

from harness.guest import _expr
from harness.guest._expr import Node
from harness.guest._relocations import MODIFIERS, Relocation, group
from harness.guest._source import AsmError, Location

_CONDITION_NAMES = "eq ne cs cc mi pl vs vc hi ls ge lt gt le al nv"
CONDITIONS = {name: code for code, name in enumerate(_CONDITION_NAMES.split())} | {"hs": 2, "lo": 3}
_REGISTER = (
    r"(?:[xw](?:[12]?\d|30)|[bhsdq](?:[12]?\d|3[01])|[xw]zr|w?sp|lr|fp|c(?:1[0-5]|\d)"
    r"|v(?:[12]?\d|3[01])(?:\.\d*[bhsdq])?)"
)
_SHIFT = r"(?:lsl|lsr|asr|ror|msl|[us]xt[bhwx])"
_BARRIER = r"(?:sy|st|ld|(?:ish|nsh|osh)(?:st|ld)?)"
_WORD = rf"(?:{_REGISTER}(?:\s*-\s*{_REGISTER})?|{_SHIFT}|{_BARRIER}|{'|'.join(CONDITIONS)})"
_NUMBER = r"#?-?(?:0x[0-9a-f]+|[1-9]\d*|0)"
_PLAIN = re.compile(
    rf"(?:\s*(?:{_WORD}|(?:{_SHIFT}\s+)?{_NUMBER})?\s*[,\[\]{{}}!])*\s*(?:{_WORD}|(?:{_SHIFT}\s+)?{_NUMBER})?\s*",
    re.I,
)
_PLAIN_PIECE = re.compile(rf"\s*(?:{_WORD}|!|)\s*", re.I)
_PIECE = re.compile(r"[,\[\]{}]|[^,\[\]{}]+")
_SHIFTED = re.compile(rf"\s*({_SHIFT})\s*(#?)\s*(\S.*)", re.I)
_FLOAT = re.compile(r"-?\d+(?:\.\d*(?:e[-+]?\d+)?|e[-+]?\d+)", re.I)
_NAME = re.compile(r"[a-z_]\w*", re.I)
_MODIFIER = re.compile(r"(:\w+:)\s*(.+)", re.DOTALL)
_GENERAL = re.compile(r"([xw])(?:(\d+)|zr)", re.I)
_ALIASES = {"ip0": "x16", "ip1": "x17"}
_ALIAS = re.compile(r"\bip[01]\b", re.I)
# Operands that are names of system registers and operations, by position.
_NAMED = {
    "mrs": (1,),
    "msr": (0,),
    "dc": (0,),
    "ic": (0,),
    "at": (0,),
    "tlbi": (0,),
    "prfm": (0,),
    "prfum": (0,),
}
# Hints that keystone knows only by number (DDI 0487, C6.2 "HINT").
_HINTS = {"esb": "hint #16", "csdb": "hint #20", "dgh": "hint #6", "ssbb": "dsb #0", "pssbb": "dsb #4"}
_BRANCH_CONDITION = re.compile(r"b\.?(\w\w)")
_LITERAL_OPCODES = {"w": 0x18000000, "x": 0x58000000, "s": 0x1C000000, "d": 0x5C000000, "q": 0x9C000000}
_LITERAL_SIZES = {"w": 4, "x": 8, "s": 4, "d": 8, "q": 16}
_LITERAL_REGISTER = re.compile(r"([wxsdq])(\d+|zr)", re.I)


class Scope(_expr.Scope, Protocol):
    """What an instruction needs of the assembler."""

    def literal(self, size: int, node: Node) -> Node:
        """The address of a literal in the pool of this section."""


@dataclass(slots=True)
class Instruction:
    """One instruction at ``offset`` of its section.

    Either ``word`` is its encoding, or ``pieces`` is what keystone gets: text, and nodes that become numbers.
    """

    text: str
    location: Location
    offset: int = 0
    word: int | None = None
    pieces: tuple[str | Operand, ...] = ()
    relocation: Relocation | None = None
    target: Node = 0


@dataclass(frozen=True, slots=True)
class Operand:
    """A number that was not known when its instruction was read."""

    node: Node
    text: str


def read(mnemonic: str, rest: str, scope: Scope, location: Location) -> Instruction:
    """Read an instruction; AsmError if its operands cannot be read."""
    lower = mnemonic.lower()
    instruction = Instruction(f"{mnemonic} {rest}" if rest else mnemonic, location)
    special = _SPECIAL.get(lower)
    if special is not None and special(instruction, lower, rest, scope):
        return instruction
    if _conditional_branch(instruction, lower, rest, scope):
        return instruction
    if not rest:
        instruction.pieces = (_HINTS.get(lower, lower),)
    else:
        if "ip" in rest or "IP" in rest:
            rest = _ALIAS.sub(lambda m: _ALIASES[m[0].lower()], rest)
        _operands(instruction, lower, rest, scope)
    return instruction


def _operands(instruction: Instruction, mnemonic: str, rest: str, scope: Scope) -> None:
    if _PLAIN.fullmatch(rest):
        instruction.pieces = (f"{mnemonic} {rest}",)
        return
    named = _NAMED.get(mnemonic, ())
    pieces: list[str | Operand] = [mnemonic, " "]
    position = 0
    for piece in _PIECE.findall(rest):
        if piece == ",":
            position += 1
        name = position in named and _NAME.fullmatch(piece.strip())
        if piece in (",", "[", "]", "{", "}") or name or _PLAIN_PIECE.fullmatch(piece):
            pieces.append(piece)
        else:
            pieces += _immediate(instruction, piece, scope)
    if instruction.relocation in _GROUPS:
        shift = 16 * group(instruction.relocation) if instruction.relocation else 0
        pieces.append(f", lsl #{shift}")
    instruction.pieces = _joined(pieces)


_GROUPS = frozenset(relocation for relocation in Relocation if relocation.value.startswith(":abs_g"))


def _immediate(instruction: Instruction, piece: str, scope: Scope) -> list[str | Operand]:
    """A piece of an operand that holds an expression, as text and numbers."""
    shifted = _SHIFTED.fullmatch(piece)
    if shifted is not None:
        return [f"{shifted[1]} {shifted[2]}", _number(shifted[3], scope)]
    text = piece.strip()
    mark = "#" if text[0] == "#" else ""
    text = text.removeprefix("#").strip()
    modifier = _MODIFIER.fullmatch(text)
    if modifier is not None:
        relocation = MODIFIERS.get(modifier[1].lower())
        if relocation is None:
            raise AsmError(f"relocation `{modifier[1]}` is not supported; these are: {', '.join(MODIFIERS)}")
        if instruction.relocation is not None:
            raise AsmError("an instruction has room for one relocation only")
        if (relocation in _GROUPS) != instruction.text.lower().startswith("mov"):
            raise AsmError(f"`{modifier[1]}` does not belong into this instruction")
        instruction.relocation, instruction.target = relocation, _expr.parse(modifier[2], scope)
        return ["#0"]
    if _FLOAT.fullmatch(text):
        return [mark + text]
    return [mark, _number(text, scope)]


def _number(text: str, scope: Scope) -> str | Operand:
    node = _expr.parse(text, scope)
    return decimal(node) if isinstance(node, int) else Operand(node, text)


def decimal(value: int) -> str:
    """A number as keystone reads it: unsigned 64-bit ones in hexadecimal."""
    return str(value) if value < 1 << 63 else hex(value)


def _joined(pieces: list[str | Operand]) -> tuple[str | Operand, ...]:
    """Join neighbouring strings, so that an instruction without open operands is one string."""
    joined: list[str | Operand] = []
    for piece in pieces:
        if joined and isinstance(piece, str) and isinstance(joined[-1], str):
            joined[-1] += piece
        else:
            joined.append(piece)
    return tuple(joined)


def _split(rest: str, count: int, instruction: Instruction) -> list[str]:
    operands = [operand.strip() for operand in rest.split(",")]
    if len(operands) != count or not all(operands):
        raise AsmError(f"`{instruction.text}`: {count} operand{'s' * (count > 1)} expected")
    return operands


def _general(text: str, instruction: Instruction) -> tuple[int, int]:
    """(1 for X or 0 for W, number) of a general-purpose register."""
    name = {"lr": "x30", "fp": "x29"}.get(text.lower(), _ALIASES.get(text.lower(), text))
    match = _GENERAL.fullmatch(name)
    if match is None or (match[2] and int(match[2]) > 30):
        raise AsmError(f"`{instruction.text}`: `{text}` is not a general-purpose register")
    return int(match[1] in "xX"), int(match[2]) if match[2] else 31


def _relate(instruction: Instruction, word: int, relocation: Relocation, target: str, scope: Scope) -> bool:
    if target.startswith("#"):
        raise AsmError(f"`{instruction.text}`: the target must be a label")
    instruction.word, instruction.relocation = word, relocation
    instruction.target = _expr.parse(target, scope)
    return True


def _branch(instruction: Instruction, mnemonic: str, rest: str, scope: Scope) -> bool:
    (target,) = _split(rest, 1, instruction)
    word = 0x94000000 if mnemonic == "bl" else 0x14000000
    return _relate(instruction, word, Relocation.BRANCH26, target, scope)


def _conditional_branch(instruction: Instruction, mnemonic: str, rest: str, scope: Scope) -> bool:
    match = _BRANCH_CONDITION.fullmatch(mnemonic)
    if match is None or match[1] not in CONDITIONS:
        return False
    (target,) = _split(rest, 1, instruction)
    return _relate(instruction, 0x54000000 | CONDITIONS[match[1]], Relocation.BRANCH19, target, scope)


def _compare_branch(instruction: Instruction, mnemonic: str, rest: str, scope: Scope) -> bool:
    register, target = _split(rest, 2, instruction)
    wide, number = _general(register, instruction)
    word = 0x34000000 | wide << 31 | (mnemonic == "cbnz") << 24 | number
    return _relate(instruction, word, Relocation.BRANCH19, target, scope)


def _test_branch(instruction: Instruction, mnemonic: str, rest: str, scope: Scope) -> bool:
    register, bit, target = _split(rest, 3, instruction)
    wide, number = _general(register, instruction)
    which = _expr.parse(bit.removeprefix("#"), scope)
    if not isinstance(which, int):
        raise AsmError(f"`{instruction.text}`: the bit number must be a constant that is defined before")
    if not 0 <= which < (64 if wide else 32):
        raise AsmError(f"`{instruction.text}`: {register} has no bit {which}")
    word = 0x36000000 | which >> 5 << 31 | (mnemonic == "tbnz") << 24 | (which & 31) << 19 | number
    return _relate(instruction, word, Relocation.BRANCH14, target, scope)


def _address(instruction: Instruction, mnemonic: str, rest: str, scope: Scope) -> bool:
    register, target = _split(rest, 2, instruction)
    wide, number = _general(register, instruction)
    if not wide:
        raise AsmError(f"`{instruction.text}`: `{mnemonic}` needs an X register")
    if mnemonic == "adr":
        return _relate(instruction, 0x10000000 | number, Relocation.ADR, target, scope)
    target = target.removeprefix("#").removeprefix(":pg_hi21:")
    return _relate(instruction, 0x90000000 | number, Relocation.ADRP, target, scope)


def _literal_load(instruction: Instruction, mnemonic: str, rest: str, scope: Scope) -> bool:
    register, comma, source = (part.strip() for part in rest.partition(","))
    if not comma or source.startswith("["):
        return False
    register = {"lr": "x30", "fp": "x29"}.get(register.lower(), _ALIASES.get(register.lower(), register))
    match = _LITERAL_REGISTER.fullmatch(register)
    kind = match[1].lower() if match else ""
    number = 31 if match and match[2].lower() == "zr" else int(match[2]) if match else 99
    if match is None or number > (30 if kind in "wx" and match[2].isdigit() else 31):
        raise AsmError(f"`{instruction.text}`: `{register}` cannot be loaded")
    word, size = _LITERAL_OPCODES[kind] | number, _LITERAL_SIZES[kind]
    if mnemonic == "ldrsw":
        if kind != "x":
            raise AsmError(f"`{instruction.text}`: `ldrsw` needs an X register")
        word, size = 0x98000000 | number, 4
    if not source.startswith("="):
        return _relate(instruction, word, Relocation.LITERAL19, source, scope)
    instruction.word, instruction.relocation = word, Relocation.LITERAL19
    instruction.target = scope.literal(size, _expr.parse(source[1:].strip().removeprefix("#"), scope))
    return True


def _undefined(instruction: Instruction, mnemonic: str, rest: str, scope: Scope) -> bool:
    (operand,) = _split(rest, 1, instruction)
    value = _expr.parse(operand.removeprefix("#"), scope)
    if not isinstance(value, int) or not 0 <= value < 1 << 16:
        raise AsmError("`udf` needs a constant from 0 to 65535")
    instruction.word = value
    return True


_SPECIAL = {
    "b": _branch,
    "bl": _branch,
    "cbz": _compare_branch,
    "cbnz": _compare_branch,
    "tbz": _test_branch,
    "tbnz": _test_branch,
    "adr": _address,
    "adrp": _address,
    "ldr": _literal_load,
    "ldrsw": _literal_load,
    "udf": _undefined,
}
