# SPDX-License-Identifier: MIT
"""Power of the vCPUs and of the whole system: what PSCI's functions do."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from typing import Protocol

from harness.el2.controllers.base import Controller
from harness.el2.vcpu import Power, Resume, Vcpu
from harness.el2.vm import Vm
from harness.engine import Memory
from harness.trace.events import SYSTEM_RESET, PowerChange


class SystemEnd(Enum):
    """End that a guest puts to the whole system."""

    POWER_OFF = auto()
    RESET = auto()


class CpuTimers(Protocol):
    """Timers of each CPU, which are reset with it."""

    def reset(self, cpu: int) -> None:
        """Turns the timers of a CPU off."""
        ...


class PowerControl:
    """Power control of one VM.

    ``ended`` is set when the guest ends the system (PSCI SYSTEM_OFF, SYSTEM_RESET), with ``ended_by``.
    ``started()`` is called when a vCPU comes on.
    """

    def __init__(self, vm: Vm, controller: Controller, memory: Memory, timers: CpuTimers) -> None:
        self.vcpus = vm.vcpus
        self.ended: SystemEnd | None = None
        self.ended_by: Vcpu | None = None
        self.started: Callable[[], object] = _nobody
        self._vm = vm
        self._controller = controller
        self._memory = memory
        self._timers = timers

    def on(self, target: Vcpu, entry: int, context: int) -> None:
        """Resets the vCPU, its timers and its part of the interrupt controller; lets it run from ``entry``.

        x0 is ``context`` then.
        """
        target.pe.reset(entry, context)
        target.power = Power.ON
        target.waiting = False
        target.resume = None
        self._timers.reset(target.index)
        self.started()
        self._controller.reset_vcpu(target)
        target.vfiq.repeat()  # the PE's inputs are low after its reset, whatever the wires are
        target.virq.repeat()
        self._tell(target, "on")

    def off(self, vcpu: Vcpu) -> None:
        """Stops the vCPU: it runs no further (CPU_OFF)."""
        vcpu.power = Power.OFF
        vcpu.pe.stop()
        self._tell(vcpu, "off")

    def suspend(self, vcpu: Vcpu, resume: Resume | None) -> None:
        """Lets the vCPU wait as WFI does, unless an interrupt is there already (CPU_SUSPEND).

        It goes on after the call, or with ``resume`` from reset.
        """
        if not self._controller.has_interrupt(vcpu):
            vcpu.waiting = True
            vcpu.resume = resume
            vcpu.pe.stop()
            if resume is not None:
                self._controller.suspended(vcpu)

    def resume(self, vcpu: Vcpu) -> None:
        """Brings back from reset, its inputs as they are, a vCPU whose powerdown state an interrupt has ended."""
        if vcpu.resume is None:
            return
        (entry, context), vcpu.resume = vcpu.resume, None
        inputs = vcpu.pe.virq, vcpu.pe.vfiq
        vcpu.pe.reset(entry, context)
        vcpu.pe.virq, vcpu.pe.vfiq = inputs
        self._controller.resumed(vcpu)
        self._tell(vcpu, "resumed")

    def end(self, how: SystemEnd, vcpu: Vcpu) -> None:
        """Ends the system (SYSTEM_OFF, SYSTEM_RESET): no vCPU runs further."""
        self.ended = how
        self.ended_by = vcpu
        vcpu.pe.stop()
        self._tell(vcpu, "system off" if how is SystemEnd.POWER_OFF else SYSTEM_RESET)

    def reset(self) -> None:
        """Takes every vCPU to where it is after power-on: off."""
        if self.ended is not SystemEnd.RESET:  # else the guest has asked for it, which was told
            self._tell(self.vcpus[0], SYSTEM_RESET)
        self.ended = self.ended_by = None
        for vcpu in self.vcpus:
            vcpu.reset()

    def is_memory(self, address: int) -> bool:
        """Returns True if there is RAM at the address, where a guest could start."""
        return self._memory.is_ram(address, 4)

    def _tell(self, vcpu: Vcpu, what: str) -> None:
        if self._vm.events.active:
            self._vm.events.emit(PowerChange(self._vm.now(), vcpu.index, what, vcpu.index))


def _nobody() -> None:
    """Hears that a vCPU comes on, where nobody else wants to."""
