# SPDX-License-Identifier: MIT
"""Exception vector table of AArch64 (DDI 0487, D1.3.1.5): offsets from VBAR_ELx."""

from __future__ import annotations

from enum import IntEnum
from typing import Final


class Kind(IntEnum):
    """Kind of the exception: the low part of the offset."""

    SYNCHRONOUS = 0x000
    IRQ = 0x080
    FIQ = 0x100
    SERROR = 0x180


class Source(IntEnum):
    """Source of the exception: the high part of the offset."""

    CURRENT_EL_SP0 = 0x000
    CURRENT_EL_SPX = 0x200
    LOWER_EL_AARCH64 = 0x400
    LOWER_EL_AARCH32 = 0x600


TABLE_BYTES: Final = 0x800
IRQ_OFFSETS: Final = tuple(source + Kind.IRQ for source in Source)


def source(pstate: int) -> Source:
    """Returns the quarter of EL1's table that an exception taken to EL1 from this PSTATE uses."""
    if pstate >> 2 & 3 == 0:
        return Source.LOWER_EL_AARCH64
    return Source.CURRENT_EL_SPX if pstate & 1 else Source.CURRENT_EL_SP0
