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

    ``works`` measure it.
    """

    kind: str
    works: tuple[str, ...]
    rvic: tuple[int, int]
    vgic: tuple[int, int] | None


_BOOT = 2 + 2 * (TRUSTED + UNTRUSTED)

HAND_COUNTS: Final = (
    HandCount("timer (a level)", ("timer",), (4, 4), (1, 1)),
    HandCount("IPI", ("ipi",), (4, 4), (2, 2)),
    HandCount("device, edge", ("edge",), (3, 3), (1, 1)),
    HandCount("edges, all but the first queued behind another", ("burst8", "burst64"), (2, 3), (0, 1)),
    HandCount("spurious: withdrawn before the acknowledge", ("withdrawn",), (3, 3), (0, 0)),
    HandCount("retarget", ("move",), (5, 9), (1, 1)),
    HandCount("start of a vCPU: 2 + 2 (T + U)", ("boot",), (_BOOT, _BOOT), None),
)


def agrees(row: Row, count: tuple[int, int]) -> bool:
    """Whether the least and the most that were measured are what was counted."""
    return (row.world_switches.min, row.world_switches.max) == count


def table(rows: Sequence[Row]) -> str:
    """The hand counts beside the measured figures, in Markdown."""
    by = {(row.work, row.controller): row for row in rows}
    lines = [
        "| what | work | rvic: counted | measured | vgic: counted | measured |",
        "|---|---|---|---|---|---|",
    ]
    for hand in HAND_COUNTS:
        for work in hand.works:
            rvic, vgic = by[work, "rvic"], by[work, "vgic"]
            cells = (_against(rvic, hand.rvic), _against(vgic, hand.vgic))
            lines.append(f"| {hand.kind} | `{work}` | {cells[0]} | {cells[1]} |")
    return "\n".join(lines)


def _against(row: Row, count: tuple[int, int] | None) -> str:
    measured = _range((row.world_switches.min, row.world_switches.max))
    if count is None:
        return f"– | {measured}"
    return f"{_range(count)} | {measured}{'' if agrees(row, count) else ' (see below)'}"


def _range(count: tuple[int, int]) -> str:
    return str(count[0]) if count[0] == count[1] else f"{count[0]} to {count[1]}"
