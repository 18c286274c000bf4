# SPDX-License-Identifier: MIT
"""Machine code to text, by capstone, with symbols for the targets of branches and address computations."""

from __future__ import annotations

import struct
from functools import cache
from typing import NamedTuple

import capstone

from harness.image.program import Symbols


class Instruction(NamedTuple):
    """One disassembled word."""

    address: int
    word: int
    text: str


@cache
def _engine() -> capstone.Cs:
    engine = capstone.Cs(capstone.CS_ARCH_ARM64, capstone.CS_MODE_ARM)
    engine.detail = False
    return engine


_TARGETS = ("b", "bl", "cbz", "cbnz", "tbz", "tbnz", "adr", "adrp", "ldr", "ldrsw")


def disassemble(data: bytes, address: int = 0, symbols: Symbols | None = None) -> list[Instruction]:
    """Disassemble whole words of ``data`` that lies at ``address``; what is no instruction is ``.inst``.

    Bytes after the last whole word are left out.
    """
    out = []
    for index, (word,) in enumerate(struct.iter_unpack("<I", data[: len(data) & ~3])):
        place = address + 4 * index
        out.append(Instruction(place, word, _one(word, place, symbols)))
    return out


def _one(word: int, address: int, symbols: Symbols | None) -> str:
    decoded = next(_engine().disasm_lite(word.to_bytes(4, "little"), address, 1), None)
    if decoded is None:
        return f"udf #{word:#x}" if word < 1 << 16 else f".inst {word:#010x}"
    _, _, mnemonic, operands = decoded
    if symbols is not None and (mnemonic in _TARGETS or mnemonic.startswith("b.")):
        operands = _named(mnemonic, operands, symbols)
    return f"{mnemonic} {operands}".rstrip()


def _named(mnemonic: str, operands: str, symbols: Symbols) -> str:
    """The operands with the target's name after it, where the last one is an address."""
    head, mark, target = operands.rpartition("#")
    if not mark or "[" in head:
        return operands
    try:
        name = symbols.lookup(int(target, 0))
    except ValueError:
        return operands
    return operands if name is None else f"{head}{int(target, 0):#x} <{name}>"
