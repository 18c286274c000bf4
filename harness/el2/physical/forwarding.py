# SPDX-License-Identifier: MIT
"""Physical interrupts as every controller with EL2 in the path takes them, and the kick between CPUs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from harness.arch import intid as ids
from harness.arch.gic import IAR_INTID
from harness.el2.physical.gic_driver import GicDriver
from harness.el2.vcpu import Power, Vcpu
from harness.el2.vm import Vm
from harness.trace import Exit
from harness.trace.events import AlsoPending, PhysicalIrq, VirqLowered, VirqRaised
from harness.trace.exits import NO_INTID
from harness.trace.roles import IRQ_LABELS, Role

_KIND: Final = "PhysicalIrq"
KICK_SGI = 0  # the one SGI that EL2 keeps for itself: "look at your line"


class Forwarded(NamedTuple):
    """Guest interrupt that a physical one was forwarded as."""

    vcpu: int
    intid: int


class Forwarding:
    """Forwarding of physical interrupts to guests, on behalf of a controller.

    ``deliver(vcpu, iar)`` is the controller's: it makes of an interrupt that is active, its priority dropped,
    what the guest shall see, and answers what that was, or None. ``sync(vcpu)`` is called last: the vCPU is
    about to enter the guest.
    """

    def __init__(
        self,
        vm: Vm,
        physical: GicDriver,
        deliver: Callable[[Vcpu, int], Forwarded | None],
        sync: Callable[[Vcpu], None],
    ) -> None:
        self._physical = physical
        self._events = vm.events
        self._now = vm.now
        labels = (_KIND, *IRQ_LABELS.values())
        self._exits = [
            {name: Exit(_KIND, name, n, Role.RAISE) for name in labels} for n in range(len(vm.vcpus))
        ]
        self._deliver = deliver
        self._sync = sync
        # Whose physical interrupts are being taken: it looks at its line last.
        self._taking: Vcpu | None = None

    def physical_irq(self, vcpu: Vcpu) -> None:
        """Drains GICC_IAR. The first interrupt is the exit; those found with it come in the same one."""
        is_exit = not vcpu.waiting and vcpu.power is Power.ON  # else this CPU is in EL2 already
        self._taking = vcpu
        try:
            while (iar := self._physical.acknowledge(vcpu.index)) & IAR_INTID < ids.SPURIOUS_GROUP1:
                self._physical.drop_priority(vcpu.index, iar)
                if not self._events.active:
                    self._take(vcpu, iar)
                elif is_exit and not self._events.needed:
                    self._recorded(vcpu, iar)
                else:
                    self._traced(vcpu, iar, is_exit)
                is_exit = False
        finally:  # a listener may have raised
            self._taking = None
            self._sync(vcpu)

    def kick(self, caller: Vcpu, target: Vcpu, intid: int | None) -> None:
        """Makes a vCPU look at its interrupts: at once where it is in EL2 already, else by a physical SGI."""
        if target is self._taking:
            return
        if target is caller or target.waiting:
            self._sync(target)
        elif target.power is Power.ON:
            target.kicked_for = intid
            self._physical.send_sgi(caller.index, target.index, KICK_SGI)

    def line_moved(self, caller: Vcpu, vcpu: Vcpu, level: bool, intid: int | None) -> None:
        """Lets a virtual IRQ line that has moved reach its PE: here at once, on another CPU by a kick."""
        self.tell(vcpu.index, level, intid)
        self.kick(caller, vcpu, intid)

    def tell(self, vcpu: int, level: bool, intid: int | None) -> None:
        """Tells the listeners of a change of a virtual IRQ line."""
        events = self._events
        if events.telling or (level and events.needed):
            event = VirqRaised if level else VirqLowered
            events.emit(event(self._now(), vcpu, intid))

    def _take(self, vcpu: Vcpu, iar: int) -> Forwarded | None:
        if iar & IAR_INTID >= ids.SGI_COUNT:
            return self._deliver(vcpu, iar)
        self._physical.deactivate(vcpu.index, iar)
        intid, vcpu.kicked_for = vcpu.kicked_for, None
        return Forwarded(vcpu.index, intid) if intid is not None else None

    def _recorded(self, vcpu: Vcpu, iar: int) -> None:
        """Takes an exit while the ledger listens alone."""
        tick, physical, cpu = self._now(), iar & IAR_INTID, vcpu.index
        forwarded = self._take(vcpu, iar)
        target, intid = (cpu, NO_INTID) if forwarded is None else forwarded
        ledger = self._events.ledger
        if ledger is not None:
            label = IRQ_LABELS.get(physical, _KIND)
            ledger.record(self._exits[cpu][label], target, intid, tick)

    def _traced(self, vcpu: Vcpu, iar: int, is_exit: bool) -> None:
        tick, pc, physical = self._now(), vcpu.pe.pc, iar & IAR_INTID
        self._events.hold()
        forwarded = self._take(vcpu, iar)
        intid = forwarded.intid if forwarded is not None else None
        target = forwarded.vcpu if forwarded is not None and forwarded.vcpu != vcpu.index else None
        if is_exit:
            self._events.release(PhysicalIrq(tick, vcpu.index, pc, physical, intid, target))
        else:
            self._events.release(AlsoPending(tick, vcpu.index, physical, intid, target))
