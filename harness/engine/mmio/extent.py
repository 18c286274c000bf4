# SPDX-License-Identifier: MIT
"""Bytes that a load or store reaches, of every form there is (DDI 0487, C4.1.94)."""

from __future__ import annotations

from typing import Final, NamedTuple

from harness.arch.masks import MASK64
from harness.engine.mmio.loadstore import Bank, LoadStore, Operands, address, decode

_REGISTERS: Final = {0b0000: 4, 0b0010: 4, 0b0100: 3, 0b0110: 3, 0b0111: 1, 0b1000: 2, 0b1010: 2}
_LDAPR_MASK, _LDAPR = 0x3FE0_FC00, 0x38A0_C000
_ORDERED_MASK, _ORDERED = 0x3F20_0C00, 0x1900_0000  # LDAPUR, STLUR
_UNPRIVILEGED_MASK, _UNPRIVILEGED = 0x3F20_0C00, 0x3800_0800  # LDTR, STTR


class Extent(NamedTuple):
    """Bytes from a virtual address; an atomic both loads and stores. ``unprivileged``: as if at EL0 (LDTR)."""

    va: int
    size: int
    load: bool
    store: bool
    unprivileged: bool = False


def extent(word: int, operands: Operands) -> Extent | None:
    """Returns what a load or store is about to reach; None for what is none, and for LDRAA and LDRAB."""
    insn = decode(word)
    if insn is None:
        return _structure(word, operands) or _ordered(word, operands)
    va = address(insn, operands)
    if insn.atomic:
        size, load, store = _atomic(word, insn)
        return Extent(va, size, load, store)
    unprivileged = insn.bank is Bank.GENERAL and word & _UNPRIVILEGED_MASK == _UNPRIVILEGED
    return Extent(va, insn.size * len(insn.targets), insn.load, not insn.load, unprivileged)


def _atomic(word: int, insn: LoadStore) -> tuple[int, bool, bool]:
    if word >> 27 & 7 == 0b111:  # LSE, and LDAPR
        return insn.size, True, word & _LDAPR_MASK != _LDAPR
    if not word >> 21 & 1:  # LDXR, STXR
        return insn.size, insn.load, not insn.load
    if word >> 23 & 1:  # CAS
        return insn.size, True, True
    swaps = not word >> 31
    return 8 << (word >> 30 & 1), swaps or insn.load, swaps or not insn.load  # CASP; LDXP, STXP


def _structure(word: int, operands: Operands) -> Extent | None:
    """Returns the extent of LD1 to LD4, ST1 to ST4 and LD1R to LD4R."""
    if word >> 31 or word >> 25 & 0x1F != 0b00110:
        return None
    if word >> 24 & 1:
        opcode = word >> 13 & 7
        elements = ((opcode & 1) << 1 | word >> 21 & 1) + 1
        scale = (0, 1, 2 + (word >> 10 & 1), word >> 10 & 3)[opcode >> 1]
        size = elements << scale
    else:
        size = _REGISTERS.get(word >> 12 & 0xF, 0) << 3 + (word >> 30 & 1)
    load = bool(word >> 22 & 1)
    return Extent(operands.base(word >> 5 & 31), size, load, not load)


def _ordered(word: int, operands: Operands) -> Extent | None:
    if word & _ORDERED_MASK != _ORDERED:
        return None
    offset = (word >> 12 & 0x1FF) - (word >> 11 & 0x200)
    load = bool(word >> 22 & 3)
    return Extent(operands.base(word >> 5 & 31) + offset & MASK64, 1 << (word >> 30), load, not load)
