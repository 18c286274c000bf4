# SPDX-License-Identifier: MIT
"""Plain instructions: those that change nothing but general registers, flags, DAIF and PC (DDI 0487, C4.1)."""

from __future__ import annotations

from typing import Final, NamedTuple


class Pattern(NamedTuple):
    """Encodings whose bits under ``mask`` are ``value``."""

    mask: int
    value: int


_BRANCHES: Final = (
    Pattern(0x7C00_0000, 0x1400_0000),  # B, BL
    Pattern(0xFF00_0010, 0x5400_0000),  # B.cond
    Pattern(0x7C00_0000, 0x3400_0000),  # CBZ, CBNZ, TBZ, TBNZ
    Pattern(0xFFDF_FC1F, 0xD61F_0000),  # BR, BLR
    Pattern(0xFFFF_FC1F, 0xD65F_0000),  # RET
)
_PLAIN: Final = (
    *_BRANCHES,
    Pattern(0x1C00_0000, 0x1000_0000),  # data processing, immediate
    Pattern(0x0E00_0000, 0x0A00_0000),  # data processing, register
    Pattern(0xFFFF_FFDF, 0xD503_201F),  # NOP, YIELD
    Pattern(0xFFFF_FFFF, 0xD503_207F),  # WFI
    Pattern(0xFFFF_F0DF, 0xD503_309F),  # DSB, DMB
    Pattern(0xFFFF_F0FF, 0xD503_30DF),  # ISB
    Pattern(0xFFFF_F0DF, 0xD503_40DF),  # MSR DAIFSet, DAIFClr
    Pattern(0xFFFF_F000, 0xD538_4000),  # MRS: SPSR_EL1, ELR_EL1, SP_EL0, CurrentEL
    Pattern(0xFFFF_F000, 0xD53B_4000),  # MRS: NZCV, DAIF
    Pattern(0xFFFF_F000, 0xD538_0000),  # MRS: MPIDR_EL1, and what identifies the CPU
    Pattern(0xFFFF_F000, 0xD538_D000),  # MRS: TPIDR_EL1
    Pattern(0xFFFF_F000, 0xD53B_D000),  # MRS: TPIDR_EL0, TPIDRRO_EL0
    # Loads of general registers; a device's is told by its event.
    Pattern(0x3F00_0000, 0x1800_0000),  # LDR, literal
    Pattern(0x3E40_0000, 0x2840_0000),  # LDP, LDNP
    Pattern(0x3FFF_FC00, 0x08DF_FC00),  # LDAR
)
_ONE_REGISTER: Final = (  # loads and stores; the load has opc other than 0
    Pattern(0x3F00_0000, 0x3900_0000),  # unsigned offset
    Pattern(0x3F20_0000, 0x3800_0000),  # unscaled, pre- and post-indexed
    Pattern(0x3F20_0C00, 0x3820_0800),  # register offset
)
_OPC: Final = 3 << 22


def is_plain(word: int) -> bool:
    """Returns True for an instruction that a CPU can repeat without a trace, in memory or elsewhere."""
    if any(word & mask == value for mask, value in _PLAIN):
        return True
    return bool(word & _OPC) and any(word & mask == value for mask, value in _ONE_REGISTER)


def is_branch(word: int) -> bool:
    """Returns True for a plain instruction after which any other may come."""
    return any(word & mask == value for mask, value in _BRANCHES)
