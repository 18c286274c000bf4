# SPDX-License-Identifier: MIT
"""Stage-1 walk in software (DDI 0487, D8.2), over the same controls and tables as the CPU's own.

It says at which level a walk failed that ended below, at stage 2, and which tables have what a level has not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple, Protocol

from harness.arch.esr import FSC_ACCESS_FLAG, FSC_ADDRESS_SIZE, FSC_EXTERNAL_ON_WALK, FSC_TRANSLATION

_SHIFT_4K, _SHIFT_64K = 12, 16
# Bits of an address in a page, by TCR_EL1.TG0 and TG1. A reserved value, and the 16 KiB granule, which no CPU
# model has, count as a choice of what there is (D17.2.139); for the reserved ones it is Unicorn's.
_SHIFTS: Final = (
    (_SHIFT_4K, _SHIFT_64K, _SHIFT_4K, _SHIFT_64K),
    (_SHIFT_4K, _SHIFT_4K, _SHIFT_4K, _SHIFT_64K),
)
_TG0_SHIFT, _TG1_SHIFT = 14, 30
_TG0_16K, _TG1_16K, _TG1_4K = 0b10, 0b01, 0b10
# TxSZ beyond a limit counts as the limit (D8.2.7); FEAT_LVA and FEAT_TTST are absent.
_MINIMUM_TXSZ, _MAXIMUM_TXSZ = 16, 39
_SIZES: Final = (32, 36, 40, 42, 44, 48, 48, 48)  # bits of an output address, by TCR_EL1.IPS or PARange
ADDRESS: Final = 0xFFFF_FFFF_F000
_BASE: Final = 0xFFFF_FFFF_FFFE
_VALID, TABLE = 1, 2
_ACCESS_FLAG: Final = 1 << 10
LAST_LEVEL: Final = 3
_FIRST_BLOCKS: Final = {_SHIFT_4K: 1, _SHIFT_64K: 2}  # level from which a descriptor may be a block (D8.3.1)


class Regime(NamedTuple):
    """One half of the addresses, by TCR_EL1 and TTBRn_EL1: ``shift`` of a page, ``bits`` of an input address."""

    shift: int
    bits: int
    size: int  # bits of an output address
    base: int
    high: bool
    disabled: bool  # TCR_EL1.EPDn
    top_byte_ignored: bool

    @property
    def stride(self) -> int:
        """Bits of an address that one level translates."""
        return self.shift - 3

    @property
    def level(self) -> int:
        """Level at which a walk starts."""
        return LAST_LEVEL + 1 - -(-(self.bits - self.shift) // self.stride)

    def low(self, level: int) -> int:
        """Returns the number of bits below those that a level translates."""
        return self.shift + (LAST_LEVEL - level) * self.stride

    @property
    def entries(self) -> int:
        """Descriptors in the table at which a walk starts."""
        return 1 << self.bits - self.low(self.level)

    @property
    def table(self) -> int:
        """Address of that table: TTBRn_EL1.BADDR, whose bits below the table's size are RES0."""
        return self.base & _BASE & -(8 * self.entries)

    @property
    def reserves_blocks(self) -> bool:
        """True if no descriptor of the first level may be a block, but for the last level, where Unicorn knows."""
        return not self.disabled and self.level < _FIRST_BLOCKS[self.shift]

    def has_blocks(self, level: int) -> bool:
        """Says whether a descriptor of this level may be a block."""
        return _FIRST_BLOCKS[self.shift] <= level < LAST_LEVEL

    def covers(self, va: int) -> bool:
        """Says whether an address is one of this half: all bits above are as bit 55."""
        top = 56 if self.top_byte_ignored else 64
        above = (va & (1 << top) - 1) >> self.bits
        return above == ((1 << top - self.bits) - 1 if self.high else 0)


def granules_present(tcr: int) -> int:
    """Returns TCR_EL1 with granules that the CPU has, for Unicorn, whose own walk knows all three."""
    if tcr >> _TG0_SHIFT & 3 == _TG0_16K:
        tcr &= ~(3 << _TG0_SHIFT)
    if tcr >> _TG1_SHIFT & 3 == _TG1_16K:
        tcr = tcr & ~(3 << _TG1_SHIFT) | _TG1_4K << _TG1_SHIFT
    return tcr


def regime(sysreg: Mapping[str, int], name: str, base: int | None = None) -> Regime:
    """Returns the regime of TTBR0_EL1 (addresses with bit 55 clear) or TTBR1_EL1; with another base, if given."""
    tcr, high = sysreg["TCR_EL1"], name == "TTBR1_EL1"
    txsz = tcr >> (16 if high else 0) & 0x3F
    return Regime(
        shift=_SHIFTS[high][tcr >> (_TG1_SHIFT if high else _TG0_SHIFT) & 3],
        bits=64 - min(max(txsz, _MINIMUM_TXSZ), _MAXIMUM_TXSZ),
        size=min(_SIZES[tcr >> 32 & 7], _SIZES[sysreg["ID_AA64MMFR0_EL1"] & 7]),
        base=sysreg[name] if base is None else base,
        high=high,
        disabled=bool(tcr >> (23 if high else 7) & 1),
        top_byte_ignored=bool(tcr >> (38 if high else 37) & 1),
    )


class Tables(Protocol):
    """Memory that tables are read from."""

    def is_backed(self, ipa: int, n: int) -> bool:
        """Says whether `n` bytes from an IPA can be read."""

    def u64(self, ipa: int) -> int:
        """Returns a doubleword."""


class Walk(NamedTuple):
    """End of a walk: ``status`` is the fault's DFSC with its level, or ``address`` the output address."""

    status: int | None
    address: int = 0


def walk(va: int, sysreg: Mapping[str, int], memory: Tables) -> Walk:
    """Translates an address at stage 1, permissions aside; a table that is not in RAM is an external abort."""
    half = regime(sysreg, "TTBR1_EL1" if va >> 55 & 1 else "TTBR0_EL1")
    if half.disabled or not half.covers(va):
        return Walk(FSC_TRANSLATION)  # level 0
    table, level = half.table, half.level
    if table >> half.size:
        return Walk(FSC_ADDRESS_SIZE)  # of TTBRn_EL1: level 0
    offset = va & (1 << half.bits) - 1
    while True:
        low = half.low(level)
        entry = table + 8 * (offset >> low)
        if not memory.is_backed(entry, 8):
            return Walk(FSC_EXTERNAL_ON_WALK + level)
        descriptor = memory.u64(entry)
        if not is_meant(descriptor, level, half):
            return Walk(FSC_TRANSLATION + level)
        offset &= (1 << low) - 1
        is_leaf = level == LAST_LEVEL or not descriptor & TABLE
        table = descriptor & ADDRESS & -(1 << (low if is_leaf else half.shift))
        if table >> half.size:
            return Walk(FSC_ADDRESS_SIZE + level)
        if is_leaf:
            return Walk(None if descriptor & _ACCESS_FLAG else FSC_ACCESS_FLAG + level, table | offset)
        level += 1


def is_meant(descriptor: int, level: int, half: Regime) -> bool:
    """Says whether a descriptor is valid, and of a type that its level has (D8.3.1)."""
    if not descriptor & _VALID:
        return False
    return bool(descriptor & TABLE) or half.has_blocks(level)
