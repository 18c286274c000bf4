# SPDX-License-Identifier: MIT
"""``gicv2`` controller: the guest owns the physical GIC and the timers; no EL2 is in an interrupt's path."""

from __future__ import annotations

from harness.arch.virt import GICC_BASE, GICH_BASE, is_gic
from harness.devices import Port
from harness.el2.access import Reach
from harness.el2.controllers.base import Controller
from harness.el2.cpu_interface import MappedCpuInterface, is_cpu_interface
from harness.el2.physical.timer_traps import GrantedTimers
from harness.el2.softgic.soft_gic import pending_text
from harness.el2.vcpu import Vcpu
from harness.el2.vm import DeviceBus, Vm
from harness.gic import Gic


class Gicv2Controller(Controller):
    """EL2's part of it: stage 2 maps GICD, GICC and every other device through; WFI and CNTP_* are not trapped.

    The GIC's outputs drive the PEs. EL2 never programs it, and looks at it for diagnostics alone.
    """

    def __init__(self, vm: Vm, gic: Gic, timers: GrantedTimers) -> None:
        self._vcpus = vm.vcpus
        self._acknowledges = vm.acknowledges
        self._gic = gic
        timers.grant_physical_timer()
        for vcpu, irq, fiq in zip(vm.vcpus, gic.irq, gic.fiq, strict=True):
            vm.connect(vcpu, [irq], [fiq])
        self.reset()

    def reset(self) -> None:
        """Leaves the GIC in reset for the guest; lets WFI reach the PE."""
        for vcpu in self._vcpus:
            vcpu.pe.trap_wfi = False

    def has_interrupt(self, vcpu: Vcpu) -> bool:
        """Returns True if nIRQ or nFIQ is asserted to this CPU."""
        return self._gic.irq[vcpu.index].level or self._gic.fiq[vcpu.index].level

    def reach(self, ipa: int) -> Reach | None:
        """Maps everything through but the virtualization frames: they are EL2's and a guest sees none of them."""
        if ipa >= GICH_BASE and is_gic(ipa):
            return None
        return Reach(ipa, is_exit=False)

    def port(self, vcpu: Vcpu, ipa: int, bus: DeviceBus) -> Port | None:
        """Returns the way to the same device on the bus."""
        port = super().port(vcpu, ipa, bus)
        if port is not None and is_cpu_interface(ipa):
            return MappedCpuInterface(vcpu, self._acknowledges, port, GICC_BASE)
        return port

    def why_not(self, vcpu: Vcpu) -> str:
        """Says what is pending, and what holds it back."""
        return pending_text(self._gic, vcpu.index)
