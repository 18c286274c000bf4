# SPDX-License-Identifier: MIT
"""Interrupt controller of a guest as the rest of EL2 knows it, with what most of the four have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

from harness.arch.virt import GIC_FRAME_SIZE
from harness.devices import Port
from harness.el2.access import Emulated, Reach
from harness.el2.controllers.rvic_calls import RvicCalls
from harness.el2.physical.forwarding import Forwarded, Forwarding
from harness.el2.physical.gic_driver import GicDriver
from harness.el2.physical.timer_traps import PhysicalTimerTraps, TimerRegisters
from harness.el2.vcpu import Vcpu
from harness.el2.vm import DeviceBus, Vm


class Controller(ABC):
    """EL2's side of an interrupt controller that a guest sees.

    It offers no calls, takes no physical interrupts and emulates nothing, unless its own class says otherwise.
    """

    @abstractmethod
    def has_interrupt(self, vcpu: Vcpu) -> bool:
        """Returns True if something would wake the vCPU from WFI now, whatever PSTATE.I says (D1.16.2)."""

    @abstractmethod
    def reach(self, ipa: int) -> Reach | None:
        """Returns what a guest's access to a device address reaches; None where it sees nothing."""

    @abstractmethod
    def why_not(self, vcpu: Vcpu) -> str:
        """Says for people which interrupts are held back on this vCPU, and by what."""

    @abstractmethod
    def reset(self) -> None:
        """Takes EL2's side to where a system reset leaves it; the physical GIC and the PEs are in reset."""

    def physical(self, vcpu: Vcpu, intid: int) -> int | None:
        """Returns the physical INTID behind a vCPU's own, None if there is none."""
        return intid

    def calls(self, vcpu: Vcpu) -> RvicCalls | None:
        """Returns the hypercalls that the controller offers to a vCPU."""
        return None

    def physical_irq(self, vcpu: Vcpu) -> None:
        """Takes every physical interrupt that is signalled to this CPU, where they are EL2's."""

    @property
    def follows_schedule(self) -> bool:
        """True if :meth:`scheduled` does anything."""
        return False

    def scheduled(self, vcpu: Vcpu) -> None:
        """Does what is to be done when a vCPU is switched in after another one ran."""

    def reset_vcpu(self, vcpu: Vcpu) -> None:
        """Resets what of the interrupt state belongs to the vCPU (CPU_ON); a GIC is not part of a PE."""

    def suspended(self, vcpu: Vcpu) -> None:
        """Saves what a CPU may lose in a powerdown state, which the vCPU leaves it for."""

    def resumed(self, vcpu: Vcpu) -> None:
        """Restores that: the vCPU is back on its CPU."""

    def system_register(self, vcpu: Vcpu, esr: int) -> bool:
        """Emulates a trapped MRS or MSR; False where the guest has no such register."""
        return False

    def port(self, vcpu: Vcpu, ipa: int, bus: DeviceBus) -> Port | None:
        """Returns the way of a vCPU to what it reaches at a device address, if that is ever the same; else None."""
        reach = self.reach(ipa)
        return bus.port(vcpu.index, ipa) if reach is not None and reach.address == ipa else None

    def emulate(self, vcpu: Vcpu, ipa: int, size: int, value: int | None) -> Emulated:
        """Serves an access to a register that EL2 emulates; ``value`` is None for a load."""
        raise LookupError(f"no emulated register at {ipa:#x}")


class EmulatedPort(Port):
    """Way of a vCPU to a frame of the GIC that EL2 emulates for it."""

    def __init__(self, controller: Controller, vcpu: Vcpu) -> None:
        self._controller = controller
        self._vcpu = vcpu

    def load(self, address: int, size: int) -> int:
        """Reads a register; -1 for what goes beyond the frame."""
        if address % GIC_FRAME_SIZE + size > GIC_FRAME_SIZE:
            return -1
        return self._controller.emulate(self._vcpu, address, size, None).value

    def store(self, address: int, size: int, value: int) -> bool:
        """Writes a register; False for what goes beyond the frame."""
        if address % GIC_FRAME_SIZE + size > GIC_FRAME_SIZE:
            return False
        self._controller.emulate(self._vcpu, address, size, value)
        return True


class WordPort(EmulatedPort):
    """The same, while nobody is told: ``perform(vcpu, offset, size, value)`` does an access to a word."""

    def __init__(
        self,
        controller: Controller,
        vcpu: Vcpu,
        base: int,
        perform: Callable[[Vcpu, int, int, int | None], int],
    ) -> None:
        super().__init__(controller, vcpu)
        self._base = base
        self._perform = perform

    def load(self, address: int, size: int) -> int:
        """Reads a register."""
        if size == 8:
            return super().load(address, size)
        return self._perform(self._vcpu, address - self._base, size, None)

    def store(self, address: int, size: int, value: int) -> bool:
        """Writes a register."""
        if size == 8:
            return super().store(address, size, value)
        self._perform(self._vcpu, address - self._base, size, value)
        return True


class ForwardingController(Controller):
    """Controller with EL2 in the path: it takes the physical interrupts and forwards them as the guest's own."""

    def __init__(self, vm: Vm, physical: GicDriver, timers: TimerRegisters) -> None:
        self._vm = vm
        self._vcpus = vm.vcpus
        self._physical = physical
        self._timers = PhysicalTimerTraps(vm, timers)
        self._forwarding = Forwarding(vm, physical, self._deliver, self._sync)

    def reset(self) -> None:
        """Starts the physical GIC; lets CNTP_* trap on every PE."""
        self._physical.start_distributor()
        for vcpu in self._vcpus:
            self._physical.start_cpu(vcpu.index)
            self._timers.start(vcpu)

    def physical_irq(self, vcpu: Vcpu) -> None:
        """Takes every physical interrupt that is signalled to this CPU."""
        self._forwarding.physical_irq(vcpu)

    def system_register(self, vcpu: Vcpu, esr: int) -> bool:
        """Serves CNTP_* of the EL1 physical timer, which EL2 emulates as KVM does."""
        return self._timers.emulate(vcpu, esr)

    @abstractmethod
    def _deliver(self, vcpu: Vcpu, iar: int) -> Forwarded | None:
        """Makes of an interrupt that is active, its priority dropped, what the guest shall see; returns that."""

    @abstractmethod
    def _sync(self, vcpu: Vcpu) -> None:
        """Prepares the vCPU to enter the guest."""
