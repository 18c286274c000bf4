# SPDX-License-Identifier: MIT
"""Ledger: the cost of each interrupt in world switches, counted from the events of a run.

Every exit is counted once in ``total``, ``by_kind`` and ``by_exit``, and once more either in an occurrence of an
interrupt, by the rule in :mod:`harness.trace.attribution`, or in ``unattributed``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from harness.arguments import integer
from harness.trace.costs import (
    CPU_SHIFT,
    INTID_MASK,
    FinishedOccurrences,
    InterruptCost,
    Occurrence,
    SummaryRow,
)
from harness.trace.event_attribution import EventAttribution
from harness.trace.roles import Role
from harness.trace.unfinished import Unfinished


@dataclass(slots=True)
class Ledger(EventAttribution[str]):
    """Listener that counts; ``events.add(ledger)``. Plain data: it copies, compares and pickles."""

    total: int = 0
    by_kind: dict[str, int] = field(default_factory=dict)
    by_exit: dict[str, int] = field(default_factory=dict)
    unattributed_by_exit: dict[str, int] = field(default_factory=dict)
    _finished: FinishedOccurrences = field(default_factory=FinishedOccurrences)

    @property
    def unattributed(self) -> int:
        """Number of world switches that served no interrupt."""
        return sum(self.unattributed_by_exit.values())

    @property
    def in_flight(self) -> int:
        """Number of world switches of unfinished occurrences, and of waits that no interrupt has ended."""
        opened = (*self._waiting.values(), *self._service.values())
        return sum(one.world_switches for one in opened) + len(self._asleep)

    @property
    def occurrences(self) -> tuple[Occurrence, ...]:
        """Finished occurrences, in the order they finished: the last million at least."""
        return self._finished.occurrences()

    @property
    def dropped(self) -> int:
        """Number of finished occurrences before :attr:`occurrences`: they are in every figure, but not listed."""
        return self._finished.dropped

    def intids(self) -> tuple[int, ...]:
        """Returns the INTIDs with at least one finished occurrence, ascending."""
        return tuple(sorted(self._finished.by_exit))

    def in_service(self, vcpu: int) -> list[tuple[int, int]]:
        """Returns what a vCPU has acknowledged and not ended: INTIDs, and the ticks of their acknowledges."""
        opened = [
            (key & INTID_MASK, one.accepted) for key, one in self._service.items() if key >> CPU_SHIFT == vcpu
        ]
        return sorted(opened, key=lambda one: one[1])

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
        """Enters one world switch."""
        self.total += 1
        self.by_kind[kind] = self.by_kind.get(kind, 0) + 1
        self.by_exit[label] = self.by_exit.get(label, 0) + 1
        self.attribute(label, role, vcpu, intid, tick)

    def post_wait(self, cpu: int) -> None:
        """Enters a WFI."""
        self.total += 1
        self.by_kind["Wfx"] = self.by_kind.get("Wfx", 0) + 1
        self.by_exit["Wfx"] = self.by_exit.get("Wfx", 0) + 1
        self.wait(cpu, "Wfx")

    def _finish(self, key: int, opened: Unfinished[str], tick: int, *, withdrawn: bool = False) -> int:
        return self._finished.add(key, opened, tick, withdrawn=withdrawn)

    def _charge(self, row: int, exit: str) -> None:
        self._finished.charge(row, exit)

    def _label(self, exit: str) -> str:
        return exit

    def _unattributed(self, exit: str) -> None:
        self.unattributed_by_exit[exit] = self.unattributed_by_exit.get(exit, 0) + 1
