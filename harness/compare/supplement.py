# SPDX-License-Identifier: MIT
"""Figures of the page that are not in the tables: bursts that find room, and IPIs to several CPUs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from harness.compare.measure import Row, measure
from harness.compare.workloads import BROADCAST, WORKLOADS

ROOM: Final = 16
"""Number of list registers, more than ``burst8`` has devices."""


@dataclass(frozen=True, slots=True)
class Supplement:
    """Figures of ``burst8`` under ``vgic`` with ROOM list registers, and of a broadcast by controller."""

    room: Row
    broadcast: dict[str, Row]


def measure_supplement() -> Supplement:
    """Measures all of them."""
    broadcast = {controller: measure(BROADCAST, controller) for controller in ("rvic", "vgic", "trap")}
    return Supplement(measure(WORKLOADS["burst8"], "vgic", list_registers=ROOM), broadcast)
