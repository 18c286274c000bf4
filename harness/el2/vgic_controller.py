# SPDX-License-Identifier: MIT
"""The ``vgic`` controller: a GICv2 through its virtualization extensions (IHI 0048B, chapter 5).

The distributor is trapped and emulated. At GICC's address the guest finds GICV, mapped through: it acknowledges
and ends its interrupts without an exit. EL2 presents them in list registers. One that a physical interrupt stands
behind is presented with the HW bit, so that the guest's own end-of-interrupt deactivates the physical one.

EL2 keeps the guest's distributor in a software GIC. Its CPU interface is EL2's: what is read from *its* GICC_IAR
goes into a list register and is active there until the guest has ended it. When more is pending than there are
list registers, the underflow maintenance interrupt brings EL2 back to refill them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.arch import intid as ids
from harness.arch.virt import GICC_BASE, GICD_BASE, GICV_BASE
from harness.el2 import list_registers as lr
from harness.el2.controller import Emulated, Reach, Service
from harness.el2.gic_driver import GICC_EOIR, IAR_INTID, GicDriver, PhysicalBus
from harness.el2.intake import Intake, Served
from harness.el2.list_registers import Context, ListRegisters
from harness.el2.soft_gic import SoftGic
from harness.el2.vcpu import Vcpu
from harness.gic import Frame

if TYPE_CHECKING:
    from harness.el2.hypervisor import Hypervisor
    from harness.gic import Gic

GICC_AEOIR = GICC_BASE + 0x24
GICC_FRAME_END = GICC_BASE + 0x2000
GICD_FRAME_END = GICD_BASE + 0x1000

# Registers of the software GIC's CPU interface, which EL2 drains for the vCPU.
CTLR, PMR, IAR, EOIR, DIR = 0x0000, 0x0004, 0x000C, 0x0010, 0x1000
CTLR_BOTH_GROUPS = 0b111  # EnableGrp0, EnableGrp1, AckCtl
CTLR_EOIMODE = 1 << 9
HPPIR = 0x0018
SPENDSGIR = 0xF20


@dataclass(slots=True)
class Presented:
    """What a list register holds: the software GIC's IAR value of it (INTID, and an SGI's source)."""

    iar: int

    @property
    def intid(self) -> int:
        """The guest's INTID."""
        return self.iar & IAR_INTID


class VgicController:
    """EL2's part of a GICv2 with virtualization extensions."""

    takes_irqs = True

    def __init__(
        self, hypervisor: Hypervisor, intids: int, gic: GicDriver, bus: PhysicalBus, wires: Gic
    ) -> None:
        self._vcpus = hypervisor.vcpus
        self._gic = gic
        self._wires = wires  # only for its VIRQ outputs, which lead to the PEs
        self._soft = SoftGic(len(self._vcpus), intids, gic)
        self._intake = Intake(hypervisor, gic, self._deliver, self._refill)
        self._bus = bus
        self.lists: list[ListRegisters] = []
        self._presented: list[dict[int, Presented]] = [{} for _ in self._vcpus]

    # Controller

    def start(self) -> None:
        """Start the physical GIC, every virtual interface, and EL2's end of the software GIC."""
        self._intake.start()
        self.lists = [ListRegisters(self._bus, vcpu.index) for vcpu in self._vcpus]
        for vcpu in self._vcpus:
            self._soft.gic.write(Frame.GICC, vcpu.index, PMR, 4, 0xFF)
            self._soft.gic.write(Frame.GICC, vcpu.index, CTLR, 4, CTLR_BOTH_GROUPS | CTLR_EOIMODE)
            self.lists[vcpu.index].enable()

    def services(self) -> dict[int, Service]:
        """A GIC makes no calls."""
        return {}

    def physical_irq(self, vcpu: Vcpu) -> None:
        """Take what is signalled to this CPU; a maintenance interrupt (PPI 25) is among it."""
        self._intake.physical_irq(vcpu)

    def line_rose(self, intid: int) -> None:
        """Nothing to note."""

    def scheduled(self, vcpu: Vcpu) -> None:
        """Nothing to do."""

    def has_interrupt(self, vcpu: Vcpu) -> bool:
        """Whether the virtual interface signals the vCPU."""
        return bool(self._wires.virq >> vcpu.index & 1)

    def reset_vcpu(self, vcpu: Vcpu) -> None:
        """CPU_ON: a virtual interface in reset; what was presented in it is pending again, or still active."""
        self._withdraw(vcpu)
        self._presented[vcpu.index].clear()
        self.lists[vcpu.index].restore(Context())
        self._refill(vcpu)

    def system_register(self, vcpu: Vcpu, esr: int) -> bool:
        """CNTP_* of the EL1 physical timer."""
        return self._intake.timers.emulate(vcpu, esr)

    def reach(self, ipa: int) -> Reach | None:
        """GICD is emulated, GICC is GICV mapped through; the other frames do not exist for a guest."""
        if not self._gic.owns(ipa):
            return Reach(ipa)
        if GICC_BASE <= ipa < GICC_FRAME_END:
            return Reach(ipa - GICC_BASE + GICV_BASE, is_exit=False)
        return Reach(ipa, emulated=True) if GICD_BASE <= ipa < GICD_FRAME_END else None

    def emulate(self, vcpu: Vcpu, ipa: int, size: int, value: int | None) -> Emulated:
        """Serve an access to GICD: take back what is only pending, do it, present anew."""
        self._withdraw(vcpu)
        before = self._soft.gic.irq
        served = self._soft.access(vcpu, ipa, size, value)
        self._soft.release(vcpu)
        raised = self._soft.gic.irq & ~before
        self._refill(vcpu)
        for other in self._vcpus:
            if other is not vcpu and raised >> other.index & 1:
                self._intake.kick(vcpu, other, served.intid)
        return served

    def completes(self, vcpu: Vcpu, ipa: int, value: int) -> int | None:
        """A store to GICV_EOIR ends an interrupt."""
        intid = value & IAR_INTID
        return intid if ipa in (GICC_EOIR, GICC_AEOIR) and intid < ids.SPURIOUS_GROUP1 else None

    def virq_wires(self) -> int | None:
        """The virtual interfaces' VIRQ outputs."""
        return self._wires.virq

    def why_not(self, vcpu: Vcpu) -> str:
        """What is pending, and what holds it back."""
        shown = ", ".join(f"INTID {p.intid} in a list register" for p in self._presented[vcpu.index].values())
        return shown or self._soft.why_not(vcpu.index)

    # List registers

    def _deliver(self, vcpu: Vcpu, iar: int) -> Served | None:
        if iar & IAR_INTID == ids.PPI_MAINTENANCE:
            self._refill(vcpu)  # before it is deactivated: the cause must be gone
            self._gic.deactivate(vcpu.index, iar)
            return None
        # The guest ended the last one before this could come, on whichever CPU that was presented.
        for other in self._vcpus:
            self._collect(other)
        served = self._soft.pend(vcpu, iar)
        if served is not None and served.vcpu != vcpu.index:
            self._intake.kick(vcpu, self._vcpus[served.vcpu], served.intid)
        return served

    def _refill(self, vcpu: Vcpu) -> None:
        """Note what the guest has ended, and present what is pending, most urgent first."""
        self._collect(vcpu)
        lists, presented, soft = self.lists[vcpu.index], self._presented[vcpu.index], self._soft.gic
        while soft.irq >> vcpu.index & 1:
            free = next((n for n in range(lists.count) if n not in presented), None)
            if free is None and not self._evict(vcpu):
                break
            if free is not None and not self._present(vcpu, free):
                break
        lists.enable(underflow=bool(soft.irq >> vcpu.index & 1))
        if self.has_interrupt(vcpu):
            vcpu.waiting = False

    def _present(self, vcpu: Vcpu, n: int) -> bool:
        """Move the most urgent pending interrupt into an empty list register; False if there is none."""
        cpu, soft = vcpu.index, self._soft.gic
        iar = soft.read(Frame.GICC, cpu, IAR, 4)
        if iar & IAR_INTID >= ids.SPURIOUS_GROUP1:
            return False
        soft.write(Frame.GICC, cpu, EOIR, 4, iar)
        intid = iar & IAR_INTID
        state = soft.state(intid, cpu)
        value = iar | lr.PENDING | (state.priority & lr.PRIORITY_BITS) << lr.PRIORITY_SHIFT
        if self._soft.is_linked(cpu, intid):
            value = value & ~(0x3FF << lr.PHYSICAL_SHIFT) | lr.HW | intid << lr.PHYSICAL_SHIFT
        if state.group:
            value |= lr.GROUP1
        self._presented[cpu][n] = Presented(iar)
        self.lists[cpu][n] = value
        return True

    def _collect(self, vcpu: Vcpu) -> None:
        """Interrupts whose list register is empty again: the guest has ended them."""
        presented = self._presented[vcpu.index]
        if not presented:
            return
        empty = self.lists[vcpu.index].empty()
        for n in [n for n in presented if empty >> n & 1]:
            ended = presented.pop(n)
            self._soft.unlink(vcpu.index, ended.intid)
            self._soft.gic.write(Frame.GICC, vcpu.index, DIR, 4, ended.iar)

    def _withdraw(self, vcpu: Vcpu) -> None:
        """Take back what the guest has not acknowledged: it is pending in the software GIC again."""
        self._collect(vcpu)
        for n in list(self._presented[vcpu.index]):
            self._take_back(vcpu, n)

    def _take_back(self, vcpu: Vcpu, n: int) -> bool:
        """Take back one list register, if it is pending and no more."""
        lists, presented, soft = self.lists[vcpu.index], self._presented[vcpu.index], self._soft.gic
        if lists[n] & (lr.PENDING | lr.ACTIVE) != lr.PENDING:
            return False
        lists[n] = 0
        taken = presented.pop(n)
        soft.write(Frame.GICC, vcpu.index, DIR, 4, taken.iar)
        if taken.intid < ids.SGI_COUNT:
            soft.write(Frame.GICD, vcpu.index, SPENDSGIR + taken.intid, 1, 1 << (taken.iar >> 10 & 7))
        else:
            self._soft.latch(vcpu.index, taken.intid)
        return True

    def _evict(self, vcpu: Vcpu) -> bool:
        """Make room for a more urgent interrupt than the least urgent that is presented and still pending."""
        lists, soft = self.lists[vcpu.index], self._soft.gic
        urgency = soft.state(soft.read(Frame.GICC, vcpu.index, HPPIR, 4) & IAR_INTID, vcpu.index).priority
        least = max(
            (n for n in self._presented[vcpu.index] if lists[n] & (lr.PENDING | lr.ACTIVE) == lr.PENDING),
            key=lambda n: lists[n] >> lr.PRIORITY_SHIFT & lr.PRIORITY_BITS,
            default=None,
        )
        if (
            least is None
            or lists[least] >> lr.PRIORITY_SHIFT & lr.PRIORITY_BITS <= urgency & lr.PRIORITY_BITS
        ):
            return False
        return self._take_back(vcpu, least)
