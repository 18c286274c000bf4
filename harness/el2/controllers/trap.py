# SPDX-License-Identifier: MIT
"""``trap`` controller: a GICv2 whose distributor *and* CPU interface are emulated, each access an exit.

It is what a hypervisor does without the virtualization extensions, and what they save it.
"""

from __future__ import annotations

from functools import partial

from harness.arch.virt import GIC_FRAME_SIZE, GICC_BASE, GICD_BASE, GICH_BASE, is_gic
from harness.devices import Port
from harness.el2.access import Emulated, Reach
from harness.el2.controllers.base import EmulatedPort, ForwardingController
from harness.el2.cpu_interface import acknowledged
from harness.el2.physical.forwarding import Forwarded
from harness.el2.physical.gic_driver import GicDriver
from harness.el2.physical.timer_traps import TimerRegisters
from harness.el2.softgic.soft_gic import SoftGic
from harness.el2.vcpu import Vcpu
from harness.el2.vm import DeviceBus, Vm
from harness.gic import Frame

ACKNOWLEDGES = ("GICC_IAR", "GICC_AIAR")


class TrapController(ForwardingController):
    """EL2's part of it: every register of the guest's GIC is software; HCR_EL2.VI and VF follow its outputs."""

    def __init__(
        self, vm: Vm, physical: GicDriver, timers: TimerRegisters, intids: int, priority_bits: int
    ) -> None:
        super().__init__(vm, physical, timers)
        self.soft = SoftGic(len(vm.vcpus), intids, physical, vm.bus, priority_bits)
        self.acknowledges = vm.acknowledges
        self._moved = 0  # a bit for each vCPU of which an output of the guest's GIC has moved
        for cpu, outputs in enumerate(zip(self.soft.gic.irq, self.soft.gic.fiq, strict=True)):
            for output in outputs:
                output.listen(partial(self._output_moved, 1 << cpu))
        self.reset()

    def reset(self) -> None:
        """Starts the physical GIC; the guest's is in reset."""
        super().reset()
        self.soft.reset()
        self._moved = 0

    def has_interrupt(self, vcpu: Vcpu) -> bool:
        """Returns True if the guest's GIC asserts nIRQ or nFIQ to this vCPU."""
        return self.soft.gic.irq[vcpu.index].level or self.soft.gic.fiq[vcpu.index].level

    def reset_vcpu(self, vcpu: Vcpu) -> None:
        """Leaves the GIC, which is not part of a PE; shows its outputs to the PE, which is in reset."""
        self._sync(vcpu)

    def reach(self, ipa: int) -> Reach | None:
        """Emulates GICD and GICC; GICH and GICV do not exist for a guest."""
        if not is_gic(ipa):
            return Reach(ipa)
        return Reach(ipa, emulated=True) if self._is_emulated(ipa) else None

    def _is_emulated(self, ipa: int) -> bool:
        return GICD_BASE <= ipa < GICH_BASE

    def port(self, vcpu: Vcpu, ipa: int, bus: DeviceBus) -> Port | None:
        """Returns the way to a device on the bus, or to the guest's GIC."""
        if not self._is_emulated(ipa):
            return super().port(vcpu, ipa, bus)
        if ipa >= GICC_BASE + GIC_FRAME_SIZE:
            return None
        return GicPort(self, vcpu, Frame.GICC if ipa >= GICC_BASE else Frame.GICD)

    def emulate(self, vcpu: Vcpu, ipa: int, size: int, value: int | None) -> Emulated:
        """Serves an access, lets go of what it ended, and lets every output it moved reach its vCPU."""
        served = self.soft.access(vcpu, ipa, size, value)
        self._follow(vcpu, served.intid)
        if value is None and served.intid is not None and served.register in ACKNOWLEDGES:
            self._vm.acknowledges.note(vcpu, served.intid)
        return served

    def why_not(self, vcpu: Vcpu) -> str:
        """Says what is pending, and what holds it back."""
        return self.soft.why_not(vcpu.index)

    def _deliver(self, vcpu: Vcpu, iar: int) -> Forwarded | None:
        forwarded = self.soft.pend(vcpu, iar)
        if forwarded is not None:
            self._follow(vcpu, forwarded.intid)
        return forwarded

    def _output_moved(self, bit: int, _level: bool) -> None:
        self._moved |= bit

    def follow(self, vcpu: Vcpu, frame: Frame, offset: int, value: int, write: bool) -> None:
        """Carries on what an access of a word has moved: of its own vCPU, without a look at what it was about."""
        if self._moved == 1 << vcpu.index:
            self._moved = 0
            self._show(vcpu, vcpu, None)
        elif self._moved:
            self._follow(vcpu, self.soft.about(vcpu.index, frame, offset, 4, value, write)[1])

    def _follow(self, caller: Vcpu, intid: int | None) -> None:
        """Carries what an access has changed of the guest GIC's outputs, on the whole, to the vCPUs."""
        moved, self._moved = self._moved, 0
        if not moved:
            return
        for vcpu in self._vcpus:
            if moved >> vcpu.index & 1:
                self._show(caller, vcpu, intid)

    def _show(self, caller: Vcpu, vcpu: Vcpu, intid: int | None) -> None:
        irq, fiq = self.soft.gic.irq[vcpu.index].level, self.soft.gic.fiq[vcpu.index].level
        irq_moved, fiq_moved = irq != vcpu.virq.level, fiq != vcpu.vfiq.level
        vcpu.virq.drive(irq)
        vcpu.vfiq.drive(fiq)
        if irq_moved:
            self._forwarding.tell(vcpu.index, irq, intid)
        if irq_moved or fiq_moved:
            self._forwarding.kick(caller, vcpu, intid)

    def _sync(self, vcpu: Vcpu) -> None:
        irq, fiq = self.soft.gic.irq[vcpu.index].level, self.soft.gic.fiq[vcpu.index].level
        vcpu.pe.virq = irq
        vcpu.pe.vfiq = fiq
        if irq or fiq:
            vcpu.wake()


class GicPort(EmulatedPort):
    """Way of a vCPU to a frame of its GIC, while nobody is told of it."""

    def __init__(self, controller: TrapController, vcpu: Vcpu, frame: Frame) -> None:
        super().__init__(controller, vcpu)
        self._trap = controller
        self._soft = controller.soft
        self._acknowledges = controller.acknowledges
        self._frame = frame
        self._cpu = vcpu.index
        self._base = GICC_BASE if frame is Frame.GICC else GICD_BASE

    def load(self, address: int, size: int) -> int:
        """Reads a register; counts what is acknowledged."""
        if size != 4:
            return super().load(address, size)
        offset = address - self._base
        value = self._soft.load(self._cpu, self._frame, offset, 4)
        self._trap.follow(self._vcpu, self._frame, offset, value, False)
        if self._frame is Frame.GICC:
            intid = acknowledged(address, 4, value)
            if intid is not None:
                self._acknowledges.note(self._vcpu, intid)
        return value

    def store(self, address: int, size: int, value: int) -> bool:
        """Writes a register."""
        if size != 4:
            return super().store(address, size, value)
        offset = address - self._base
        self._soft.store(self._cpu, self._frame, offset, 4, value)
        self._trap.follow(self._vcpu, self._frame, offset, value, True)
        return True
