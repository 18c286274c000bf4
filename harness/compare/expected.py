# SPDX-License-Identifier: MIT
"""Counts by hand: the cost of each workload as read from KVM's code, beside the measured one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from harness.compare.measure import Row

TRUSTED: Final = 32
UNTRUSTED: Final = 32
"""Numbers of interrupts of a machine by default, as in workload ``boot``."""


@dataclass(frozen=True, slots=True)
class HandCount:
    """World switches of one kind of interrupt, as (least, most); ``vgic`` None where nobody has counted.

    ``workloads`` measure it: all their interrupts, or the ``queued`` ones alone.
    """

    kind: str
    workloads: tuple[str, ...]
    rvic: tuple[int, int]
    vgic: tuple[int, int] | None
    queued: bool = False

    def counted(self, controller: str) -> tuple[int, int] | None:
        """Returns the count for a controller."""
        return self.rvic if controller == "rvic" else self.vgic

    def measured(self, row: Row) -> tuple[int, int]:
        """Returns the least and the most in a row of one of its workloads."""
        switches = row.queued if self.queued else row.world_switches
        assert switches is not None, f"{row.workload} under {row.controller} has none of what was counted"
        return switches.min, switches.max

    def agrees(self, row: Row) -> bool:
        """Tells if the measured range is the counted one."""
        return self.measured(row) == self.counted(row.controller)


_BOOT = 2 + 2 * (TRUSTED + UNTRUSTED)

HAND_COUNTS: Final = (
    HandCount("timer (level)", ("timer",), (4, 4), (1, 1)),
    HandCount("IPI, per target", ("ipi",), (4, 4), (2, 2)),
    HandCount("device edge", ("edge",), (3, 3), (1, 1)),
    HandCount("edge queued behind another", ("burst8", "burst64"), (2, 2), (0, 0), queued=True),
    HandCount("spurious (line withdrawn)", ("withdrawn",), (3, 3), (0, 0)),
    HandCount("retarget", ("move",), (5, 9), (1, 1)),
    HandCount("per-CPU start: 2 + 2 (T + U)", ("boot",), (_BOOT, _BOOT), None),
)


def table(rows: Sequence[Row]) -> str:
    """Returns the hand counts beside the measured figures, in Markdown."""
    by = {(row.workload, row.controller): row for row in rows}
    lines = [
        "| what | workload | rvic: counted | measured | vgic: counted | measured |",
        "|---|---|---|---|---|---|",
    ]
    for hand in HAND_COUNTS:
        for workload in hand.workloads:
            rvic, vgic = (_against(hand, by[workload, controller]) for controller in ("rvic", "vgic"))
            lines.append(f"| {hand.kind} | `{workload}` | {rvic} | {vgic} |")
    return "\n".join(lines)


def _against(hand: HandCount, row: Row) -> str:
    count, measured = hand.counted(row.controller), _range(hand.measured(row))
    if count is None:
        return f"– | {measured}"
    return f"{_range(count)} | {measured}{'' if hand.agrees(row) else ' (see below)'}"


def _range(count: tuple[int, int]) -> str:
    return str(count[0]) if count[0] == count[1] else f"{count[0]} to {count[1]}"
