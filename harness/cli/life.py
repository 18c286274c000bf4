# SPDX-License-Identifier: MIT
"""Life of one interrupt, picked out of a run: its exits as the ledger has them, and the return from its handler."""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple

from harness.arch.gic import GUEST_FRAMES
from harness.trace.costs import CPU_SHIFT, INTID_MASK
from harness.trace.event_attribution import EventAttribution
from harness.trace.events import (
    Acknowledged,
    AlsoPending,
    Completed,
    Eret,
    Event,
    Mmio,
    SysregTrap,
    VirqLowered,
    VirqRaised,
    VirqTaken,
)
from harness.trace.roles import Role
from harness.trace.unfinished import Unfinished

MOST_EVENTS: Final = 16
"""Longer lives are cut here: one that never ends must not fill the screen."""

_RECENT: Final = 64
_BEFORE: Final = (AlsoPending, VirqRaised, VirqTaken, Eret)
_WITHIN: Final = (VirqLowered, Acknowledged, Completed)


class Heard(NamedTuple):
    """Event, and its number among all that were heard."""

    number: int
    event: Event


class FirstLife(EventAttribution[Heard]):
    """Listener that follows the first interrupt that a vCPU acknowledges, and then has heard enough: ``done``.

    Its exits are those that :class:`~harness.trace.ledger.Ledger` charges to it, by the same rule. ``ended``: its
    end was seen. ``passed_over`` counts the accesses to devices and timers in between, its handler's own work.
    """

    def __init__(self) -> None:
        super().__init__()
        self.intid: int | None = None
        self.cpu = 0
        self.passed_over = 0
        self.ended = False
        self.done = False
        self._followed: Unfinished[Heard] | None = None
        self._heard = Heard(0, Eret(0, 0, 0, 0))
        self._recent: deque[Heard] = deque(maxlen=_RECENT)
        self._context: list[Heard] = []
        self._taken: VirqTaken | None = None

    @property
    def events(self) -> list[Event]:
        """Events of its life in order: its exits, and what is no exit."""
        return [heard.event for heard in sorted(self._exits + self._context, key=lambda heard: heard.number)]

    @property
    def world_switches(self) -> int:
        """Number of its exits so far."""
        return 0 if self._followed is None else self._followed.world_switches

    @property
    def _exits(self) -> list[Heard]:
        return [] if self._followed is None else self._followed.exits

    def __call__(self, event: Event) -> None:
        """Hears of an event."""
        if self.done:
            return
        self._heard = Heard(self._heard.number + 1, event)
        if self._followed is None:
            if isinstance(event, _BEFORE):
                self._recent.append(self._heard)
        elif self.ended:
            self._await_return(event)
        super().__call__(event)
        if self._followed is None or event.cpu != self.cpu or self.done:
            return
        if isinstance(event, (Mmio, SysregTrap)):
            self.passed_over += not (isinstance(event, Mmio) and event.device in GUEST_FRAMES)
        elif isinstance(event, _WITHIN) and event.intid in (None, self.intid) and not self._returning:
            self._context.append(self._heard)
        self.done |= self.ended and self._taken is None
        self.done |= not self.ended and self.world_switches + len(self._context) >= MOST_EVENTS

    @property
    def _returning(self) -> bool:
        """True from the event after its end."""
        return self.ended and not isinstance(self._heard.event, Completed)

    def _await_return(self, event: Event) -> None:
        """Ends with the return from its handler, or where another interrupt comes before that."""
        if event.cpu != self.cpu:
            return
        if isinstance(event, Eret) and self._taken is not None and event.to == self._taken.pc:
            self._context.append(self._heard)
            self.done = True
        elif isinstance(event, VirqTaken):
            self.done = True

    def _begin(self, key: int) -> None:
        """Follows an interrupt that was acknowledged; what led to that has been heard."""
        self._followed = self._service[key]
        self.cpu, self.intid = key >> CPU_SHIFT, key & INTID_MASK
        own = [heard for heard in self._recent if heard.event.cpu == self.cpu]
        last = {type(heard.event): heard for heard in own if self._leads_to_it(heard.event)}
        taken, returned = last.get(VirqTaken), last.pop(Eret, None)
        if taken is not None and returned is not None and returned.number > taken.number:
            del last[VirqTaken]  # an earlier one: this was acknowledged without being taken
        elif taken is not None and isinstance(taken.event, VirqTaken):
            self._taken = taken.event
        brought = [heard for heard in self._recent if self._brings_it(heard.event)]
        last.pop(AlsoPending, None)
        self._context = [*brought, *last.values()]
        self._recent.clear()

    def _leads_to_it(self, event: Event) -> bool:
        return not isinstance(event, VirqRaised) or event.intid in (None, self.intid)

    def _brings_it(self, event: Event) -> bool:
        if not isinstance(event, AlsoPending):
            return False
        target = event.cpu if event.target is None else event.target
        return (target, event.intid) == (self.cpu, self.intid)

    # What the rule asks for

    def post(self, kind: str, label: str, role: Role, vcpu: int, intid: int | None, tick: int) -> None:
        """Enters one world switch by its event."""
        self.attribute(self._heard, role, vcpu, intid, tick)

    def post_wait(self, cpu: int) -> None:
        """Enters a WFI."""
        self.wait(cpu, self._heard)

    def _accept(self, key: int, exit: Heard | None, tick: int) -> None:
        super()._accept(key, exit, tick)
        if self._followed is None:
            self._begin(key)
        elif self.ended and key >> CPU_SHIFT == self.cpu:
            self.done = True

    def _finish(self, key: int, opened: Unfinished[Heard], tick: int, *, withdrawn: bool = False) -> int:
        self.ended |= opened is self._followed
        return 0

    def _charge(self, row: int, exit: Heard) -> None:
        """Leaves it: only an interrupt that was withdrawn is charged after its end, and none that was taken."""

    def _label(self, exit: Heard) -> str:
        return type(exit.event).__name__

    def _unattributed(self, exit: Heard) -> None:
        """Leaves it."""
