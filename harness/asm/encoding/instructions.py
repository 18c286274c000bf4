# SPDX-License-Identifier: MIT
"""Instructions as they are read: some are encoded here, the others by keystone from plain operands.

What depends on an address (branches, ADR, ADRP, literal loads) is encoded here; so is, or is refused, what
keystone gets silently wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from harness.asm.encoding.complaints import is_a32, judge, unknown_mnemonic
from harness.asm.encoding.extensions import (
    HALF_MNEMONICS,
    Features,
    as_single,
    check_features,
    encode_extension,
    is_extension,
)
from harness.asm.encoding.operands import ALIASES, CONDITIONS, Instruction, read_operands
from harness.asm.encoding.relocations import Relocation
from harness.asm.expressions import Expression, Scope, parse_expression
from harness.asm.source import Location, StatementError
from harness.wording import plural

_GENERAL = re.compile(r"([xw])(?:(\d+)|zr)", re.I)
_COMMA = re.compile(r",(?![^\[]*\])")  # outside square brackets
_MAYBE_SYSTEM = ("mrs", "msr", "dc", "at")
_BRANCH_CONDITION = re.compile(r"b\.?(\w\w)")
_MNEMONIC = re.compile(r"[a-z][a-z0-9]*(?:\.[a-z]+)?")
_PREFETCH = re.compile(r"p(ld|li|st)l([123])(keep|strm)", re.I)  # DDI 0487, C6.2 "PRFM (literal)"
_LOADS = ("ldr", "ldrsw")
_LITERAL_OPCODES = {"w": 0x18000000, "x": 0x58000000, "s": 0x1C000000, "d": 0x5C000000, "q": 0x9C000000}
_LITERAL_SIZES = {"w": 4, "x": 8, "s": 4, "d": 8, "q": 16}
_LITERAL_REGISTER = re.compile(r"([wxsdq])(\d+|zr)", re.I)


PlaceLiteral = Callable[[int, Expression], Expression]
"""Puts a literal of a size into the pool of the section, and returns its address."""


def read_instruction(
    mnemonic: str, rest: str, scope: Scope, literal: PlaceLiteral, location: Location, features: Features
) -> Instruction:
    """Reads an instruction; StatementError if there is none of that name, or if its operands cannot be read."""
    lower, rest = mnemonic.lower(), rest.replace("\t", " ")
    if not (rest.isascii() and rest.isprintable()):
        raise StatementError(f"`{mnemonic}`: the operands hold a character that is not printable ASCII")
    if not _MNEMONIC.fullmatch(lower):
        if is_a32(mnemonic):
            raise unknown_mnemonic(mnemonic)
        raise StatementError(f"`{mnemonic}` is neither an instruction nor a directive")
    instruction = Instruction(f"{mnemonic} {rest}" if rest else mnemonic, location)
    try:
        _read(instruction, lower, rest, scope, literal, features)
    except StatementError as error:
        raise judge(mnemonic, rest, lambda name: scope.symbol(name) != name, error) from None
    return instruction


def _read(
    instruction: Instruction,
    lower: str,
    rest: str,
    scope: Scope,
    literal: PlaceLiteral,
    features: Features,
) -> None:
    """Sets an instruction's word, or the pieces of it that keystone gets."""
    special = _SPECIAL.get(lower)
    if special is not None and special(instruction, lower, rest, scope):
        return
    if lower in _LOADS and _literal_load(instruction, lower, rest, scope, literal):
        return
    if _conditional_branch(instruction, lower, rest, scope):
        return
    if (is_extension(lower) or lower in _MAYBE_SYSTEM) and _extension(
        instruction, lower, rest, scope, features
    ):
        return
    if lower.startswith("crc32"):
        check_features(instruction.text, "crc", features)
    if lower in HALF_MNEMONICS and (single := as_single(rest)) is not None:
        check_features(instruction.text, "fp16", features)
        instruction.half, rest = True, single
    if rest:
        read_operands(instruction, lower, rest, scope)
    else:
        instruction.pieces = (lower,)


def _extension(instruction: Instruction, mnemonic: str, rest: str, scope: Scope, features: Features) -> bool:
    """Encodes what is of an extension; False for any other."""
    operands = [operand.strip() for operand in _COMMA.split(rest)] if rest else []
    word = encode_extension(instruction.text, mnemonic, operands, scope, features)
    instruction.word = word
    return word is not None


def _split(rest: str, count: int, instruction: Instruction) -> list[str]:
    operands = [operand.strip() for operand in rest.split(",")]
    if len(operands) != count or not all(operands):
        raise StatementError(f"`{instruction.text}`: {plural(count, 'operand')} expected")
    return operands


def _general(text: str, instruction: Instruction) -> tuple[int, int]:
    """Returns (1 for X or 0 for W, number) of a general-purpose register."""
    name = ALIASES.get(text.lower(), text)
    match = _GENERAL.fullmatch(name)
    if match is None or (match[2] and int(match[2]) > 30):
        raise StatementError(f"`{instruction.text}`: `{text}` is not a general-purpose register")
    return int(match[1] in "xX"), int(match[2]) if match[2] else 31


def _relate(instruction: Instruction, word: int, relocation: Relocation, target: str, scope: Scope) -> bool:
    if target.startswith("#"):
        raise StatementError(f"`{instruction.text}`: the target must be a label")
    instruction.word, instruction.relocation = word, relocation
    instruction.target = parse_expression(target, scope)
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
    which = parse_expression(bit.removeprefix("#"), scope)
    if not isinstance(which, int):
        raise StatementError(
            f"`{instruction.text}`: the bit number must be a constant that is defined before"
        )
    if not 0 <= which < (64 if wide else 32):
        raise StatementError(f"`{instruction.text}`: {register} has no bit {which}")
    word = 0x36000000 | which >> 5 << 31 | (mnemonic == "tbnz") << 24 | (which & 31) << 19 | number
    return _relate(instruction, word, Relocation.BRANCH14, target, scope)


def _address(instruction: Instruction, mnemonic: str, rest: str, scope: Scope) -> bool:
    register, target = _split(rest, 2, instruction)
    wide, number = _general(register, instruction)
    if not wide:
        raise StatementError(f"`{instruction.text}`: `{mnemonic}` needs an X register")
    if mnemonic == "adr":
        return _relate(instruction, 0x10000000 | number, Relocation.ADR, target, scope)
    target = target.removeprefix("#")
    relocation = Relocation.ADRP_NC if target.startswith(":pg_hi21_nc:") else Relocation.ADRP
    target = target.removeprefix(":pg_hi21_nc:").removeprefix(":pg_hi21:")
    return _relate(instruction, 0x90000000 | number, relocation, target, scope)


def _literal_load(
    instruction: Instruction, mnemonic: str, rest: str, scope: Scope, literal: PlaceLiteral
) -> bool:
    register, comma, source = (part.strip() for part in rest.partition(","))
    if not comma or source.startswith("["):
        return False
    register = ALIASES.get(register.lower(), register)
    match = _LITERAL_REGISTER.fullmatch(register)
    kind = match[1].lower() if match else ""
    number = 31 if match and match[2].lower() == "zr" else int(match[2]) if match else 99
    if match is None or number > (30 if kind in "wx" and match[2].isdigit() else 31):
        raise StatementError(f"`{instruction.text}`: `{register}` cannot be loaded")
    word, size = _LITERAL_OPCODES[kind] | number, _LITERAL_SIZES[kind]
    if mnemonic == "ldrsw":
        if kind != "x":
            raise StatementError(f"`{instruction.text}`: `ldrsw` needs an X register")
        word, size = 0x98000000 | number, 4
    if not source.startswith("="):
        return _relate(instruction, word, Relocation.LITERAL19, source, scope)
    instruction.word, instruction.relocation = word, Relocation.LITERAL19
    instruction.target = literal(size, parse_expression(source[1:].strip().removeprefix("#"), scope))
    return True


def _undefined(instruction: Instruction, mnemonic: str, rest: str, scope: Scope) -> bool:
    (operand,) = _split(rest, 1, instruction)
    value = parse_expression(operand.removeprefix("#"), scope)
    if not isinstance(value, int) or not 0 <= value < 1 << 16:
        raise StatementError("`udf` needs a constant from 0 to 65535")
    instruction.word = value
    return True


def _zero_extend(instruction: Instruction, mnemonic: str, rest: str, scope: Scope) -> bool:
    """Encodes UXTW as the MOV of 32 bits that GNU as makes of it; clang and keystone make it UBFX."""
    (_, destination), (wide, source) = (_general(text, instruction) for text in _split(rest, 2, instruction))
    if wide:
        raise StatementError(f"`{instruction.text}`: `uxtw` extends a W register")
    instruction.word = 0x2A0003E0 | source << 16 | destination
    return True


def _extract(instruction: Instruction, mnemonic: str, rest: str, scope: Scope) -> bool:
    """Checks the index of EXT: keystone cuts one that is too large."""
    operands = _split(rest, 4, instruction)
    index = parse_expression(operands[3].removeprefix("#"), scope)
    if not isinstance(index, int) or not 0 <= index < (8 if operands[0].lower().endswith("8b") else 16):
        raise StatementError(f"`{instruction.text}`: the index must be a constant within the vector")
    return False


def _structure(instruction: Instruction, mnemonic: str, rest: str, scope: Scope) -> bool:
    """Refuses XZR as the post-index of LD1 and its kin: to keystone it is one, where it means an immediate."""
    if rest.replace(" ", "").lower().endswith("],xzr"):
        raise StatementError(f"`{instruction.text}`: `xzr` cannot be a post-index")
    return False


def _prefetch(instruction: Instruction, mnemonic: str, rest: str, scope: Scope) -> bool:
    operation, comma, target = (part.strip() for part in rest.partition(","))
    if not comma or target.startswith("["):
        return False
    match = _PREFETCH.fullmatch(operation)
    if match is not None:
        kind = ("ld", "li", "st").index(match[1].lower()) << 3
        number: Expression = kind | (int(match[2]) - 1) << 1 | (match[3].lower() == "strm")
    else:
        number = parse_expression(operation.removeprefix("#"), scope)
    if not isinstance(number, int) or not 0 <= number < 32:
        raise StatementError(
            f"`{instruction.text}`: `{operation}` is no prefetch operation, such as `pldl1keep`"
        )
    return _relate(instruction, 0xD8000000 | number, Relocation.LITERAL19, target, scope)


_SPECIAL = {
    "uxtw": _zero_extend,
    "ext": _extract,
    "prfm": _prefetch,
    **{f"{verb}{count}{same}": _structure for verb in ("ld", "st") for count in "1234" for same in ("", "r")},
    "b": _branch,
    "bl": _branch,
    "cbz": _compare_branch,
    "cbnz": _compare_branch,
    "tbz": _test_branch,
    "tbnz": _test_branch,
    "adr": _address,
    "adrp": _address,
    "udf": _undefined,
}
