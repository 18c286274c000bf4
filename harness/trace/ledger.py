# SPDX-License-Identifier: MIT
"""Ledger: the cost of each interrupt in world switches, counted from the events of a run.

Every exit is counted once in ``total``, ``by_kind`` and ``by_exit``, and once more either in an occurrence of an
interrupt, by the rule in :mod:`harness.trace.attribution`, or in ``unattributed``.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields
from functools import partial
from typing import Any, Final

from harness.arguments import integer
from harness.trace.costs import (
    CPU_SHIFT,
    INTID_MASK,
    FinishedOccurrences,
    InterruptCost,
    Occurrence,
    SummaryRow,
)
from harness.trace.courses import Course
from harness.trace.event_attribution import EventAttribution
from harness.trace.exits import Exit
from harness.trace.roles import Role
from harness.trace.unfinished import Unfinished

# Looked up for every exit.
_RAISE, _ACCEPT = Role.RAISE, Role.ACCEPT
BATCH: Final = 3 * 4096
"""Length of what is recorded at which it is attributed."""


@dataclass(slots=True)
class Ledger(EventAttribution[str]):
    """Listener that counts; ``events.add(ledger)``. Plain data: it copies, compares and pickles.

    While it listens alone it gets most exits by :meth:`record`, without events, and attributes them in batches:
    when there are many, when an event comes, and when it is asked for a figure.
    """

    _total: int = 0
    _by_kind: dict[str, int] = field(default_factory=dict)
    _by_exit: dict[str, int] = field(default_factory=dict)
    _unattributed_by_exit: dict[str, int] = field(default_factory=dict)
    _finished: FinishedOccurrences = field(default_factory=FinishedOccurrences)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Ledger):
            return NotImplemented
        self._settle()
        other._settle()
        return all(getattr(self, each.name) == getattr(other, each.name) for each in fields(self))

    __hash__ = None  # type: ignore[assignment]  # as of any value that changes

    @property
    def total(self) -> int:
        """Number of world switches."""
        self._settle()
        return self._total

    @property
    def by_kind(self) -> dict[str, int]:
        """Number of world switches by the name of their event's type."""
        self._settle()
        return self._by_kind

    @property
    def by_exit(self) -> dict[str, int]:
        """Number of world switches by the name of the call or of the register, or else of the event's type."""
        self._settle()
        return self._by_exit

    @property
    def unattributed_by_exit(self) -> dict[str, int]:
        """Number of world switches that served no interrupt, by the same names."""
        self._settle()
        return self._unattributed_by_exit

    @property
    def unattributed(self) -> int:
        """Number of world switches that served no interrupt."""
        return sum(self.unattributed_by_exit.values())

    @property
    def in_flight(self) -> int:
        """Number of world switches of unfinished occurrences, and of waits that no interrupt has ended."""
        self._settle()
        opened = (*self._waiting.values(), *self._service.values())
        return sum(one.world_switches for one in opened) + len(self.asleep)

    @property
    def occurrences(self) -> tuple[Occurrence, ...]:
        """Finished occurrences, in the order they finished: the last million at least."""
        self._settle()
        return self._finished.occurrences()

    @property
    def dropped(self) -> int:
        """Number of finished occurrences before :attr:`occurrences`: they are in every figure, but not listed."""
        self._settle()
        return self._finished.dropped

    def intids(self) -> tuple[int, ...]:
        """Returns the INTIDs with at least one finished occurrence, ascending."""
        self._settle()
        return tuple(sorted(self._finished.intids()))

    def in_service(self, vcpu: int) -> list[tuple[int, int]]:
        """Returns what a vCPU has acknowledged and not ended: INTIDs, and the ticks of their acknowledges."""
        self._settle()
        opened = [
            (key & INTID_MASK, one.accepted) for key, one in self._service.items() if key >> CPU_SHIFT == vcpu
        ]
        return sorted(opened, key=lambda one: one[1])

    def per_interrupt(self, intid: int) -> InterruptCost:
        """Returns the cost of ``intid``, over all finished occurrences on all vCPUs."""
        self._settle()
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

    def record(self, exit: Exit, vcpu: int, intid: int, tick: int) -> None:
        """Takes one exit for which there is no event; ``intid`` is NO_INTID where it names none."""
        recorded = self._recorded
        recorded += (exit, ~exit.cpu if intid < 0 else vcpu << CPU_SHIFT | intid, tick)
        if len(recorded) >= BATCH:
            self._settle()

    def _settle(self) -> None:
        """Attributes what was recorded."""
        if self._recorded:
            recorded, self._recorded = self._recorded, []
            self._settle_batch(tuple(recorded[0::3]), recorded[1::3], recorded[2::3])
        self._finished.settle()

    def _settle_batch(self, exits: tuple[Exit, ...], keys: list[int], ticks: list[int]) -> None:
        """Attributes exits by their keys and ticks.

        Nearly all interrupts have a :class:`Course`, most often that of the last one with their key. Such a one is
        entered as a whole; :meth:`attribute` would come to the same.
        """
        for exit, count in Counter(exits).items():
            if exit.kind:
                self._count_exits(exit.kind, exit.label, count)
        waiting, service, rows = self._waiting, self._service, self._finished.rows
        courses: dict[int, Course] = {}
        first, end = 0, len(exits)
        while first < end:
            exit, key = exits[first], keys[first]
            if exit.role is _RAISE and not (self.asleep or key in waiting or key in service):
                course = courses.get(key)
                if course is None or not course.is_at(exits, keys, first):
                    self._count_course(course)
                    course = courses[key] = Course(exits, keys, first)
                if course.length:
                    course.times += 1
                    last = first + course.length - 1
                    rows += (key, ticks[first], ticks[last], course.length, False)
                    self._hidden.pop(key >> CPU_SHIFT, None)
                    first = last + 1
                    continue
            if not exit.kind:
                self._step(exit.role, key, ticks[first])
            elif self.asleep:
                self.wake(exit.cpu, partial(self.attribute, exit.label, exit.role, key, ticks[first]))
            else:
                self.attribute(exit.label, exit.role, key, ticks[first])
            first += 1
        for course in courses.values():
            self._count_course(course)

    def _step(self, role: Role, key: int, tick: int) -> None:
        """Attributes a step that was no exit; an end of what is not in service ends nothing."""
        if role is _ACCEPT:
            self._accept(key, None, tick)
        elif key in self._service:
            self._end(key, tick)

    def _count_course(self, course: Course | None) -> None:
        if course is not None and course.times:
            labels = tuple(exit.label for exit in course.exits)
            self._finished.count_way(course.keys[0] & INTID_MASK, labels, course.times)

    def post(self, kind: str, label: str, role: Role, vcpu: int, intid: int | None, tick: int) -> None:
        """Enters one world switch."""
        self._total += 1
        self._by_kind[kind] = self._by_kind.get(kind, 0) + 1
        self._by_exit[label] = self._by_exit.get(label, 0) + 1
        self.attribute(label, role, ~vcpu if intid is None else vcpu << CPU_SHIFT | intid, tick)

    def post_wait(self, cpu: int) -> None:
        """Enters a WFI."""
        self._count_exits("Wfx", "Wfx", 1)
        self.wait(cpu, "Wfx")

    def _finish(self, key: int, opened: Unfinished[str], tick: int, *, withdrawn: bool = False) -> int:
        return self._finished.add(key, opened, tick, withdrawn=withdrawn)

    def _charge(self, row: int, exit: str) -> None:
        self._finished.charge(row, exit)

    def _label(self, exit: str) -> str:
        return exit

    def _unattributed(self, exit: str) -> None:
        self._unattributed_by_exit[exit] = self._unattributed_by_exit.get(exit, 0) + 1

    def _count_exits(self, kind: str, label: str, count: int) -> None:
        self._total += count
        self._by_kind[kind] = self._by_kind.get(kind, 0) + count
        self._by_exit[label] = self._by_exit.get(label, 0) + count
