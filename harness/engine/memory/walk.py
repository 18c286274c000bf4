# SPDX-License-Identifier: MIT
"""Stage-1 walk in software (DDI 0487, D8.2), to say at which level one failed that ended below, at stage 2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from harness.arch.esr import FSC_EXTERNAL_ON_WALK
from harness.engine.memory.ram import Memory

_PAGE_SHIFTS: Final = ((12, 16, 14, 12), (12, 14, 12, 16))  # by TCR_EL1.TG0, TG1
_SIZES: Final = (32, 36, 40, 42, 44, 48, 48, 48)  # bits of an output address, by TCR_EL1.IPS or PARange
_ADDRESS: Final = 0xFFFF_FFFF_F000
_VALID, _TABLE = 1, 2
_LAST_LEVEL: Final = 3


class _Regime(NamedTuple):
    """One half of the addresses, by TCR_EL1 and TTBRn_EL1."""

    shift: int  # of a page
    bits: int  # of an input address
    size: int  # bits of an output address
    base: int


def _regime(va: int, sysreg: Mapping[str, int]) -> _Regime:
    tcr, high = sysreg["TCR_EL1"], va >> 55 & 1
    shift = _PAGE_SHIFTS[high][tcr >> (30 if high else 14) & 3]
    bits = 64 - (tcr >> (16 if high else 0) & 0x3F)
    size = min(_SIZES[tcr >> 32 & 7], _SIZES[sysreg["ID_AA64MMFR0_EL1"] & 7])
    return _Regime(shift, bits, size, sysreg["TTBR1_EL1" if high else "TTBR0_EL1"] & 0xFFFF_FFFF_FFFE)


def fault_status(va: int, sysreg: Mapping[str, int], memory: Memory) -> int | None:
    """Returns DFSC: an address size fault, or an external abort where the walk leaves RAM; None for neither."""
    shift, bits, size, table = _regime(va, sysreg)
    stride = shift - 3
    level = 4 - -(-(bits - shift) // stride)
    offset = va & (1 << bits) - 1
    if table >> size:
        return 0  # address size fault of TTBRn_EL1: level 0
    while True:
        low = shift + (_LAST_LEVEL - level) * stride
        entry = table + 8 * (offset >> low)
        if not memory.is_ram(entry, 8):
            return FSC_EXTERNAL_ON_WALK + level
        descriptor = memory.u64(entry)
        if not descriptor & _VALID:
            return None
        table = descriptor & _ADDRESS & -(1 << shift)
        if table >> size:
            return level
        if level == _LAST_LEVEL or not descriptor & _TABLE:
            return None
        offset &= (1 << low) - 1
        level += 1
