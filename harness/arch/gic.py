# SPDX-License-Identifier: MIT
"""Registers of a GICv2 (IHI 0048B): their offsets within the frames, and the fields of those that have some.

The frames' own addresses are the board's (:mod:`harness.arch.virt`).
"""

from __future__ import annotations

from typing import Final

GUEST_FRAMES: Final = ("GICD", "GICC", "GICV")
"""Names of the frames that a guest programs, as the board's bus has them."""

# The distributor (4.3).
GICD_CTLR: Final = 0x000
GICD_TYPER: Final = 0x004
GICD_IIDR: Final = 0x008
GICD_IGROUPR: Final = 0x080
GICD_ISENABLER: Final = 0x100
GICD_ICENABLER: Final = 0x180
GICD_ISPENDR: Final = 0x200
GICD_ICPENDR: Final = 0x280
GICD_ISACTIVER: Final = 0x300
GICD_ICACTIVER: Final = 0x380
GICD_IPRIORITYR: Final = 0x400
GICD_ITARGETSR: Final = 0x800
GICD_ICFGR: Final = 0xC00
GICD_NSACR: Final = 0xE00
GICD_SGIR: Final = 0xF00
GICD_CPENDSGIR: Final = 0xF10
GICD_SPENDSGIR: Final = 0xF20
GICD_ID: Final = 0xFD0

# A CPU interface (4.4); the guest's virtual one, GICV (5.5), has the same registers at the same offsets.
GICC_CTLR: Final = 0x0000
GICC_PMR: Final = 0x0004
GICC_BPR: Final = 0x0008
GICC_IAR: Final = 0x000C
GICC_EOIR: Final = 0x0010
GICC_RPR: Final = 0x0014
GICC_HPPIR: Final = 0x0018
GICC_ABPR: Final = 0x001C
GICC_AIAR: Final = 0x0020
GICC_AEOIR: Final = 0x0024
GICC_AHPPIR: Final = 0x0028
GICC_APR: Final = 0x00D0
GICC_NSAPR: Final = 0x00E0
GICC_IIDR: Final = 0x00FC
GICC_DIR: Final = 0x1000

# Control of a virtual interface (5.3); each CPU's is there for all CPUs too, where a GIC-400 has it.
GICH_HCR: Final = 0x000
GICH_VTR: Final = 0x004
GICH_VMCR: Final = 0x008
GICH_MISR: Final = 0x010
GICH_EISR: Final = 0x020
GICH_ELRSR: Final = 0x030
GICH_APR: Final = 0x0F0
GICH_LR: Final = 0x100
GICH_ALIAS: Final = 0x1000
GICH_ALIAS_STRIDE: Final = 0x200

# Interrupts in a word of GICD_ISENABLER and its like, of GICD_ICFGR, and the bit of the latter that says "edge".
INTIDS_PER_WORD: Final = 32
INTIDS_PER_ICFGR: Final = 16
ICFGR_EDGE: Final = 0b10

# GICC_IAR, GICC_EOIR, GICC_DIR: an INTID, and for an SGI the CPU that sent it (4.4.4).
IAR_INTID: Final = 0x3FF
IAR_CPUID_SHIFT: Final = 10
IAR_CPUID: Final = 7 << IAR_CPUID_SHIFT

# GICD_SGIR (4.3.15).
SGIR_SGI: Final = 0xF
SGIR_TARGETS_SHIFT: Final = 16
SGIR_FILTER_SHIFT: Final = 24


class Ctlr:
    """Bits of GICC_CTLR without the Security Extensions (4.4.1); GICV_CTLR and GICH_VMCR lay them out alike."""

    ENABLE_GRP0: Final = 1 << 0
    ENABLE_GRP1: Final = 1 << 1
    ACK_CTL: Final = 1 << 2
    FIQ_EN: Final = 1 << 3
    CBPR: Final = 1 << 4
    EOI_MODE: Final = 1 << 9
    ALL: Final = ENABLE_GRP0 | ENABLE_GRP1 | ACK_CTL | FIQ_EN | CBPR | EOI_MODE


class Hcr:
    """Bits of GICH_HCR (5.3.1): the enable, one for each maintenance interrupt, and EOICount from bit 27."""

    EN: Final = 1 << 0
    UIE: Final = 1 << 1  # underflow: at most one list register is valid
    LRENPIE: Final = 1 << 2  # entry not present: EOICount is not zero
    NPIE: Final = 1 << 3  # no pending: no list register is in the pending state
    VGRP0EIE: Final = 1 << 4
    VGRP0DIE: Final = 1 << 5
    VGRP1EIE: Final = 1 << 6
    VGRP1DIE: Final = 1 << 7
    ENABLES: Final = 0xFF
    EOI_COUNT_SHIFT: Final = 27
    EOI_COUNT: Final = 0x1F << EOI_COUNT_SHIFT


class Misr:
    """Bits of GICH_MISR (5.3.4): why the maintenance interrupt is asserted."""

    EOI: Final = 1 << 0
    U: Final = 1 << 1
    LRENP: Final = 1 << 2
    NP: Final = 1 << 3
    VGRP0E: Final = 1 << 4
    VGRP0D: Final = 1 << 5
    VGRP1E: Final = 1 << 6
    VGRP1D: Final = 1 << 7


class Vtr:
    """Fields of GICH_VTR (5.3.2)."""

    LIST_REGS: Final = 0x3F  # less one


class Vmcr:
    """Fields of GICH_VMCR (5.3.3): the guest's priority mask and binary points, above its GICV_CTLR."""

    PRIORITY_MASK_SHIFT: Final = 24  # of all eight bits, the lower three of which are zero
    BPR_SHIFT: Final = 21
    ABPR_SHIFT: Final = 18
    BPR: Final = 7


class Lr:
    """Fields of a list register, GICH_LR (5.3.8): virtual INTID, physical INTID or CPUID, priority and flags."""

    PHYSICAL_SHIFT: Final = 10  # where HW is 1
    EOI: Final = 1 << 19  # where HW is 0: a maintenance interrupt when it ends
    SOFTWARE_RESERVED: Final = 0x3F << 13  # where HW is 0
    PRIORITY_SHIFT: Final = 20  # of eight bits, the lower three of which are zero
    PENDING: Final = 1 << 28
    ACTIVE: Final = 1 << 29
    STATE: Final = PENDING | ACTIVE
    GROUP1: Final = 1 << 30
    HW: Final = 1 << 31


LR_PRIORITY_WIDTH: Final = 5  # bits of priority in a list register, whatever the physical GIC has (5.3.2)
LR_PRIORITY: Final = 0xF8


def sgi_targets(cpus: int, cpu: int, value: int) -> int:
    """Returns the CPUs, as a bitmask, that a write of GICD_SGIR by ``cpu`` names among ``cpus`` (4.3.15).

    The filter says: those listed, all but the sender, or the sender; 0b11 is reserved and names none.
    """
    everyone = (1 << cpus) - 1
    listed = value >> SGIR_TARGETS_SHIFT & everyone
    return (listed, everyone & ~(1 << cpu), 1 << cpu, 0)[value >> SGIR_FILTER_SHIFT & 3]


def first_target(targets: int) -> int | None:
    """Returns the lowest CPU of a bitmask, None where it has none."""
    return (targets & -targets).bit_length() - 1 if targets else None
