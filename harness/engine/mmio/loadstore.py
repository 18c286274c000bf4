# SPDX-License-Identifier: MIT
"""Load and store instructions, decoded as far as an access to a device needs (DDI 0487, C4.1.94).

A data abort's ISS describes only plain loads and stores (ISV=1), so every access is decoded from its
instruction; the syndrome serves where that cannot be read.
"""

from __future__ import annotations

import functools
from enum import Enum
from typing import NamedTuple, Protocol

from harness.arch.masks import MASK64

ZR = 31


class Index(Enum):
    """Use of the base register."""

    OFFSET = "offset"
    PRE = "pre-index"
    POST = "post-index"
    LITERAL = "pc-relative"


class Bank(Enum):
    """Bank of the data registers."""

    GENERAL = "X"
    VECTOR = "V"
    ZERO = "DC ZVA"


# Members of an enum are slow to look up, and these are on the path of every access.
_LITERAL, _POST, _PRE, _ZERO = Index.LITERAL, Index.POST, Index.PRE, Bank.ZERO


class LoadStore(NamedTuple):
    """One instruction.

    `targets` are Rt (and Rt2), each of `size` bytes; `sign` extends a load to `width` bits.
    """

    load: bool
    size: int
    targets: tuple[int, ...]
    base: int = ZR
    offset: int = 0
    indexing: Index = Index.OFFSET
    bank: Bank = Bank.GENERAL
    sign: bool = False
    width: int = 64
    atomic: bool = False
    extended: tuple[int, int, int] | None = None  # register offset: Rm, option, shift

    @property
    def is_plain(self) -> bool:
        """True if it moves one general register and no other, and is no atomic."""
        single = len(self.targets) == 1 and self.bank is Bank.GENERAL and not self.atomic
        return single and self.indexing in (Index.OFFSET, Index.LITERAL)


class Operands(Protocol):
    """Registers that an address is made of."""

    def general(self, n: int) -> int:
        """Returns Xn, 0 for 31."""

    def base(self, n: int) -> int:
        """Returns Xn, SP for 31."""

    def here(self) -> int:
        """Returns the address of the instruction."""


def address(insn: LoadStore, operands: Operands) -> int:
    """Returns the virtual address of the first byte, before any writeback."""
    if insn.indexing is _LITERAL:
        return operands.here() + insn.offset & MASK64
    base = operands.base(insn.base)
    if insn.bank is _ZERO:
        return operands.general(insn.base) & -insn.offset
    if insn.extended is not None:
        return base + _extend(insn.extended, operands) & MASK64
    return base if insn.indexing is _POST else base + insn.offset & MASK64


def writeback(insn: LoadStore, operands: Operands) -> tuple[int, int] | None:
    """Returns the base register and its new value for a pre- or post-indexed form, else None."""
    if insn.indexing is _POST or insn.indexing is _PRE:
        return insn.base, operands.base(insn.base) + insn.offset & MASK64
    return None


_ZVA_BYTES = 64


def _extend(extended: tuple[int, int, int], operands: Operands) -> int:
    register, option, shift = extended
    value = operands.general(register)
    if option in (0b010, 0b110):  # UXTW, SXTW
        value &= 0xFFFF_FFFF
        if option == 0b110:
            value = _signed(value, 32)
    return value << shift


def _signed(value: int, bits: int) -> int:
    return value - (1 << bits) if value >> (bits - 1) & 1 else value


@functools.lru_cache(maxsize=4096)
def decode(word: int) -> LoadStore | None:
    """Returns the load or store that a word is; None for any other, and for SIMD structure forms."""
    if word & 0xFFFF_FFE0 == 0xD50B_7420:
        return LoadStore(False, 8, (ZR,) * (_ZVA_BYTES // 8), word & 31, _ZVA_BYTES, bank=Bank.ZERO)
    group = word >> 27 & 7
    if group == 0b111:
        return _single(word)
    if group == 0b101:
        return _pair(word)
    if group == 0b011 and not word >> 24 & 3:
        return _literal(word)
    if group == 0b001 and not word >> 24 & 7:
        return _exclusive(word)
    return None


def _single(word: int) -> LoadStore | None:
    size, vector, opc = word >> 30, word >> 26 & 1, word >> 22 & 3
    base, target = word >> 5 & 31, word & 31
    extended: tuple[int, int, int] | None = None
    index = Index.OFFSET
    log2 = size | (opc & 2) << 1 if vector else size
    form, low = word >> 24 & 3, word >> 10 & 3
    if form == 1:
        offset = (word >> 10 & 0xFFF) << log2
    elif form == 0 and not word >> 21 & 1:
        offset = _signed(word >> 12 & 0x1FF, 9)
        index = (Index.OFFSET, Index.POST, Index.OFFSET, Index.PRE)[low]
    elif form == 0 and low == 0b10:
        offset = 0
        extended = (word >> 16 & 31, word >> 13 & 7, log2 if word >> 12 & 1 else 0)
    elif form == 0 and low == 0b00 and not vector:
        return LoadStore(True, 1 << size, (target,), base, atomic=True)  # LSE
    else:
        return None
    if vector:
        if log2 > 4:
            return None
        return LoadStore(
            bool(opc & 1), 1 << log2, (target,), base, offset, index, Bank.VECTOR, extended=extended
        )
    if size == 3 and opc > 1:
        return None  # PRFM
    sign, width = opc > 1, 32 if opc == 3 or (opc == 1 and size < 3) else 64
    return LoadStore(
        opc != 0, 1 << size, (target,), base, offset, index, sign=sign, width=width, extended=extended
    )


def _pair(word: int) -> LoadStore | None:
    opc, vector, mode = word >> 30, word >> 26 & 1, word >> 23 & 3
    load = bool(word >> 22 & 1)
    if opc == 3 or (opc == 1 and not vector and not load) or word >> 25 & 1:
        return None
    size = 4 << opc if vector else 8 if opc == 2 else 4
    index = (Index.OFFSET, Index.POST, Index.OFFSET, Index.PRE)[mode]
    targets = (word & 31, word >> 10 & 31)
    offset = _signed(word >> 15 & 0x7F, 7) * size
    base = word >> 5 & 31
    if vector:
        return LoadStore(load, size, targets, base, offset, index, Bank.VECTOR)
    return LoadStore(load, size, targets, base, offset, index, sign=opc == 1, width=32 if opc == 0 else 64)


def _literal(word: int) -> LoadStore | None:
    opc, vector = word >> 30, word >> 26 & 1
    offset = _signed(word >> 5 & 0x7FFFF, 19) * 4
    target = (word & 31,)
    if opc == 3:
        return None  # PRFM
    if vector:
        return LoadStore(True, 4 << opc, target, ZR, offset, Index.LITERAL, Bank.VECTOR)
    return LoadStore(
        True, 8 if opc == 1 else 4, target, ZR, offset, Index.LITERAL, sign=opc == 2, width=64 if opc else 32
    )


def _exclusive(word: int) -> LoadStore:
    size, ordered, load, second = word >> 30, word >> 23 & 1, bool(word >> 22 & 1), word >> 21 & 1
    base, target = word >> 5 & 31, word & 31
    if ordered and not second:  # LDAR, STLR, LDLAR, STLLR
        return LoadStore(load, 1 << size, (target,), base, width=64 if size == 3 else 32)
    return LoadStore(load, 1 << size, (target,), base, atomic=True)  # exclusives, CAS, CASP
