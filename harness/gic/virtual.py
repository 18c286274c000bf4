# SPDX-License-Identifier: MIT
"""The hypervisor's side of a virtual CPU interface: GICH, list registers and maintenance (IHI 0048B, 5.3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from harness.gic.cpu_interface import CpuInterface, Ctlr
from harness.gic.priority import NONE, Candidate
from harness.gic.registers import Field

VIRTUAL_PRIORITY_MASK = 0xF8  # list registers hold five bits of priority
VIRTUAL_MINIMUM_BPR = 2


class Hcr:
    """GICH_HCR (5.3.1); EOICount is bits [31:27]."""

    EN = 1 << 0
    UIE = 1 << 1
    LRENPIE = 1 << 2
    NPIE = 1 << 3
    VGRP0EIE = 1 << 4
    VGRP0DIE = 1 << 5
    VGRP1EIE = 1 << 6
    VGRP1DIE = 1 << 7


class Misr:
    """GICH_MISR (5.3.4): why the maintenance interrupt is asserted."""

    EOI = 1 << 0
    U = 1 << 1
    LRENP = 1 << 2
    NP = 1 << 3
    VGRP0E = 1 << 4
    VGRP0D = 1 << 5
    VGRP1E = 1 << 6
    VGRP1D = 1 << 7


class LrState(IntEnum):
    """GICH_LR.State."""

    INVALID = 0
    PENDING = 1
    ACTIVE = 2
    ACTIVE_AND_PENDING = 3


HCR_SOURCES = 0xFE  # the enables of every maintenance source but EOI
EOI_COUNT_SHIFT = 27
LR_HW = 1 << 31
LR_GROUP1 = 1 << 30
LR_PENDING = 1 << 28
LR_ACTIVE = 2 << 28
LR_STATE = 3 << 28
LR_EOI = 1 << 19  # where HW is 0: raise a maintenance interrupt at the end
LR_SOFTWARE_RESERVED = 0x3F << 13  # where HW is 0


def lr_state(lr: int) -> LrState:
    """The State field."""
    return LrState(lr >> 28 & 3)


def identify(lr: int) -> int:
    """The value GICV_IAR gives for a list register: VirtualID, and CPUID for an SGI that software made."""
    intid = lr & 0x3FF
    return intid | lr & 0x1C00 if intid < 16 and not lr & LR_HW else intid


@dataclass(slots=True)
class VirtualInterface:
    """GICH of one CPU, and the CPU interface its guest sees."""

    list_registers: int
    hcr: int = 0
    lrs: list[int] = field(default_factory=list)
    guest: CpuInterface = field(
        default_factory=lambda: CpuInterface(VIRTUAL_PRIORITY_MASK, VIRTUAL_MINIMUM_BPR, one_apr=True)
    )

    def __post_init__(self) -> None:
        """All list registers reset to zero."""
        self.lrs = [0] * self.list_registers

    # What the guest's CPU interface asks for

    def highest(self) -> Candidate:
        """The highest-priority pending list register, of whichever group; key is its number."""
        if not self.hcr & Hcr.EN:
            return NONE
        best: tuple[int, int, int] = NONE
        for n, lr in enumerate(self.lrs):
            if lr & LR_STATE == LR_PENDING:
                best = min(best, (lr >> 20 & 0xF8, n, lr >> 30 & 1))
        return NONE if best is NONE else Candidate(*best)

    def activate(self, n: int) -> int:
        """GICV_IAR took list register ``n``: pending becomes active."""
        self.lrs[n] = self.lrs[n] & ~LR_STATE | LR_ACTIVE
        return identify(self.lrs[n])

    def deactivate(self, value: int) -> int | None:
        """The guest ended ``value``. Returns the physical INTID to deactivate, for a hardware interrupt.

        With no active list register for it, GICH_HCR.EOICount counts (5.3.1): the hypervisor holds it.
        """
        n = self.find_active(value)
        if n is None:
            count = (self.hcr >> EOI_COUNT_SHIFT) + 1 & 0x1F
            self.hcr = self.hcr & ~(0x1F << EOI_COUNT_SHIFT) | count << EOI_COUNT_SHIFT
            return None
        lr = self.lrs[n] = self.lrs[n] & ~LR_ACTIVE
        return lr >> 10 & 0x3FF if lr & LR_HW else None

    def end(self, register: Field, value: int) -> int | None:
        """GICV_EOIR, AEOIR or DIR. Returns the physical INTID to deactivate, if any."""
        if value & 0x3FF >= 1020:
            return None
        if register is Field.DIR:
            return self.deactivate(value) if self.guest.split else None
        if register is Field.AEOIR:
            n = self.find_active(value)
            if n is not None and not self.lrs[n] & LR_GROUP1:
                return None  # the alias ends Group 1 only
        if not self.guest.drop_priority() or self.guest.split:
            return None
        return self.deactivate(value)

    def find_active(self, value: int) -> int | None:
        """The active list register that GICV_IAR gave as ``value``."""
        return next((n for n, lr in enumerate(self.lrs) if lr & LR_ACTIVE and identify(lr) == value), None)

    # Maintenance

    @property
    def eisr(self) -> int:
        """A bit per list register whose end asks for a maintenance interrupt (5.3.5)."""
        return sum(1 << n for n, lr in enumerate(self.lrs) if not lr & (LR_STATE | LR_HW) and lr & LR_EOI)

    @property
    def elrsr(self) -> int:
        """A bit per list register that holds nothing (5.3.6)."""
        return sum(
            1 << n for n, lr in enumerate(self.lrs) if not lr & LR_STATE and (lr & LR_HW or not lr & LR_EOI)
        )

    @property
    def maintenance(self) -> bool:
        """The maintenance interrupt: any source, while the interface is enabled (5.3.1)."""
        return bool(self.hcr & Hcr.EN and self.misr)

    @property
    def misr(self) -> int:
        """The asserted sources of the maintenance interrupt, whether or not GICH_HCR.En lets it out (5.3.4)."""
        hcr, ctlr = self.hcr, self.guest.ctlr
        if not hcr & HCR_SOURCES:
            return Misr.EOI if self.eisr else 0
        states = [lr & LR_STATE for lr in self.lrs]
        sources = (
            (Misr.EOI, self.eisr),
            (Misr.U, hcr & Hcr.UIE and sum(map(bool, states)) <= 1),
            (Misr.LRENP, hcr & Hcr.LRENPIE and hcr >> EOI_COUNT_SHIFT),
            (Misr.NP, hcr & Hcr.NPIE and LR_PENDING not in states),
            (Misr.VGRP0E, hcr & Hcr.VGRP0EIE and ctlr & Ctlr.ENABLE_GRP0),
            (Misr.VGRP0D, hcr & Hcr.VGRP0DIE and not ctlr & Ctlr.ENABLE_GRP0),
            (Misr.VGRP1E, hcr & Hcr.VGRP1EIE and ctlr & Ctlr.ENABLE_GRP1),
            (Misr.VGRP1D, hcr & Hcr.VGRP1DIE and not ctlr & Ctlr.ENABLE_GRP1),
        )
        return sum(bit for bit, asserted in sources if asserted)

    # Registers

    @property
    def vmcr(self) -> int:
        """The guest's control registers in one word (5.3.3)."""
        guest = self.guest
        return guest.pmr << 24 | guest.bpr << 21 | guest.abpr << 18 | guest.ctlr

    @vmcr.setter
    def vmcr(self, value: int) -> None:
        guest = self.guest
        guest.write(Field.PMR, 0, value >> 24 & 0xF8)
        guest.write(Field.BPR, 0, value >> 21 & 7)
        guest.write(Field.ABPR, 0, value >> 18 & 7)
        guest.write(Field.CTLR, 0, value & 0x21F)

    def read(self, field: Field, index: int) -> int:
        """One word of GICH."""
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
        """One word of GICH; reserved bits are filtered already."""
        match field:
            case Field.HCR:
                self.hcr = value
            case Field.VMCR:
                self.vmcr = value
            case Field.APR:
                self.guest.write(Field.APR, 0, value)
            case Field.LR if index < self.list_registers:
                self.lrs[index] = value if value & LR_HW else value & ~LR_SOFTWARE_RESERVED
            case _:
                pass
