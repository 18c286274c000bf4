# SPDX-License-Identifier: MIT
"""EL2's driver of one CPU's virtual interface control registers, GICH_*: MMIO accesses (IHI 0048B, 5.3)."""

from __future__ import annotations

from typing import NamedTuple

from harness.arch.gic import (
    GICH_ALIAS,
    GICH_ALIAS_STRIDE,
    GICH_APR,
    GICH_EISR,
    GICH_ELRSR,
    GICH_HCR,
    GICH_LR,
    GICH_VMCR,
    GICH_VTR,
    Ctlr,
    Hcr,
    Vmcr,
    Vtr,
)
from harness.arch.virt import GICH_BASE
from harness.el2.vm import PortBus, device_at
from harness.gic.priority import Candidate, group_priority, running_priority

APR_SHIFT = 3  # a bit of GICH_APR for each priority that five bits can say


class Context(NamedTuple):
    """Context of a vCPU that leaves its CPU, which it needs to go on: GICH_HCR, VMCR, APR and LRn (5.3)."""

    hcr: int
    vmcr: int
    apr: int
    lrs: tuple[int, ...]


class ListRegisters:
    """List registers of one CPU, through its alias block: EL2 may look at them from any CPU.

    While the vCPU is on no CPU, ``bus`` leads to where its state is kept.
    """

    def __init__(self, bus: PortBus, cpu: int) -> None:
        self._bus = bus
        self._port = device_at(bus, cpu, GICH_BASE)
        self._cpu = cpu
        self._base = GICH_BASE + GICH_ALIAS + GICH_ALIAS_STRIDE * cpu
        self._lrs = self._base + GICH_LR
        self.count = (self._read(GICH_VTR) & Vtr.LIST_REGS) + 1
        self._hcr = 0

    def reset(self, bus: PortBus) -> None:
        """Takes note that the hardware, which ``bus`` leads to, has come out of reset: off and empty."""
        self._bus = bus
        self._port = device_at(bus, self._cpu, GICH_BASE)
        self._hcr = 0

    def enable(self, *, underflow: bool = False, no_pending: bool = False, not_present: bool = False) -> None:
        """Turns the virtual interface on, with these maintenance interrupts and no others; EOICount becomes 0."""
        value = (
            Hcr.EN
            | (Hcr.UIE if underflow else 0)
            | (Hcr.NPIE if no_pending else 0)
            | (Hcr.LRENPIE if not_present else 0)
        )
        if value != self._hcr or not_present:  # EOICount counts on its own: it matters only where it is used
            self._hcr = value
            self._write(GICH_HCR, value)

    def take_eoi_count(self) -> int:
        """Returns how many interrupts that no list register held the guest has ended since this was last asked."""
        value = self._read(GICH_HCR)
        count = value >> Hcr.EOI_COUNT_SHIFT
        if count:
            self._write(GICH_HCR, value & Hcr.ENABLES)
        return count

    def empty(self) -> int:
        """Returns a bit for each list register that holds no interrupt, and whose end needs no EL2 (GICH_ELRSR)."""
        return self._bitmap(GICH_ELRSR)

    def ended(self) -> int:
        """Returns a bit for each list register whose interrupt, marked EOI, has ended (GICH_EISR)."""
        return self._bitmap(GICH_EISR)

    @property
    def split(self) -> bool:
        """True if the guest ends its interrupts in two steps: GICV_CTLR.EOImode, as GICH_VMCR shows it."""
        return bool(self._read(GICH_VMCR) & Ctlr.EOI_MODE)

    def signals(self, interrupt: Candidate) -> bool:
        """Returns True if the guest's CPU interface would signal it now: enabled, not masked, preempting (3.3)."""
        vmcr, priority, group = self._read(GICH_VMCR), interrupt.priority, interrupt.group
        if not vmcr >> group & 1 or priority >= vmcr >> Vmcr.PRIORITY_MASK_SHIFT:
            return False
        return self.group_priority(priority, group) < running_priority(self._read(GICH_APR), APR_SHIFT)

    def group_priority(self, priority: int, group: int) -> int:
        """Returns the part of a priority that preempts, by the guest's binary point (3.3.3, 4.4.8)."""
        vmcr = self._read(GICH_VMCR)
        if group and not vmcr & Ctlr.CBPR:
            return group_priority(priority, (vmcr >> Vmcr.ABPR_SHIFT & Vmcr.BPR) - 1)
        return group_priority(priority, vmcr >> Vmcr.BPR_SHIFT & Vmcr.BPR)

    def __getitem__(self, n: int) -> int:
        return self._port.load(self._lrs + 4 * n, 4)

    def __setitem__(self, n: int, value: int) -> None:
        self._port.store(self._lrs + 4 * n, 4, value)

    def save(self) -> Context:
        """Takes the vCPU's whole virtual interface out of the hardware; it is off and empty afterwards."""
        context = Context(
            self._read(GICH_HCR),
            self._read(GICH_VMCR),
            self._read(GICH_APR),
            tuple(self[n] for n in range(self.count)),
        )
        self._hcr = 0
        self._write(GICH_HCR, 0)
        for n in range(self.count):
            self[n] = 0
        return context

    def restore(self, context: Context) -> None:
        """Puts a vCPU's virtual interface back into the hardware, and turns it on last."""
        for n, value in enumerate(context.lrs):
            self[n] = value
        self._write(GICH_APR, context.apr)
        self._write(GICH_VMCR, context.vmcr)
        self._hcr = context.hcr & Hcr.ENABLES
        self._write(GICH_HCR, context.hcr)

    def move(self, bus: PortBus) -> None:
        """Takes all of it out of where it is, to where ``bus`` leads; nothing to do if it is there."""
        if bus is not self._bus:
            context = self.save()
            self._bus = bus
            self._port = device_at(bus, self._cpu, GICH_BASE)
            self.restore(context)

    def _bitmap(self, register: int) -> int:
        low = self._port.load(self._base + register, 4)
        return low | self._read(register + 4) << 32 if self.count > 32 else low

    def _read(self, offset: int) -> int:
        return self._port.load(self._base + offset, 4)

    def _write(self, offset: int, value: int) -> None:
        self._port.store(self._base + offset, 4, value)
