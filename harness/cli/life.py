# SPDX-License-Identifier: MIT
"""Life of one interrupt, picked out of a run: from the exit that brings it to the return from its handler."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from harness.trace.events import (
    AlsoPending,
    DataAbort,
    Eret,
    Event,
    Hvc,
    InstructionAbort,
    Mmio,
    PhysicalIrq,
    Smc,
    SysregTrap,
    VirqLowered,
    VirqRaised,
    VirqTaken,
    Wfx,
)

MOST_EVENTS: Final = 16
"""Longer lives are cut here: one that never ends must not fill the screen."""

_ENDS: Final = "RVIC.ClearMasked"
_PASSED_OVER: Final = (DataAbort, InstructionAbort, Mmio, SysregTrap, Wfx)


@dataclass(slots=True)
class FirstLife:
    """Listener that keeps the life of the first interrupt that is taken, and then has heard enough.

    ``events`` are its events in order; ``passed_over`` counts the device accesses, timer registers and
    waits between them, which are the handler's own work.
    """

    events: list[Event] = field(default_factory=list)
    passed_over: int = 0
    intid: int | None = None
    cpu: int = 0
    done: bool = False
    _cleared: bool = False
    _last: Event | None = None
    _waits: dict[int, Wfx] = field(default_factory=dict)  # the last exit of a vCPU, where that is a WFI

    def __call__(self, event: Event) -> None:
        """Hears of an event."""
        if self.done:
            return
        if not self.taken:
            self._note_wait(event)
            self._await_start(event)
            self._last = event
        if self.intid is None:
            return
        if isinstance(event, _PASSED_OVER):
            self.passed_over += event.cpu == self.cpu and self.taken
        elif event.cpu == self.cpu or self._sent_by(event):
            self._keep(event)

    @property
    def taken(self) -> bool:
        """True if an interrupt has been taken."""
        return any(isinstance(event, VirqTaken) for event in self.events)

    @property
    def complete(self) -> bool:
        """True if the life was seen to its end."""
        return self.done and self._cleared

    def _sent_by(self, event: Event) -> bool:
        """Says if another vCPU brings it: an IPI's sender, or the one that took a device's interrupt."""
        if not isinstance(event, (Hvc, Smc, PhysicalIrq, AlsoPending)):
            return False
        return (event.target, event.intid) == (self.cpu, self.intid)

    def _note_wait(self, event: Event) -> None:
        """Keeps a WFI: what finds a vCPU waiting in EL2 costs no exit of its own, for the WFI was its exit."""
        if isinstance(event, Wfx):
            self._waits[event.cpu] = event
        elif event.world_switch:
            self._waits.pop(event.cpu, None)

    def _await_start(self, event: Event) -> None:
        """Begins; and again where another comes first, or this one is withdrawn before it is taken."""
        if isinstance(event, (PhysicalIrq, AlsoPending)) and event.intid is not None:
            self._begin(event.intid, event.cpu if event.target is None else event.target)
        elif isinstance(event, VirqRaised) and event.intid is not None:
            self._begin(event.intid, event.cpu)
        elif isinstance(event, VirqLowered) and event.cpu == self.cpu:
            self.intid = None

    def _begin(self, intid: int, cpu: int) -> None:
        if (intid, cpu) != (self.intid, self.cpu):
            self.intid, self.cpu = intid, cpu
            self.events.clear()
            if cpu in self._waits:
                self.events.append(self._waits[cpu])
            if isinstance(self._last, (Hvc, Smc)) and self._last.intid == intid:
                self.events.append(self._last)  # the call that made it deliverable

    def _keep(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, (Hvc, Smc)) and event.call == _ENDS and event.intid == self.intid:
            self._cleared = True
        over = isinstance(event, Eret) and self._cleared
        self.done = over or len(self.events) >= MOST_EVENTS
