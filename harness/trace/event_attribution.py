# SPDX-License-Identifier: MIT
"""Attribution of events: how each event of a run enters the rule of :mod:`harness.trace.attribution`.

What EL2 must fill in, for every ``Hvc`` and ``Smc``: ``call`` by :meth:`Names.function`, and ``intid`` and
``target`` as resolved from the arguments (for Acknowledge, ``intid`` from the result, None if spurious).
For ``PhysicalIrq``: ``intid`` and ``target`` only if something was delivered.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

from harness.trace import events as ev
from harness.trace.attribution import Attribution
from harness.trace.costs import CPU_SHIFT
from harness.trace.roles import IRQ_LABELS, ROLES, Role
from harness.trace.unfinished import ExitT, Unfinished

_RAISE, _ACCEPT, _SERVE, _SPURIOUS = Role.RAISE, Role.ACCEPT, Role.SERVE, Role.SPURIOUS


class EventAttribution(Attribution[ExitT]):
    """Listener that attributes exits."""

    __slots__ = ()

    def __call__(self, event: ev.Event) -> None:
        """Attributes one event."""
        count = _COUNTERS.get(type(event))
        if count is None:
            return
        wait = self._asleep.get(event.cpu) if self._asleep else None
        if wait is None or not event.world_switch:
            count(self, event)
            return
        raised = wait.raised  # before this exit, which a vCPU makes that waits no more
        count(self, event)
        if self._asleep.get(event.cpu) is wait:
            del self._asleep[event.cpu]
            self._end_wait(wait.exit, raised)

    @abstractmethod
    def post(self, kind: str, label: str, role: Role, vcpu: int, intid: int | None, tick: int) -> None:
        """Enters one world switch; the listener does this for every exit event but WFI."""

    @abstractmethod
    def post_wait(self, cpu: int) -> None:
        """Enters a WFI."""

    def _line_rose(self, event: ev.VirqRaised) -> None:
        """Charges the wait that ends with this; without an INTID it is what came last."""
        wait = self._asleep.get(event.cpu)
        if wait is not None:
            key = wait.raised if event.intid is None else event.cpu << CPU_SHIFT | event.intid
            opened = self._waiting.get(key)
            if opened is not None:
                self._add(opened, wait.exit)
                del self._asleep[event.cpu]

    def _call(self, event: ev.Hvc | ev.Smc) -> None:
        kind = type(event).__name__
        label = event.call or kind
        role = ROLES.get(label, _SERVE)
        intid = event.intid
        if event.result[0]:  # it failed, so it did nothing
            intid = None
            if role is _ACCEPT:
                role = _SPURIOUS
        vcpu = event.cpu if event.target is None else event.target
        self.post(kind, label, role, vcpu, intid, event.tick)

    def _abort(self, event: ev.DataAbort) -> None:
        label = event.register or "DataAbort"
        role = ROLES.get(label, _SERVE)
        if role is _ACCEPT and event.intid is None:
            role = _SPURIOUS
        vcpu = event.cpu if event.target is None else event.target
        self.post("DataAbort", label, role, vcpu, event.intid, event.tick)

    def _irq(self, event: ev.PhysicalIrq) -> None:
        label = IRQ_LABELS.get(event.physical, "PhysicalIrq")
        vcpu = event.cpu if event.target is None else event.target
        self.post("PhysicalIrq", label, Role.RAISE, vcpu, event.intid, event.tick)

    def _trap(self, event: ev.SysregTrap) -> None:
        self.post("SysregTrap", "SysregTrap", Role.SERVE, event.cpu, event.intid, event.tick)

    def _instruction_abort(self, event: ev.InstructionAbort) -> None:
        self.post("InstructionAbort", "InstructionAbort", Role.SERVE, event.cpu, None, event.tick)

    def _wfx(self, event: ev.Wfx) -> None:
        self.post_wait(event.cpu)

    def _also_pending(self, event: ev.AlsoPending) -> None:
        """Starts the wait of an interrupt that had no exit of its own."""
        if event.intid is not None:
            vcpu = event.cpu if event.target is None else event.target
            key = vcpu << CPU_SHIFT | event.intid
            if key not in self._waiting:
                self._waiting[key] = Unfinished(event.tick, [])
            self._raised_for(vcpu, key)

    def _acknowledged(self, event: ev.Acknowledged) -> None:
        if event.intid is not None:
            self._accept(event.cpu << CPU_SHIFT | event.intid, None, event.tick)

    def _powered(self, event: ev.PowerChange) -> None:
        if event.what == ev.SYSTEM_RESET:
            self.end_all(event.tick)

    def _completed(self, event: ev.Completed) -> None:
        """Ends what is in service; a store that names anything else ends nothing."""
        if event.intid is not None:
            key = event.cpu << CPU_SHIFT | event.intid
            if key in self._service:
                self._end(key, event.tick)


_COUNTERS: dict[type[ev.Event], Callable[[EventAttribution[Any], Any], None]] = {
    ev.Hvc: EventAttribution._call,
    ev.Smc: EventAttribution._call,
    ev.DataAbort: EventAttribution._abort,
    ev.InstructionAbort: EventAttribution._instruction_abort,
    ev.SysregTrap: EventAttribution._trap,
    ev.Wfx: EventAttribution._wfx,
    ev.PhysicalIrq: EventAttribution._irq,
    ev.AlsoPending: EventAttribution._also_pending,
    ev.VirqRaised: EventAttribution._line_rose,
    ev.Acknowledged: EventAttribution._acknowledged,
    ev.Completed: EventAttribution._completed,
    ev.PowerChange: EventAttribution._powered,
}
