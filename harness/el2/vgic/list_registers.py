# SPDX-License-Identifier: MIT
"""EL2's driver of one CPU's virtual interface control registers, GICH_*: MMIO accesses (IHI 0048B, 5.3)."""

from __future__ import annotations

from typing import NamedTuple

from harness.arch.virt import GICH_BASE
from harness.el2.physical.gic_driver import PhysicalBus
from harness.gic.priority import Candidate, group_priority, running_priority

ALIAS_BASE = GICH_BASE + 0x1000  # as on a GIC-400: any CPU's GICH for all CPUs
ALIAS_STRIDE = 0x200
GICH_HCR = 0x000
GICH_VTR = 0x004
GICH_VMCR = 0x008
GICH_EISR0 = 0x020
GICH_ELRSR0 = 0x030
GICH_APR = 0x0F0
GICH_LR = 0x100

HCR_EN = 1 << 0
HCR_UIE = 1 << 1  # underflow: maintenance interrupt while at most one list register is valid
HCR_LRENPIE = 1 << 2  # entry not present: while EOICount is not zero
HCR_NPIE = 1 << 3  # no pending: while no list register is in the pending state
HCR_ENABLES = 0xFF
EOI_COUNT_SHIFT = 27
VTR_LIST_REGS = 0x3F
VMCR_EOIMODE = 1 << 9
VMCR_CBPR = 1 << 4
VMCR_PRIORITY_SHIFT, VMCR_BPR_SHIFT, VMCR_ABPR_SHIFT = 24, 21, 18
APR_SHIFT = 3  # a bit of GICH_APR for each priority that five bits can say

PENDING = 1 << 28
ACTIVE = 1 << 29
STATE = PENDING | ACTIVE
GROUP1 = 1 << 30
HW = 1 << 31
EOI = 1 << 19  # where HW is 0: maintenance interrupt when it ends
PHYSICAL_SHIFT = 10
PRIORITY_SHIFT = 20  # GICH_LR holds the upper five of eight bits of priority in [27:23]
PRIORITY_BITS = 0xF8
PRIORITY_WIDTH = 5  # so a guest of GICV has five bits of priority, whatever the physical GIC has (5.3.2)


class Context(NamedTuple):
    """What a vCPU leaves behind when it leaves its CPU, and needs to go on: GICH_HCR, VMCR, APR and LRn (5.3)."""

    hcr: int
    vmcr: int
    apr: int
    lrs: tuple[int, ...]


class ListRegisters:
    """The list registers of one CPU, through its alias block: EL2 may look at them from any CPU.

    While the vCPU is on no CPU, ``bus`` leads to where its state is kept.
    """

    def __init__(self, bus: PhysicalBus, cpu: int) -> None:
        self._bus = bus
        self._cpu = cpu
        self._base = ALIAS_BASE + ALIAS_STRIDE * cpu
        self.count = (self._read(GICH_VTR) & VTR_LIST_REGS) + 1
        self._hcr = 0

    def enable(self, *, underflow: bool = False, no_pending: bool = False, not_present: bool = False) -> None:
        """Turn the virtual interface on, with these maintenance interrupts and no others; EOICount becomes 0."""
        value = (
            HCR_EN
            | (HCR_UIE if underflow else 0)
            | (HCR_NPIE if no_pending else 0)
            | (HCR_LRENPIE if not_present else 0)
        )
        if value != self._hcr or not_present:  # EOICount counts on its own: it matters only where it is used
            self._hcr = value
            self._write(GICH_HCR, value)

    def take_eoi_count(self) -> int:
        """How many interrupts that no list register held the guest has ended since this was last asked."""
        value = self._read(GICH_HCR)
        count = value >> EOI_COUNT_SHIFT
        if count:
            self._write(GICH_HCR, value & HCR_ENABLES)
        return count

    def empty(self) -> int:
        """A bit for each list register that holds no interrupt, and whose end needs no EL2 (GICH_ELRSR)."""
        return self._bitmap(GICH_ELRSR0)

    def ended(self) -> int:
        """A bit for each list register whose interrupt, marked EOI, has ended (GICH_EISR)."""
        return self._bitmap(GICH_EISR0)

    @property
    def split(self) -> bool:
        """Whether the guest ends its interrupts in two steps: GICV_CTLR.EOImode, as GICH_VMCR shows it."""
        return bool(self._read(GICH_VMCR) & VMCR_EOIMODE)

    def signals(self, interrupt: Candidate) -> bool:
        """Whether the guest's CPU interface would signal this one now: enabled, not masked, preempting (3.3)."""
        vmcr, priority, group = self._read(GICH_VMCR), interrupt.priority, interrupt.group
        if not vmcr >> group & 1 or priority >= vmcr >> VMCR_PRIORITY_SHIFT:
            return False
        return self.group_priority(priority, group) < running_priority(self._read(GICH_APR), APR_SHIFT)

    def group_priority(self, priority: int, group: int) -> int:
        """The part of a priority that preempts, by the guest's binary point for the group (3.3.3, 4.4.8)."""
        vmcr = self._read(GICH_VMCR)
        if group and not vmcr & VMCR_CBPR:
            return group_priority(priority, (vmcr >> VMCR_ABPR_SHIFT & 7) - 1)
        return group_priority(priority, vmcr >> VMCR_BPR_SHIFT & 7)

    def __getitem__(self, n: int) -> int:
        return self._read(GICH_LR + 4 * n)

    def __setitem__(self, n: int, value: int) -> None:
        self._write(GICH_LR + 4 * n, value)

    def save(self) -> Context:
        """Take the vCPU's whole virtual interface out of the hardware; it is off and empty afterwards."""
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
        """Put a vCPU's virtual interface back into the hardware, and turn it on last."""
        for n, value in enumerate(context.lrs):
            self[n] = value
        self._write(GICH_APR, context.apr)
        self._write(GICH_VMCR, context.vmcr)
        self._hcr = context.hcr & HCR_ENABLES
        self._write(GICH_HCR, context.hcr)

    def move(self, bus: PhysicalBus) -> None:
        """Take all of it out of where it is, to where ``bus`` leads; nothing to do if it is there."""
        if bus is not self._bus:
            context = self.save()
            self._bus = bus
            self.restore(context)

    def _bitmap(self, register: int) -> int:
        low = self._read(register)
        return low | self._read(register + 4) << 32 if self.count > 32 else low

    def _read(self, offset: int) -> int:
        return self._bus.read(self._cpu, self._base + offset, 4)

    def _write(self, offset: int, value: int) -> None:
        self._bus.write(self._cpu, self._base + offset, 4, value)
