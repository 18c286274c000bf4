# SPDX-License-Identifier: MIT
"""Disassembly by capstone, with symbols for the targets of branches and address computations."""

from __future__ import annotations

import struct
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from harness.arguments import whole
from harness.errors import ConfigError
from harness.image import Symbols

if TYPE_CHECKING:  # loaded when it is needed, since it takes a tenth of a second
    import capstone


class DisassembledWord(NamedTuple):
    """Word of machine code, and the instruction that it is."""

    address: int
    word: int
    text: str


@cache
def _engine() -> capstone.Cs:
    import capstone

    engine = capstone.Cs(capstone.CS_ARCH_ARM64, capstone.CS_MODE_ARM)
    engine.detail = False
    return engine


_TARGETS = ("b", "bl", "cbz", "cbnz", "tbz", "tbnz", "adr", "adrp", "ldr", "ldrsw")


def disassemble(data: bytes, address: int = 0, symbols: Symbols | None = None) -> list[DisassembledWord]:
    """Disassembles whole words of ``data`` that lies at ``address``; what is no instruction is ``.inst``.

    Bytes after the last whole word are left out. ConfigError for arguments that cannot be.
    """
    if not isinstance(data, bytes | bytearray | memoryview):
        raise ConfigError(f"disassemble(data): bytes are needed, not {type(data).__name__}")
    if not isinstance(symbols, Symbols | None):
        raise ConfigError(f"disassemble(symbols): Symbols are needed, not {type(symbols).__name__}")
    whole("disassemble(address)", address, 0, "byte")
    out = []
    for index, (word,) in enumerate(struct.iter_unpack("<I", data[: len(data) & ~3])):
        place = address + 4 * index
        out.append(DisassembledWord(place, word, _one(word, place, symbols)))
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
    """Returns the operands with the target's name after it, where the last one is an address."""
    head, mark, target = operands.rpartition("#")
    if not mark or "[" in head:
        return operands
    try:
        name = symbols.lookup(int(target, 0))
    except ValueError:
        return operands
    return operands if name is None else f"{head}{int(target, 0):#x} <{name}>"
