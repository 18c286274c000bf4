# SPDX-License-Identifier: MIT
"""The ``trap`` controller: a GICv2 whose distributor *and* CPU interface are emulated, each access an exit.

It is what a hypervisor does without the virtualization extensions, and what they save it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.arch.virt import GICD_BASE, GICH_BASE
from harness.el2.controllers.base import Emulated, Reach, Service
from harness.el2.physical.forwarding import Intake, Served
from harness.el2.physical.gic_driver import GicDriver
from harness.el2.softgic.soft_gic import SoftGic
from harness.el2.vcpu import Vcpu

if TYPE_CHECKING:
    from harness.el2.hypervisor import Hypervisor


class TrapController:
    """Every register of the guest's GIC is software; HCR_EL2.VI and VF follow its nIRQ and nFIQ outputs."""

    takes_irqs = True

    def __init__(self, hypervisor: Hypervisor, intids: int, gic: GicDriver, priority_bits: int) -> None:
        self._vcpus = hypervisor.vcpus
        self._gic = gic
        self.soft = SoftGic(len(self._vcpus), intids, gic, hypervisor.platform, priority_bits)
        self._intake = Intake(hypervisor, gic, self._deliver, self._sync)
        self._irqs = self._fiqs = 0  # the guest GIC's nIRQ and nFIQ outputs, as last seen

    def start(self) -> None:
        """Start the physical GIC; the guest's is in reset."""
        self._intake.start()
        self.soft.links.start()

    def services(self) -> dict[int, Service]:
        """A GIC makes no calls."""
        return {}

    def physical_irq(self, vcpu: Vcpu) -> None:
        """Take what is signalled to this CPU."""
        self._intake.physical_irq(vcpu)

    def line_rose(self, intid: int) -> None:
        """Nothing to note."""

    def scheduled(self, vcpu: Vcpu) -> None:
        """Nothing to do."""

    def has_interrupt(self, vcpu: Vcpu) -> bool:
        """Whether the guest's GIC asserts nIRQ or nFIQ to this vCPU."""
        return bool((self.soft.gic.irq | self.soft.gic.fiq) >> vcpu.index & 1)

    def reset_vcpu(self, vcpu: Vcpu) -> None:
        """The GIC is not part of a PE: CPU_ON leaves it."""
        self._sync(vcpu)

    def suspended(self, vcpu: Vcpu) -> None:
        """The emulated GIC is not part of a CPU: it stays as it is."""

    def resumed(self, vcpu: Vcpu) -> None:
        """Nothing to bring back."""

    def system_register(self, vcpu: Vcpu, esr: int) -> bool:
        """CNTP_* of the EL1 physical timer."""
        return self._intake.timers.emulate(vcpu, esr)

    def reach(self, ipa: int) -> Reach | None:
        """GICD and GICC are emulated; GICH and GICV do not exist for a guest."""
        if not self._gic.owns(ipa):
            return Reach(ipa)
        return Reach(ipa, emulated=True) if GICD_BASE <= ipa < GICH_BASE else None

    def emulate(self, vcpu: Vcpu, ipa: int, size: int, value: int | None) -> Emulated:
        """Serve an access, let go of what it ended, and let every line it moved reach its vCPU."""
        served = self.soft.access(vcpu, ipa, size, value)
        self._follow(vcpu, served.intid)
        return served

    def completes(self, vcpu: Vcpu, ipa: int, value: int) -> int | None:
        """Every access is an exit: the ledger sees GICC_EOIR itself."""
        return None

    def virq_wires(self) -> int | None:
        """The line is EL2's to drive."""
        return None

    def vfiq_wires(self) -> int | None:
        """And so is this."""
        return None

    def why_not(self, vcpu: Vcpu) -> str:
        """What is pending, and what holds it back."""
        return self.soft.why_not(vcpu.index)

    def _deliver(self, vcpu: Vcpu, iar: int) -> Served | None:
        served = self.soft.pend(vcpu, iar)
        if served is not None:
            self._follow(vcpu, served.intid)
        return served

    def _follow(self, caller: Vcpu, intid: int | None) -> None:
        """Carry each change of the guest GIC's outputs to the vCPU."""
        irqs, fiqs = self.soft.gic.irq, self.soft.gic.fiq
        if (irqs, fiqs) == (self._irqs, self._fiqs):
            return
        told = irqs ^ self._irqs
        changed = told | fiqs ^ self._fiqs
        self._irqs, self._fiqs = irqs, fiqs
        for vcpu in self._vcpus:
            if told >> vcpu.index & 1:
                self._intake.line(vcpu.index, bool(irqs >> vcpu.index & 1), intid)
            if changed >> vcpu.index & 1:
                self._intake.kick(caller, vcpu, intid)

    def _sync(self, vcpu: Vcpu) -> None:
        vcpu.pe.virq = bool(self.soft.gic.irq >> vcpu.index & 1)
        vcpu.pe.vfiq = bool(self.soft.gic.fiq >> vcpu.index & 1)
        if self.has_interrupt(vcpu):
            vcpu.waiting = False
