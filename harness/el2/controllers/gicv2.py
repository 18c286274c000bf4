# SPDX-License-Identifier: MIT
"""The ``gicv2`` controller: the guest owns the physical GIC and the timers; no EL2 is in an interrupt's path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.arch import intid as ids
from harness.arch.virt import GICC_BASE, GICH_BASE
from harness.el2.controllers.base import Emulated, Reach, Service
from harness.el2.physical.gic_driver import GICC_EOIR, IAR_INTID, GicDriver
from harness.el2.softgic.soft_gic import pending_text
from harness.el2.vcpu import Vcpu

if TYPE_CHECKING:
    from harness.el2.hypervisor import Hypervisor
    from harness.gic import Gic

GICC_AEOIR = GICC_BASE + 0x24


class Gicv2Controller:
    """Stage 2 maps GICD, GICC and every other device through; WFI is not trapped."""

    takes_irqs = False

    def __init__(self, hypervisor: Hypervisor, gic: Gic) -> None:
        self._vcpus = hypervisor.vcpus
        self._platform = hypervisor.platform
        self._gic = gic  # only its output wires and its state for diagnostics: EL2 never programs it

    def start(self) -> None:
        """Leave the GIC in reset for the guest; let it use WFI and CNTP_* without an exit."""
        self._platform.own_physical_timer()
        for vcpu in self._vcpus:
            vcpu.pe.trap_wfi = False

    def services(self) -> dict[int, Service]:
        """A GIC makes no calls."""
        return {}

    def physical_irq(self, vcpu: Vcpu) -> None:
        """IRQs are the guest's: HCR_EL2.IMO is clear on such a machine."""

    def line_rose(self, intid: int) -> None:
        """Nothing to note."""

    def scheduled(self, vcpu: Vcpu) -> None:
        """Nothing to do."""

    def has_interrupt(self, vcpu: Vcpu) -> bool:
        """Whether nIRQ or nFIQ is asserted to this CPU."""
        return bool((self._gic.irq | self._gic.fiq) >> vcpu.index & 1)

    def reset_vcpu(self, vcpu: Vcpu) -> None:
        """The GIC is not part of a PE: CPU_ON leaves it."""

    def suspended(self, vcpu: Vcpu) -> None:
        """The GIC is outside the CPU's power domain: it stays as it is."""

    def resumed(self, vcpu: Vcpu) -> None:
        """Nothing to bring back."""

    def system_register(self, vcpu: Vcpu, esr: int) -> bool:
        """No register is trapped."""
        return False

    def reach(self, ipa: int) -> Reach | None:
        """Everything is mapped through; the virtualization frames are EL2's and a guest sees none of them."""
        if ipa >= GICH_BASE and GicDriver.owns(ipa):
            return None
        return Reach(ipa, is_exit=False)

    def emulate(self, vcpu: Vcpu, ipa: int, size: int, value: int | None) -> Emulated:
        """There is no register that this controller emulates."""
        raise LookupError(f"no emulated register at {ipa:#x}")

    def completes(self, vcpu: Vcpu, ipa: int, value: int) -> int | None:
        """A store to GICC_EOIR ends an interrupt."""
        intid = value & IAR_INTID
        return intid if ipa in (GICC_EOIR, GICC_AEOIR) and intid < ids.SPURIOUS_GROUP1 else None

    def virq_wires(self) -> int | None:
        """The GIC's nIRQ outputs."""
        return self._gic.irq

    def vfiq_wires(self) -> int | None:
        """The GIC's nFIQ outputs."""
        return self._gic.fiq

    def why_not(self, vcpu: Vcpu) -> str:
        """What is pending, and what holds it back."""
        return pending_text(self._gic, vcpu.index)
