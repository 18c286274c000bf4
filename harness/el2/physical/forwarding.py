# SPDX-License-Identifier: MIT
"""Physical interrupts as every controller with EL2 in the path takes them, and the kick between CPUs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from harness.arch import intid as ids
from harness.el2.physical.gic_driver import IAR_INTID, GicDriver
from harness.el2.physical.timer_traps import PhysicalTimerTraps
from harness.el2.vcpu import Power, Vcpu
from harness.trace.events import AlsoPending, PhysicalIrq, VirqLowered, VirqRaised

if TYPE_CHECKING:
    from harness.el2.hypervisor import Hypervisor

KICK_SGI = 0  # the one SGI that EL2 keeps for itself: "look at your line"


class Served(NamedTuple):
    """The guest interrupt that a physical one was delivered as."""

    vcpu: int
    intid: int


class Intake:
    """Takes physical interrupts on behalf of a controller.

    ``deliver(vcpu, iar)`` is the controller's: it makes of an interrupt that is active, its priority dropped,
    what the guest shall see, and answers what that was, or None. ``sync(vcpu)`` is called last: the vCPU is
    about to enter the guest.
    """

    def __init__(
        self,
        hypervisor: Hypervisor,
        gic: GicDriver,
        deliver: Callable[[Vcpu, int], Served | None],
        sync: Callable[[Vcpu], None],
    ) -> None:
        self.gic = gic
        self.timers = PhysicalTimerTraps(hypervisor)
        self._vcpus = hypervisor.vcpus
        self._events = hypervisor.events
        self._platform = hypervisor.platform
        self._deliver = deliver
        self._sync = sync

    def start(self) -> None:
        """Start the physical GIC; trap CNTP_* (CNTHCTL_EL2.EL1PCEN = 0) on every PE."""
        self.gic.start_distributor()
        for vcpu in self._vcpus:
            self.gic.start_cpu(vcpu.index)
            self.timers.start(vcpu)

    def physical_irq(self, vcpu: Vcpu) -> None:
        """Drain GICC_IAR. The first interrupt is the exit; those found with it come in the same one."""
        is_exit = not vcpu.waiting and vcpu.power is Power.ON  # else this CPU is in EL2 already
        while (iar := self.gic.acknowledge(vcpu.index)) & IAR_INTID < ids.SPURIOUS_GROUP1:
            self.gic.drop_priority(vcpu.index, iar)
            if self._events.active:
                self._traced(vcpu, iar, is_exit)
            else:
                self._take(vcpu, iar)
            is_exit = False
        self._sync(vcpu)

    def kick(self, caller: Vcpu, target: Vcpu, intid: int | None) -> None:
        """Make a vCPU look at its interrupts: at once where it is in EL2 already, else by a physical SGI."""
        if target is caller or target.waiting:
            self._sync(target)
        elif target.power is Power.ON:
            target.kicked_for = intid
            self.gic.send_sgi(caller.index, target.index, KICK_SGI)

    def line(self, vcpu: int, level: bool, intid: int | None) -> None:
        """Tell the listeners of a change of a virtual IRQ line."""
        if self._events.active:
            event = VirqRaised if level else VirqLowered
            self._events.emit(event(self._platform.now(), vcpu, intid))

    def _take(self, vcpu: Vcpu, iar: int) -> Served | None:
        if iar & IAR_INTID >= ids.SGI_COUNT:
            return self._deliver(vcpu, iar)
        self.gic.deactivate(vcpu.index, iar)
        intid, vcpu.kicked_for = vcpu.kicked_for, None
        return Served(vcpu.index, intid) if intid is not None else None

    def _traced(self, vcpu: Vcpu, iar: int, is_exit: bool) -> None:
        tick, pc, physical = self._platform.now(), vcpu.pe.pc, iar & IAR_INTID
        self._events.hold()
        served = self._take(vcpu, iar)
        intid = served.intid if served is not None else None
        target = served.vcpu if served is not None and served.vcpu != vcpu.index else None
        if is_exit:
            self._events.release(PhysicalIrq(tick, vcpu.index, pc, physical, intid, target))
        else:
            self._events.release(AlsoPending(tick, vcpu.index, physical, intid, target))
