# SPDX-License-Identifier: MIT
"""Cost of finished interrupts: the ledger's results, and the columns it keeps them in."""

from __future__ import annotations

import statistics
from array import array
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

CPU_SHIFT = 16  # key of an occurrence: vCPU << 16 | INTID, one int to hash
INTID_MASK = (1 << CPU_SHIFT) - 1


class Occurrence(NamedTuple):
    """One finished interrupt: its vCPU and INTID, its start and end (ticks), and its cost."""

    vcpu: int
    intid: int
    started: int
    ended: int
    world_switches: int
    withdrawn: bool


@dataclass(frozen=True, slots=True)
class InterruptCost:
    """Cost of one INTID over a run, all vCPUs together; zeros if it never occurred.

    ``switches`` has one entry per finished occurrence, in the order they finished. ``world_switches`` and
    ``mean`` are the mean of them (an int where it is one), ``by_exit`` the number of exits of
    each kind in them, ``withdrawn`` the number of occurrences that the guest never got to handle.
    """

    count: int
    switches: tuple[int, ...]
    min: int
    median: int | float
    max: int
    mean: int | float
    world_switches: int | float
    by_exit: dict[str, int]
    withdrawn: int

    def to_dict(self) -> dict[str, Any]:
        """Returns all but the single occurrences, for ``--json``."""
        return {key: value for key, value in sorted(asdict(self).items()) if key != "switches"}


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """One line of a table for people."""

    intid: int
    count: int
    world_switches: int | float
    min: int
    max: int
    by_exit: dict[str, int]


@dataclass(slots=True)
class FinishedOccurrences:
    """FinishedOccurrences occurrences by column (about 25 bytes each, so that long runs fit)."""

    key: array[int] = field(default_factory=lambda: array("I"))
    started: array[int] = field(default_factory=lambda: array("Q"))
    ended: array[int] = field(default_factory=lambda: array("Q"))
    switches: array[int] = field(default_factory=lambda: array("I"))
    withdrawn: array[int] = field(default_factory=lambda: array("B"))
    by_exit: dict[int, dict[str, int]] = field(default_factory=dict)  # INTID -> label of an exit -> count

    def add(self, key: int, started: int, ended: int, exits: Sequence[str], *, withdrawn: bool) -> int:
        """Enters one occurrence made of ``exits``, and returns its row."""
        self.key.append(key)
        self.started.append(started)
        self.ended.append(ended)
        self.switches.append(len(exits))
        self.withdrawn.append(withdrawn)
        counts = self.by_exit.setdefault(key & INTID_MASK, {})
        for label in exits:
            counts[label] = counts.get(label, 0) + 1
        return len(self.key) - 1

    def charge(self, row: int, label: str) -> None:
        """Adds one exit to an occurrence that has already finished."""
        self.switches[row] += 1
        counts = self.by_exit[self.key[row] & INTID_MASK]
        counts[label] = counts.get(label, 0) + 1

    def occurrences(self) -> tuple[Occurrence, ...]:
        """Returns every row as a value, in the order they finished."""
        columns = zip(self.key, self.started, self.ended, self.switches, self.withdrawn, strict=True)
        return tuple(
            Occurrence(key >> CPU_SHIFT, key & INTID_MASK, started, ended, switches, bool(withdrawn))
            for key, started, ended, switches, withdrawn in columns
        )

    def cost(self, intid: int) -> InterruptCost:
        """Returns the sum of all rows of one INTID."""
        rows = [row for row, key in enumerate(self.key) if key & INTID_MASK == intid]
        if not rows:
            return InterruptCost(0, (), 0, 0, 0, 0, 0, {}, 0)
        switches = tuple(self.switches[row] for row in rows)
        mean = integral(sum(switches) / len(switches))
        return InterruptCost(
            count=len(switches),
            switches=switches,
            min=min(switches),
            median=integral(statistics.median(switches)),
            max=max(switches),
            mean=mean,
            world_switches=mean,
            by_exit=dict(sorted(self.by_exit[intid].items())),
            withdrawn=sum(self.withdrawn[row] for row in rows),
        )


def integral(value: float) -> int | float:
    """Returns an int where the value is one, so that it prints as ``4`` and not as ``4.0``."""
    return int(value) if value == int(value) else value
