# SPDX-License-Identifier: MIT
"""Half-precision instructions (FEAT_FP16) by way of those of single precision: the two differ in a few bits.

So an instruction is written with S registers, encoded, and its word changed (DDI 0487, C4.1.96).
"""

from __future__ import annotations

import re
from typing import Final

_SCALAR: Final = """
    fabs fneg fsqrt frintn frintp frintm frintz frinta frintx frinti fadd fsub fmul fdiv fnmul fmax fmin
    fmaxnm fminnm fmadd fmsub fnmadd fnmsub fcmp fcmpe fccmp fccmpe fcsel fmov scvtf ucvtf
    fcvtns fcvtnu fcvtps fcvtpu fcvtms fcvtmu fcvtzs fcvtzu fcvtas fcvtau
"""
_VECTOR: Final = """
    fabd facge facgt fcmeq fcmge fcmgt fcmle fcmlt fmulx frecpe frecps frecpx frsqrte frsqrts faddp
    fmaxp fminp fmaxnmp fminnmp fmla fmls
"""
HALF_MNEMONICS: Final = frozenset(_SCALAR.split()) | frozenset(_VECTOR.split())

_HALF: Final = re.compile(r"\bh(\d{1,2})\b|\.([48])h\b", re.IGNORECASE)
_OTHER: Final = re.compile(r"\b[bsdq]\d{1,2}\b|\.\d*[bsdq]\b|\.h\b|\.2h\b", re.IGNORECASE)


def as_single(rest: str) -> str | None:
    """Returns the operands with S registers and vectors of words; None if they are not of half precision alone."""
    if not _HALF.search(rest) or _OTHER.search(rest):
        return None
    return _HALF.sub(lambda match: f"s{match[1]}" if match[1] else f".{int(match[2]) // 2}s", rest)


def as_half(word: int) -> int:
    """Returns the word of the half-precision instruction that is like one of single precision."""
    if word & 0x7E000000 == 0x1E000000:  # scalar: ftype is 0b11
        return word | 3 << 22
    if word & 0x1F200400 in (0x0E200400, 0x1E200400):  # three registers: sz, and bit 21 and the opcode's top
        return word & ~0x0020C000 | 1 << 22
    if word & 0x1F3E0C00 in (0x0E200800, 0x1E200800):  # two registers
        return word | 0x00580000
    return word | 1 << 11  # FMOV (vector, immediate): o2
