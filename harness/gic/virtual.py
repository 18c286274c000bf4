# SPDX-License-Identifier: MIT
"""Virtual CPU interface from the hypervisor's side: GICH, list registers and maintenance (IHI 0048B, 5.3)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

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
from harness.gic.priority import NO_RANK, RANK_SHIFT
from harness.gic.registers import Field

VIRTUAL_MINIMUM_BPR: Final = 2
SOURCES: Final = Hcr.ENABLES & ~Hcr.EN  # the enables of every maintenance interrupt but EOI's

_STATE: Final = Lr.STATE
_PENDING: Final = Lr.PENDING
_ACTIVE: Final = Lr.ACTIVE
_EOI: Final = Lr.EOI
_HW: Final = Lr.HW
_EN: Final = Hcr.EN
_LEVEL_SHIFT: Final = Lr.PRIORITY_SHIFT + 3  # of the five bits of priority that there are
_LEVELS: Final = 32
_EOI_MODE: Final = Ctlr.EOI_MODE


def identify(lr: int) -> int:
    """Returns the value GICV_IAR gives for a list register: VirtualID, and CPUID for an SGI that software made."""
    intid = lr & IAR_INTID
    return intid | lr & IAR_CPUID if intid < SGI_COUNT and not lr & _HW else intid


class VirtualInterface:
    """Virtual interface of one CPU: GICH, and the CPU interface that its guest sees.

    ``lrs`` are the list registers, which :meth:`set_lr` writes. Beside them stand bitmaps with a bit for each:
    ``active``; ``valid``, pending or active; ``eisr``, those whose end asks for a maintenance interrupt (5.3.5);
    ``elrsr``, those that hold nothing (5.3.6); ``waiting``, for each level of priority those that are pending.
    """

    def __init__(self, list_registers: int = 1) -> None:
        self.list_registers = list_registers
        self.guest = CpuInterface(LR_PRIORITY, VIRTUAL_MINIMUM_BPR, one_apr=True)
        self.reset()

    def reset(self) -> None:
        """Takes every register to its reset value, the list registers to zero."""
        self.guest.reset()
        self.hcr: int = 0
        self.lrs: list[int] = [0] * self.list_registers
        self.active: int = 0
        self.valid: int = 0
        self.eisr: int = 0
        self.elrsr: int = (1 << self.list_registers) - 1
        self.waiting: list[int] = [0] * _LEVELS
        self.levels: int = 0  # a bit for each level at which one is pending

    def contents(self) -> tuple[object, ...]:
        """Returns all of its state as plain data, to compare."""
        return (self.hcr, self.lrs, self.guest.contents())

    def set_lr(self, n: int, value: int) -> None:
        """Writes a list register."""
        bit, old = 1 << n, self.lrs[n]
        self.lrs[n] = value
        if old & _STATE == _PENDING:
            level = old >> _LEVEL_SHIFT & 31
            self.waiting[level] &= ~bit
            if not self.waiting[level]:
                self.levels &= ~(1 << level)
        if value & _STATE == _PENDING:
            level = value >> _LEVEL_SHIFT & 31
            self.waiting[level] |= bit
            self.levels |= 1 << level
        self.active = self.active | bit if value & _ACTIVE else self.active & ~bit
        self.valid &= ~bit
        self.eisr &= ~bit
        self.elrsr &= ~bit
        if value & _STATE:
            self.valid |= bit
        elif value & _EOI and not value & _HW:
            self.eisr |= bit
        else:
            self.elrsr |= bit

    # What the guest's CPU interface asks for

    def follow(self) -> None:
        """Shows it the highest-priority pending list register, of whichever group; the key is its number."""
        if not self.hcr & _EN or not self.levels:
            self.guest.follow(NO_RANK, 0)
            return
        level = (self.levels & -self.levels).bit_length() - 1
        waiting = self.waiting[level]
        n = (waiting & -waiting).bit_length() - 1
        self.guest.follow(level << 3 + RANK_SHIFT | n, self.lrs[n] >> 30 & 1)

    def activate(self, n: int) -> int:
        """Takes list register ``n``, as GICV_IAR does: pending becomes active."""
        lr = self.lrs[n] & ~_STATE | _ACTIVE
        self.set_lr(n, lr)
        return identify(lr)

    def deactivate(self, value: int) -> int | None:
        """Ends ``value``. Returns the physical INTID to deactivate, for a hardware interrupt.

        With no active list register for it, GICH_HCR.EOICount counts (5.3.1): the hypervisor holds it.
        """
        n = self.find_active(value)
        if n is None:
            count = self.hcr + (1 << Hcr.EOI_COUNT_SHIFT) & Hcr.EOI_COUNT
            self.hcr = self.hcr & ~Hcr.EOI_COUNT | count
            return None
        lr = self.lrs[n] & ~_ACTIVE
        self.set_lr(n, lr)
        return lr >> Lr.PHYSICAL_SHIFT & IAR_INTID if lr & _HW else None

    def end(self, register: Field, value: int) -> int | None:
        """Serves GICV_EOIR, AEOIR or DIR. Returns the physical INTID to deactivate, if any."""
        if value & IAR_INTID >= 1020:
            return None
        if register is Field.DIR:
            return self.deactivate(value) if self.guest.ctlr & _EOI_MODE else None
        if register is Field.AEOIR:
            n = self.find_active(value)
            if n is not None and not self.lrs[n] & Lr.GROUP1:
                return None  # the alias ends Group 1 only
        if not self.guest.drop_priority() or self.guest.ctlr & _EOI_MODE:
            return None
        return self.deactivate(value)

    def find_active(self, value: int) -> int | None:
        """Returns the active list register that GICV_IAR gave as ``value``."""
        left = self.active
        while left:
            n = (left & -left).bit_length() - 1
            if identify(self.lrs[n]) == value:
                return n
            left &= left - 1
        return None

    # Maintenance

    @property
    def maintenance(self) -> bool:
        """Level of the maintenance interrupt: any source, while the interface is enabled (5.3.1)."""
        if not self.hcr & SOURCES:
            return self.eisr != 0 and self.hcr & _EN != 0
        return self.hcr & _EN != 0 and self.misr != 0

    @property
    def misr(self) -> int:
        """Asserted sources of the maintenance interrupt, whether or not GICH_HCR.En lets it out (5.3.4)."""
        hcr, ctlr = self.hcr, self.guest.ctlr
        value = Misr.EOI if self.eisr else 0
        if hcr & Hcr.UIE and not self.valid & (self.valid - 1):
            value |= Misr.U
        if hcr & Hcr.LRENPIE and hcr & Hcr.EOI_COUNT:
            value |= Misr.LRENP
        if hcr & Hcr.NPIE and not self.levels:
            value |= Misr.NP
        for group, enabled, disabled in ((0, Misr.VGRP0E, Misr.VGRP0D), (1, Misr.VGRP1E, Misr.VGRP1D)):
            value |= hcr & (enabled if ctlr >> group & 1 else disabled)  # whose enables have the same places
        return value

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

    def reader(self, field: Field, index: int) -> Callable[[], int]:
        """Returns what reads one word of GICH."""
        match field:
            case Field.HCR:
                return lambda: self.hcr
            case Field.VMCR:
                return lambda: self.vmcr
            case Field.MISR:
                return lambda: self.misr
            case Field.EISR:
                return lambda: self.eisr >> 32 * index & 0xFFFF_FFFF
            case Field.ELRSR:
                return lambda: self.elrsr >> 32 * index & 0xFFFF_FFFF
            case Field.APR:
                return lambda: self.guest.apr
            case Field.LR if index < self.list_registers:
                return lambda: self.lrs[index]
            case _:
                return lambda: 0

    def writer(self, field: Field, index: int) -> Callable[[int], object]:
        """Returns what writes one word of GICH; reserved bits are filtered already."""
        match field:
            case Field.HCR | Field.VMCR:
                return partial(setattr, self, field.name.lower())
            case Field.APR:
                return partial(self.guest.write, Field.APR, 0)
            case Field.LR if index < self.list_registers:
                return partial(self._write_lr, index)
            case _:
                return lambda _value: None

    def _write_lr(self, n: int, value: int) -> None:
        self.set_lr(n, value if value & _HW else value & ~Lr.SOFTWARE_RESERVED)
