# SPDX-License-Identifier: MIT
"""Bits of the registers a hypervisor programs: HCR, SCR, VTCR, CNTHCTL, and stage-2 descriptors."""

from __future__ import annotations

from typing import Final

# HCR_EL2 (DDI 0487, D17.2.48).
HCR_VM: Final = 1 << 0
HCR_FMO: Final = 1 << 3
HCR_IMO: Final = 1 << 4
HCR_VF: Final = 1 << 6
HCR_VI: Final = 1 << 7
HCR_VSE: Final = 1 << 8
HCR_DC: Final = 1 << 12
HCR_TWI: Final = 1 << 13
HCR_TSC: Final = 1 << 19
HCR_TPC: Final = 1 << 23
HCR_TPU: Final = 1 << 24
HCR_TTLB: Final = 1 << 25
HCR_RW: Final = 1 << 31
HCR_APK: Final = 1 << 40
HCR_API: Final = 1 << 41

# SCR_EL3 (D17.2.117): Non-secure, HVC enabled, EL2 is AArch64.
SCR_NS: Final = 1 << 0
SCR_HCE: Final = 1 << 8
SCR_RW: Final = 1 << 10
SCR_APK: Final = 1 << 16
SCR_API: Final = 1 << 17

# CNTHCTL_EL2 (D17.11.3).
CNTHCTL_EL1PCTEN: Final = 1 << 0
CNTHCTL_EL1PCEN: Final = 1 << 1

# CNTKCTL_EL1 (D17.11.15): what EL0 may use of the timers.
CNTKCTL_EL0PCTEN: Final = 1 << 0
CNTKCTL_EL0VCTEN: Final = 1 << 1
CNTKCTL_EL0VTEN: Final = 1 << 8
CNTKCTL_EL0PTEN: Final = 1 << 9

MDSCR_SS: Final = 1 << 0
MDSCR_KDE: Final = 1 << 13
MDSCR_MDE: Final = 1 << 15

SCTLR_M: Final = 1 << 0
SCTLR_SPAN: Final = 1 << 23
SCTLR_E0E: Final = 1 << 24
SCTLR_EE: Final = 1 << 25
SCTLR_BIG_ENDIAN: Final = SCTLR_E0E | SCTLR_EE

# VTCR_EL2 (D17.2.159): 39-bit IPA in 4 KiB granules from level 1, 40-bit PA, cacheable walks.
IPA_BITS: Final = 39
VTCR_39_BIT: Final = 1 << 31 | 2 << 16 | 3 << 12 | 1 << 10 | 1 << 8 | 1 << 6 | (64 - IPA_BITS)

# Stage-2 descriptors (D8.3.2).
S2_TABLE: Final = 0b11
S2_PAGE: Final = 0b11
S2_NORMAL: Final = 0b1111 << 2
S2_READ: Final = 1 << 6
S2_WRITE: Final = 1 << 7
S2_INNER_SHAREABLE: Final = 3 << 8
S2_ACCESS_FLAG: Final = 1 << 10
S2_EXECUTE_NEVER: Final = 1 << 54
