# SPDX-License-Identifier: MIT
"""State of a set of interrupts: the SPIs that all CPUs share, or one CPU's SGIs and PPIs.

Each property of the interrupts is one integer with a bit per INTID, so choosing among 1020 interrupts costs a
few operations on integers.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.gic.priority import IDLE, SPURIOUS_ID


@dataclass(slots=True)
class Interrupts:
    """Interrupts as bitmaps by INTID; ``exists`` bounds them all.

    ``latch`` is the pending latch: an edge that came, an SGI, or a write to GICD_ISPENDR. A level-sensitive
    interrupt is pending when its latch or its line is (4.3.8).
    """

    exists: int
    group: int = 0
    enabled: int = 0
    latch: int = 0
    line: int = 0
    edge: int = 0
    active: int = 0
    levels: list[tuple[int, int]] = field(default_factory=list)  # (priority, its INTIDs), most urgent first

    def __post_init__(self) -> None:
        """Resets all priorities to zero."""
        self.levels = [(0, self.exists)]

    @property
    def pending(self) -> int:
        """Bitmap of the pending ones, active or not."""
        return self.latch | self.line & ~self.edge

    def set_line(self, bit: int, level: bool) -> None:
        """Drives one input; a rising edge is latched where the interrupt is edge-triggered."""
        if not level:
            self.line &= ~bit
        elif not self.line & bit:
            self.line |= bit
            self.latch |= bit & self.edge

    def priority(self, intid: int) -> int:
        """Returns the interrupt's priority, 0 for one that does not exist."""
        return next((priority for priority, members in self.levels if members >> intid & 1), 0)

    def set_priority(self, intid: int, priority: int) -> None:
        """Moves one interrupt to another priority."""
        bit = 1 << intid & self.exists
        levels = {value: members & ~bit for value, members in self.levels}
        levels[priority] = levels.get(priority, 0) | bit
        self.levels = sorted((value, members) for value, members in levels.items() if members)

    def best(self, candidates: int) -> tuple[int, int]:
        """Returns (priority, INTID) of the most urgent candidate, the lowest INTID among equals."""
        if candidates:
            for priority, members in self.levels:
                hit = candidates & members
                if hit:
                    return priority, (hit & -hit).bit_length() - 1
        return IDLE, SPURIOUS_ID
