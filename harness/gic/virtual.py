# SPDX-License-Identifier: MIT
"""Virtual CPU interface from the hypervisor's side: GICH, list registers and maintenance (IHI 0048B, 5.3)."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.arch.gic import (
    IAR_CPUID,
    IAR_INTID,
    LR_PRIORITY,
    Ctlr,
    Hcr,
    Lr,
    Misr,
    Vmcr,
)
from harness.arch.intid import SGI_COUNT
from harness.gic.cpu_interface import CpuInterface
from harness.gic.priority import NONE, Candidate
from harness.gic.registers import Field

VIRTUAL_MINIMUM_BPR = 2
SOURCES = Hcr.ENABLES & ~Hcr.EN  # the enables of every maintenance interrupt but EOI's


def identify(lr: int) -> int:
    """Returns the value GICV_IAR gives for a list register: VirtualID, and CPUID for an SGI that software made."""
    intid = lr & IAR_INTID
    return intid | lr & IAR_CPUID if intid < SGI_COUNT and not lr & Lr.HW else intid


@dataclass(slots=True)
class VirtualInterface:
    """Virtual interface of one CPU: GICH, and the CPU interface that its guest sees."""

    list_registers: int
    hcr: int = 0
    lrs: list[int] = field(default_factory=list)
    guest: CpuInterface = field(
        default_factory=lambda: CpuInterface(LR_PRIORITY, VIRTUAL_MINIMUM_BPR, one_apr=True)
    )

    def __post_init__(self) -> None:
        """Resets all list registers to zero."""
        self.lrs = [0] * self.list_registers

    # What the guest's CPU interface asks for

    def highest(self) -> Candidate:
        """Returns the highest-priority pending list register, of whichever group; key is its number."""
        if not self.hcr & Hcr.EN:
            return NONE
        best: tuple[int, int, int] = NONE
        for n, lr in enumerate(self.lrs):
            if lr & Lr.STATE == Lr.PENDING:
                best = min(best, (lr >> Lr.PRIORITY_SHIFT & LR_PRIORITY, n, lr >> 30 & 1))
        return NONE if best is NONE else Candidate(*best)

    def activate(self, n: int) -> int:
        """Takes list register ``n``, as GICV_IAR does: pending becomes active."""
        self.lrs[n] = self.lrs[n] & ~Lr.STATE | Lr.ACTIVE
        return identify(self.lrs[n])

    def deactivate(self, value: int) -> int | None:
        """Ends ``value``. Returns the physical INTID to deactivate, for a hardware interrupt.

        With no active list register for it, GICH_HCR.EOICount counts (5.3.1): the hypervisor holds it.
        """
        n = self.find_active(value)
        if n is None:
            count = self.hcr + (1 << Hcr.EOI_COUNT_SHIFT) & Hcr.EOI_COUNT
            self.hcr = self.hcr & ~Hcr.EOI_COUNT | count
            return None
        lr = self.lrs[n] = self.lrs[n] & ~Lr.ACTIVE
        return lr >> Lr.PHYSICAL_SHIFT & IAR_INTID if lr & Lr.HW else None

    def end(self, register: Field, value: int) -> int | None:
        """Serves GICV_EOIR, AEOIR or DIR. Returns the physical INTID to deactivate, if any."""
        if value & IAR_INTID >= 1020:
            return None
        if register is Field.DIR:
            return self.deactivate(value) if self.guest.split else None
        if register is Field.AEOIR:
            n = self.find_active(value)
            if n is not None and not self.lrs[n] & Lr.GROUP1:
                return None  # the alias ends Group 1 only
        if not self.guest.drop_priority() or self.guest.split:
            return None
        return self.deactivate(value)

    def find_active(self, value: int) -> int | None:
        """Returns the active list register that GICV_IAR gave as ``value``."""
        return next((n for n, lr in enumerate(self.lrs) if lr & Lr.ACTIVE and identify(lr) == value), None)

    # Maintenance

    @property
    def eisr(self) -> int:
        """Bits, one per list register, of those whose end asks for a maintenance interrupt (5.3.5)."""
        return sum(1 << n for n, lr in enumerate(self.lrs) if not lr & (Lr.STATE | Lr.HW) and lr & Lr.EOI)

    @property
    def elrsr(self) -> int:
        """Bits, one per list register, of those that hold nothing (5.3.6)."""
        return sum(
            1 << n for n, lr in enumerate(self.lrs) if not lr & Lr.STATE and (lr & Lr.HW or not lr & Lr.EOI)
        )

    @property
    def maintenance(self) -> bool:
        """Level of the maintenance interrupt: any source, while the interface is enabled (5.3.1)."""
        return bool(self.hcr & Hcr.EN and self.misr)

    @property
    def misr(self) -> int:
        """Asserted sources of the maintenance interrupt, whether or not GICH_HCR.En lets it out (5.3.4)."""
        hcr, ctlr = self.hcr, self.guest.ctlr
        if not hcr & SOURCES:
            return Misr.EOI if self.eisr else 0
        states = [lr & Lr.STATE for lr in self.lrs]
        sources = (
            (Misr.EOI, self.eisr),
            (Misr.U, hcr & Hcr.UIE and sum(map(bool, states)) <= 1),
            (Misr.LRENP, hcr & Hcr.LRENPIE and hcr & Hcr.EOI_COUNT),
            (Misr.NP, hcr & Hcr.NPIE and Lr.PENDING not in states),
            (Misr.VGRP0E, hcr & Hcr.VGRP0EIE and ctlr & Ctlr.ENABLE_GRP0),
            (Misr.VGRP0D, hcr & Hcr.VGRP0DIE and not ctlr & Ctlr.ENABLE_GRP0),
            (Misr.VGRP1E, hcr & Hcr.VGRP1EIE and ctlr & Ctlr.ENABLE_GRP1),
            (Misr.VGRP1D, hcr & Hcr.VGRP1DIE and not ctlr & Ctlr.ENABLE_GRP1),
        )
        return sum(bit for bit, asserted in sources if asserted)

    # Registers

    @property
    def vmcr(self) -> int:
        """Control registers of the guest in one word (5.3.3)."""
        guest = self.guest
        return (
            guest.pmr << Vmcr.PRIORITY_MASK_SHIFT
            | guest.bpr << Vmcr.BPR_SHIFT
            | guest.abpr << Vmcr.ABPR_SHIFT
            | guest.ctlr
        )

    @vmcr.setter
    def vmcr(self, value: int) -> None:
        guest = self.guest
        guest.write(Field.PMR, 0, value >> Vmcr.PRIORITY_MASK_SHIFT & LR_PRIORITY)
        guest.write(Field.BPR, 0, value >> Vmcr.BPR_SHIFT & Vmcr.BPR)
        guest.write(Field.ABPR, 0, value >> Vmcr.ABPR_SHIFT & Vmcr.BPR)
        guest.write(Field.CTLR, 0, value & Ctlr.ALL)

    def read(self, field: Field, index: int) -> int:
        """Returns one word of GICH."""
        match field:
            case Field.HCR:
                return self.hcr
            case Field.VMCR:
                return self.vmcr
            case Field.MISR:
                return self.misr
            case Field.EISR:
                return self.eisr >> 32 * index & 0xFFFF_FFFF
            case Field.ELRSR:
                return self.elrsr >> 32 * index & 0xFFFF_FFFF
            case Field.APR:
                return self.guest.apr
            case Field.LR if index < self.list_registers:
                return self.lrs[index]
            case _:
                return 0

    def write(self, field: Field, index: int, value: int) -> None:
        """Writes one word of GICH; reserved bits are filtered already."""
        match field:
            case Field.HCR:
                self.hcr = value
            case Field.VMCR:
                self.vmcr = value
            case Field.APR:
                self.guest.write(Field.APR, 0, value)
            case Field.LR if index < self.list_registers:
                self.lrs[index] = value if value & Lr.HW else value & ~Lr.SOFTWARE_RESERVED
            case _:
                pass
