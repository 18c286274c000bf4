# SPDX-License-Identifier: MIT
"""What the page says beside the table of works: bursts that find room, and IPIs to several CPUs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from harness.compare.measure import Row, measure
from harness.compare.works import BROADCAST, WORKS

ROOM: Final = 16
"""List registers, more than ``burst8`` has devices."""


@dataclass(frozen=True, slots=True)
class Extras:
    """``room``: ``burst8`` under ``vgic`` with ROOM list registers; ``broadcast``: by controller."""

    room: Row
    broadcast: dict[str, Row]


def measure_extras() -> Extras:
    """Run all of them."""
    broadcast = {controller: measure(BROADCAST, controller) for controller in ("rvic", "vgic", "trap")}
    return Extras(measure(WORKS["burst8"], "vgic", list_registers=ROOM), broadcast)
