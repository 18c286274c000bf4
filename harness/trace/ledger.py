# SPDX-License-Identifier: MIT
"""Ledger: the cost of each interrupt in world switches, counted from the events of a run.

Every exit is counted once in ``total``, ``by_kind`` and ``by_exit``, and once more either in an *occurrence* of an
interrupt or in ``unattributed``. An occurrence belongs to (vCPU served, guest INTID) and is *waiting* until
that vCPU acknowledges it, then *in service* until it is ended; one of each can exist at a time, because a
new signal may come while the last is handled. The rule, by the role of an exit (:class:`Role`):

RAISE     RVIC.Signal, or a physical interrupt or kick that EL2 delivered: belongs to the waiting occurrence,
          and starts one if there is none. Signals that meet in one pending bit are one occurrence.
ACCEPT    RVIC.Acknowledge that answered an INTID: puts the waiting occurrence into service, and starts one
          if there is none (the interrupt was queued behind another, or re-pended by Resample).
SPURIOUS  RVIC.Acknowledge that answered NO_INTERRUPTS: belongs to the interrupt last withdrawn from that
          vCPU, else to nobody.
END       RVIC.ClearMasked: ends the occurrence in service, and belongs to it. With none in service it
          belongs to the waiting one (an unmask lets it through) and ends nothing.
WITHDRAW  RVIC.ClearPending: ends the waiting occurrence, as withdrawn, and belongs to it.
MASK      RVIC.SetMasked: belongs to the one in service, else to the waiting one, which it hides.
SERVE     anything else that names an INTID (RVIC.Resample, RVIC.IsPending): belongs to the one in service,
          else to the waiting one.

A GIC's registers do the same: GICD_SGIR, GICD_ISPENDR and GICD_SPENDSGIR are RAISE; GICC_IAR is ACCEPT, or
SPURIOUS; GICC_EOIR is END; GICD_ICPENDR and GICD_CPENDSGIR are WITHDRAW. Two steps are a GIC's own, for there
a masked interrupt is ended too, where RVIC's Acknowledge masks and ClearMasked ends:

HOLD      GICD_ICENABLER: as MASK; and the END of this occurrence leaves it in service (a threaded interrupt).
RELEASE   GICD_ISENABLER: belongs to the one in service, and ends it if it was held and its END has come; else
          to the waiting one.

A WFI belongs to the interrupt that ended the wait: the first one raised for that vCPU, or else the first that
it acknowledges. It is then the exit that a running vCPU would have made for the interrupt or its kick.

Only RAISE and ACCEPT ever start an occurrence: the calls by which a driver sets its interrupts up (SetMasked
and ClearPending for each INTID at boot, the first unmask) are unattributed. A call that failed or names no
INTID is unattributed too.

What EL2 must fill in, for every ``Hvc`` and ``Smc``: ``call`` by :meth:`Names.function`, and ``intid`` and
``target`` as resolved from the arguments (for Acknowledge, ``intid`` from the result, None if spurious).
For ``PhysicalIrq``: ``intid`` and ``target`` only if something was delivered.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from harness.arguments import integer
from harness.trace import events as ev
from harness.trace.costs import CPU_SHIFT, FinishedOccurrences, InterruptCost, Occurrence, SummaryRow
from harness.trace.roles import IRQ_LABELS, ROLES, Role

# Looked up for every exit.
_RAISE, _ACCEPT, _END, _SERVE, _SPURIOUS = Role.RAISE, Role.ACCEPT, Role.END, Role.SERVE, Role.SPURIOUS


@dataclass(slots=True)
class _Unfinished:
    """Occurrence that has not finished: the tick of its start, and the labels of its exits.

    ``held``: its END does not finish it; ``ended``: that END has come.
    """

    started: int
    exits: list[str]
    held: bool = False
    ended: bool = False


@dataclass(slots=True)
class Ledger:
    """Listener that counts; ``events.add(ledger)``. Plain data: it copies, compares and pickles."""

    total: int = 0
    by_kind: dict[str, int] = field(default_factory=dict)
    by_exit: dict[str, int] = field(default_factory=dict)
    unattributed_by_exit: dict[str, int] = field(default_factory=dict)
    _waiting: dict[int, _Unfinished] = field(default_factory=dict)
    _service: dict[int, _Unfinished] = field(default_factory=dict)
    # vCPU -> (key, row) of the interrupt it may find gone; row -1: only hidden, not finished.
    _hidden: dict[int, tuple[int, int]] = field(default_factory=dict)
    # vCPU -> label of its last WFI, until it is known which interrupt ended the wait.
    _asleep: dict[int, str] = field(default_factory=dict)
    _finished: FinishedOccurrences = field(default_factory=FinishedOccurrences)

    def __call__(self, event: ev.Event) -> None:
        """Counts one event."""
        count = _COUNTERS.get(type(event))
        if count is not None:
            count(self, event)
            if event.cpu in self._asleep and event.world_switch and type(event) is not ev.Wfx:
                self._unattributed(self._asleep.pop(event.cpu))  # no interrupt that we saw ended the wait

    @property
    def unattributed(self) -> int:
        """Number of world switches that served no interrupt."""
        return sum(self.unattributed_by_exit.values())

    @property
    def in_flight(self) -> int:
        """Number of world switches of unfinished occurrences, and of waits that no interrupt has ended."""
        opened = (*self._waiting.values(), *self._service.values())
        return sum(len(o.exits) for o in opened) + len(self._asleep)

    @property
    def occurrences(self) -> tuple[Occurrence, ...]:
        """Finished occurrences, in the order they finished."""
        return self._finished.occurrences()

    def intids(self) -> tuple[int, ...]:
        """Returns the INTIDs with at least one finished occurrence, ascending."""
        return tuple(sorted(self._finished.by_exit))

    def per_interrupt(self, intid: int) -> InterruptCost:
        """Returns the cost of ``intid``, over all finished occurrences on all vCPUs."""
        return self._finished.cost(integer("intid", intid, 0))

    def summary(self) -> list[SummaryRow]:
        """Returns one row per INTID that occurred, ascending."""
        costs = [(intid, self.per_interrupt(intid)) for intid in self.intids()]
        return [SummaryRow(n, c.count, c.world_switches, c.min, c.max, c.by_exit) for n, c in costs]

    def to_dict(self) -> dict[str, Any]:
        """Returns the whole account for ``--json``, in a fixed order."""
        return {
            "by_kind": dict(sorted(self.by_kind.items())),
            "in_flight": self.in_flight,
            "interrupts": {str(intid): self.per_interrupt(intid).to_dict() for intid in self.intids()},
            "total": self.total,
            "unattributed": self.unattributed,
            "unattributed_by_exit": dict(sorted(self.unattributed_by_exit.items())),
        }

    def post(self, kind: str, label: str, role: Role, vcpu: int, intid: int | None, tick: int) -> None:
        """Enters one world switch; the listener does this for every exit event."""
        self.total += 1
        self.by_kind[kind] = self.by_kind.get(kind, 0) + 1
        self.by_exit[label] = self.by_exit.get(label, 0) + 1
        if intid is None:
            if role is not _SPURIOUS or not self._spurious(vcpu, label):
                self._unattributed(label)
            return
        key = vcpu << CPU_SHIFT | intid
        if role is _RAISE:
            opened = self._waiting.get(key)
            if opened is None:
                opened = self._waiting[key] = _Unfinished(tick, [label])
            else:
                opened.exits.append(label)
            if self._asleep:
                self._woken(vcpu, opened)
        elif role is _ACCEPT:
            self._accept(key, label, tick)
        elif role is _END and key in self._service:
            self._service[key].exits.append(label)
            self._end(key, tick)
        else:
            self._serve(key, label, role, tick)

    def _accept(self, key: int, label: str, tick: int) -> None:
        if self._hidden:
            self._hidden.pop(key >> CPU_SHIFT, None)
        last = self._service.get(key)
        if last is not None:
            self._finish(key, last, tick)
        opened = self._waiting.pop(key, None)
        if opened is None:
            opened = _Unfinished(tick, [label])
        else:
            opened.exits.append(label)
        if self._asleep:
            self._woken(key >> CPU_SHIFT, opened)
        self._service[key] = opened

    def _end(self, key: int, tick: int) -> None:
        """Ends the occurrence in service; one that is held goes on until its release."""
        opened = self._service[key]
        if opened.held:
            opened.ended = True
        else:
            self._finish(key, self._service.pop(key), tick)

    def _serve(self, key: int, label: str, role: Role, tick: int) -> None:
        """Enters an exit that starts nothing and ends no service: in an occurrence that exists, or in none."""
        serving, waiting = self._service.get(key), self._waiting.get(key)
        if role is Role.WITHDRAW and waiting is not None:
            waiting.exits.append(label)
            del self._waiting[key]
            self._hidden[key >> CPU_SHIFT] = (key, self._finish(key, waiting, tick, withdrawn=True))
            return
        opened = serving or waiting
        if opened is None:
            self._unattributed(label)
            return
        opened.exits.append(label)
        if role is Role.HOLD:
            opened.held = True
        elif role is Role.RELEASE:
            opened.held = False
            if opened.ended:
                self._end(key, tick)
        if role in (Role.MASK, Role.HOLD) and serving is None:
            self._hidden[key >> CPU_SHIFT] = (key, -1)

    def _spurious(self, vcpu: int, label: str) -> bool:
        """Charges an acknowledge that found nothing to a withdrawn interrupt; False if there is none."""
        key, row = self._hidden.pop(vcpu, (-1, -1))
        if row >= 0:
            self._finished.charge(row, label)
            return True
        opened = self._waiting.get(key)
        if opened is None:
            return False
        opened.exits.append(label)
        return True

    def _finish(self, key: int, opened: _Unfinished, tick: int, *, withdrawn: bool = False) -> int:
        return self._finished.add(key, opened.started, tick, opened.exits, withdrawn=withdrawn)

    def _woken(self, vcpu: int, opened: _Unfinished) -> None:
        """Charges the wait that this interrupt ended, if the vCPU was in one."""
        wait = self._asleep.pop(vcpu, None)
        if wait is not None:
            opened.exits.append(wait)

    def _unattributed(self, label: str) -> None:
        self.unattributed_by_exit[label] = self.unattributed_by_exit.get(label, 0) + 1

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
        self.total += 1
        self.by_kind["Wfx"] = self.by_kind.get("Wfx", 0) + 1
        self.by_exit["Wfx"] = self.by_exit.get("Wfx", 0) + 1
        if event.cpu in self._asleep:
            self._unattributed("Wfx")
        self._asleep[event.cpu] = "Wfx"

    def _also_pending(self, event: ev.AlsoPending) -> None:
        """Starts the wait of an interrupt that had no exit of its own."""
        if event.intid is not None:
            vcpu = event.cpu if event.target is None else event.target
            opened = self._waiting.setdefault(vcpu << CPU_SHIFT | event.intid, _Unfinished(event.tick, []))
            self._woken(vcpu, opened)

    def _completed(self, event: ev.Completed) -> None:
        """Ends an interrupt that the guest ended without an exit; it may have run its whole life without one."""
        if event.intid is not None:
            key = event.cpu << CPU_SHIFT | event.intid
            if key not in self._service:
                self._service[key] = (
                    self._waiting.pop(key) if key in self._waiting else _Unfinished(event.tick, [])
                )
            self._end(key, event.tick)


_COUNTERS: dict[type[ev.Event], Callable[[Ledger, Any], None]] = {
    ev.Hvc: Ledger._call,
    ev.Smc: Ledger._call,
    ev.DataAbort: Ledger._abort,
    ev.InstructionAbort: Ledger._instruction_abort,
    ev.SysregTrap: Ledger._trap,
    ev.Wfx: Ledger._wfx,
    ev.PhysicalIrq: Ledger._irq,
    ev.AlsoPending: Ledger._also_pending,
    ev.Completed: Ledger._completed,
}
