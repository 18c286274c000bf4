# SPDX-License-Identifier: MIT
"""The hand counts: what reading KVM's code says each work should cost, to be held against what is measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from harness.compare.measure import Row

TRUSTED: Final = 32
UNTRUSTED: Final = 32
"""Interrupts of a machine by default, as in work ``boot``."""


@dataclass(frozen=True, slots=True)
class HandCount:
    """World switches of one kind of interrupt, as (least, most); ``vgic`` None where nobody has counted.

    ``works`` measure it: all their interrupts, or the ``queued`` ones alone.
    """

    kind: str
    works: tuple[str, ...]
    rvic: tuple[int, int]
    vgic: tuple[int, int] | None
    queued: bool = False

    def counted(self, controller: str) -> tuple[int, int] | None:
        """The count for a controller."""
        return self.rvic if controller == "rvic" else self.vgic

    def measured(self, row: Row) -> tuple[int, int]:
        """The least and the most in a row of one of its works."""
        switches = row.queued if self.queued else row.world_switches
        assert switches is not None, f"{row.work} under {row.controller} has none of what was counted"
        return switches.min, switches.max

    def agrees(self, row: Row) -> bool:
        """Whether what was measured is what was counted."""
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
    """The hand counts beside the measured figures, in Markdown."""
    by = {(row.work, row.controller): row for row in rows}
    lines = [
        "| what | work | rvic: counted | measured | vgic: counted | measured |",
        "|---|---|---|---|---|---|",
    ]
    for hand in HAND_COUNTS:
        for work in hand.works:
            rvic, vgic = (_against(hand, by[work, controller]) for controller in ("rvic", "vgic"))
            lines.append(f"| {hand.kind} | `{work}` | {rvic} | {vgic} |")
    return "\n".join(lines)


def _against(hand: HandCount, row: Row) -> str:
    count, measured = hand.counted(row.controller), _range(hand.measured(row))
    if count is None:
        return f"– | {measured}"
    return f"{_range(count)} | {measured}{'' if hand.agrees(row) else ' (see below)'}"


def _range(count: tuple[int, int]) -> str:
    return str(count[0]) if count[0] == count[1] else f"{count[0]} to {count[1]}"
