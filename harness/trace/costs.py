# SPDX-License-Identifier: MIT
"""Cost of finished interrupts: the ledger's results, and the columns it keeps them in."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, NamedTuple

from msgspec import Struct

from harness.trace.unfinished import Unfinished

CPU_SHIFT = 16  # key of an occurrence: vCPU << 16 | INTID, one int to hash
INTID_MASK = (1 << CPU_SHIFT) - 1
MANY: Final = 64  # ways in which the occurrences of an INTID went, before they are summed up
KEPT: Final = 1_000_000
"""Finished occurrences that a ledger lists one by one, at least, so that a long run does not fill memory."""
COLUMNS: Final = 5
TOGETHER: Final = 1024
"""Rows that are put into the columns together."""


def key_of(vcpu: int, intid: int | None) -> int:
    """Returns the key of an interrupt of a vCPU: negative, and of the vCPU alone, where an exit names none."""
    return ~vcpu if intid is None else vcpu << CPU_SHIFT | intid


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

    ``switches`` has one entry per finished occurrence still listed, in the order they finished; all else
    is of all. ``world_switches`` and ``mean`` are the mean of them (an int where it is one), ``by_exit`` the count
    of exits of each kind, ``withdrawn`` the count of occurrences that the guest never got to handle.
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


class SummaryRow(Struct, frozen=True):
    """One line of a table for people."""

    intid: int
    count: int
    world_switches: int | float
    min: int
    max: int
    by_exit: dict[str, int]


@dataclass(slots=True)
class FinishedOccurrences:
    """Finished occurrences by column, about 25 bytes each: the last KEPT of them at least.

    Of those before, ``dropped`` in all, there is how many cost how many exits: enough for every figure.
    """

    key: array[int] = field(default_factory=lambda: array("I"))
    started: array[int] = field(default_factory=lambda: array("Q"))
    ended: array[int] = field(default_factory=lambda: array("Q"))
    switches: array[int] = field(default_factory=lambda: array("I"))
    withdrawn: array[int] = field(default_factory=lambda: array("B"))
    rows: list[int] = field(default_factory=list)  # not in the columns yet, one after the other
    # INTID -> labels of the exits of an occurrence, in order -> count; and summed up: label -> count
    _ways: dict[int, dict[tuple[str, ...], int]] = field(default_factory=dict)
    _by_exit: dict[int, dict[str, int]] = field(default_factory=dict)
    dropped: int = 0
    _costs: dict[int, Counter[int]] = field(
        default_factory=dict
    )  # of the dropped: INTID -> exits -> occurrences
    _unhandled: Counter[int] = field(default_factory=Counter)  # of the dropped: INTID -> withdrawn ones
    _last_withdrawn: dict[int, int] = field(
        default_factory=dict
    )  # vCPU -> row; only that may be charged late
    _open: dict[int, tuple[int, int]] = field(default_factory=dict)  # dropped row of those -> INTID, exits

    def add(self, key: int, finished: Unfinished[str], ended: int, *, withdrawn: bool) -> int:
        """Enters one occurrence, and returns its row."""
        rows = self.rows
        row = self.dropped + len(self.key) + len(rows) // COLUMNS
        intid = key & INTID_MASK
        ways = self._ways.get(intid)
        if ways is None:
            ways = self._ways[intid] = {}
        if finished.counted is None:
            rows += (key, finished.started, ended, len(finished.exits), withdrawn)
            way = tuple(finished.exits)
            ways[way] = ways.get(way, 0) + 1
            if len(ways) > MANY:
                self._sum_up(intid)
        else:
            rows += (key, finished.started, ended, finished.world_switches, withdrawn)
            self._sum_up(intid)
            _count(self._by_exit[intid], Counter(finished.exits) + finished.counted)
        if withdrawn:
            self._last_withdrawn[key >> CPU_SHIFT] = row
        if len(rows) >= COLUMNS * TOGETHER:
            self.settle()
        return row

    def settle(self) -> None:
        """Puts ``rows`` into the columns, to which others may have appended, and called :meth:`count_way`."""
        columns = self.key, self.started, self.ended, self.switches, self.withdrawn
        for number, column in enumerate(columns):
            column.extend(self.rows[number::COLUMNS])
        self.rows.clear()
        if len(self.key) >= 2 * KEPT:
            self._drop(len(self.key) - KEPT)

    def count_way(self, intid: int, way: tuple[str, ...], times: int) -> None:
        """Counts occurrences of an INTID by the labels of their exits, in order."""
        ways = self._ways.setdefault(intid, {})
        ways[way] = ways.get(way, 0) + times
        if len(ways) > MANY:
            self._sum_up(intid)

    def charge(self, row: int, label: str) -> None:
        """Adds one exit to an occurrence that has already finished: a vCPU's last one that was withdrawn."""
        self.settle()
        if row >= self.dropped:
            self.switches[row - self.dropped] += 1
            intid = self.key[row - self.dropped] & INTID_MASK
        else:
            intid, exits = self._open[row]
            self._open[row] = intid, exits + 1
            self._costs[intid].subtract((exits,))
            self._costs[intid][exits + 1] += 1
        self._sum_up(intid)
        _count(self._by_exit[intid], {label: 1})

    def _sum_up(self, intid: int) -> None:
        """Sums up by exit what is kept by the ways in which occurrences went."""
        counts = self._by_exit.setdefault(intid, {})
        for way, times in self._ways[intid].items():
            _count(counts, {label: number * times for label, number in Counter(way).items()})
        self._ways[intid].clear()

    def intids(self) -> list[int]:
        """Returns the INTIDs of all occurrences, in the order of their first."""
        return list(self._ways)

    def by_exit(self, intid: int) -> dict[str, int]:
        """Returns how often each exit is in an occurrence of an INTID, by the labels of the exits."""
        self._sum_up(intid)
        return self._by_exit[intid]

    def _drop(self, count: int) -> None:
        """Keeps of the first rows what they add up to."""
        for key, switches, withdrawn in zip(
            self.key[:count], self.switches[:count], self.withdrawn[:count], strict=True
        ):
            self._costs.setdefault(key & INTID_MASK, Counter())[switches] += 1
            self._unhandled[key & INTID_MASK] += withdrawn
        last = {row for row in self._last_withdrawn.values() if row < self.dropped + count}
        self._open = {row: one for row, one in self._open.items() if row in last} | {
            row: (self.key[row - self.dropped] & INTID_MASK, self.switches[row - self.dropped])
            for row in last
            if row >= self.dropped
        }
        for column in (self.key, self.started, self.ended, self.switches, self.withdrawn):
            del column[:count]
        self.dropped += count

    def occurrences(self) -> tuple[Occurrence, ...]:
        """Returns every row that is kept as a value, in the order they finished."""
        self.settle()
        columns = zip(self.key, self.started, self.ended, self.switches, self.withdrawn, strict=True)
        return tuple(
            Occurrence(key >> CPU_SHIFT, key & INTID_MASK, started, ended, switches, bool(withdrawn))
            for key, started, ended, switches, withdrawn in columns
        )

    def cost(self, intid: int) -> InterruptCost:
        """Returns the sum of all occurrences of one INTID, dropped ones too."""
        self.settle()
        rows = [row for row, key in enumerate(self.key) if key & INTID_MASK == intid]
        switches = tuple(self.switches[row] for row in rows)
        costs = Counter(switches) + self._costs.get(intid, Counter())
        if not costs:
            return InterruptCost(0, (), 0, 0, 0, 0, 0, {}, 0)
        count = costs.total()
        mean = integral(sum(exits * times for exits, times in costs.items()) / count)
        return InterruptCost(
            count=count,
            switches=switches,
            min=min(costs),
            median=integral(_median(costs, count)),
            max=max(costs),
            mean=mean,
            world_switches=mean,
            by_exit=dict(sorted(self.by_exit(intid).items())),
            withdrawn=sum(self.withdrawn[row] for row in rows) + self._unhandled[intid],
        )


def _count(counts: dict[str, int], more: Mapping[str, int]) -> None:
    for label, times in more.items():
        counts[label] = counts.get(label, 0) + times


def _median(costs: Counter[int], count: int) -> float:
    """Returns the median of values that occur so often each: of an even number, the mean of the middle two."""
    middle = []
    for place in ((count - 1) // 2, count // 2):
        seen = 0
        for value in sorted(costs):
            seen += costs[value]
            if seen > place:
                middle.append(value)
                break
    return sum(middle) / 2


def integral(value: float) -> int | float:
    """Returns an int where the value is one, so that it prints as ``4`` and not as ``4.0``."""
    return int(value) if value == int(value) else value
