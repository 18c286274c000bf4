# SPDX-License-Identifier: MIT
"""State of a set of interrupts: the SPIs that all CPUs share, or one CPU's SGIs and PPIs.

Each property of the interrupts is one integer with a bit per INTID, so choosing among 1020 interrupts costs a
few operations on integers.
"""

from __future__ import annotations

from harness.gic.priority import NO_RANK, RANK_SHIFT


class Interrupts:
    """Interrupts as bitmaps by INTID; ``exists`` bounds them all.

    ``latch`` is the pending latch: an edge that came, an SGI, or a write to GICD_ISPENDR. A level-sensitive
    interrupt is pending when its latch or its line is (4.3.8). ``ready`` are those that are pending, enabled and
    not active; it follows every change of the others. ``version`` counts what can change which of them is best.
    """

    def __init__(self, exists: int = 0, sgis: int = 0) -> None:
        self.exists = exists
        self.sgis = sgis  # which are always enabled, and edges
        self.version: int = 0
        self.reset()

    def reset(self) -> None:
        """Takes all of them to their reset state, the priorities to zero and the lines low."""
        self.group: int = 0
        self.enabled: int = self.sgis
        self.latch: int = 0
        self.line: int = 0
        self.edge: int = self.sgis
        self.active: int = 0
        self.ready: int = 0
        self.levels: list[tuple[int, int]] = [(0, self.exists)]  # (priority, its INTIDs), most urgent first
        self.version += 1

    def contents(self) -> tuple[object, ...]:
        """Returns all of its state as plain data, to compare."""
        return (self.group, self.enabled, self.latch, self.line, self.edge, self.active, self.levels)

    @property
    def pending(self) -> int:
        """Bitmap of the pending ones, active or not."""
        return self.latch | self.line & ~self.edge

    def follow(self) -> bool:
        """Lets ``ready`` follow what it is made of. Returns True if it has changed: else nothing comes of it."""
        ready = (self.latch | self.line & ~self.edge) & self.enabled & ~self.active
        if ready == self.ready:
            return False
        self.ready = ready
        self.version += 1
        return True

    def set_line(self, bit: int, level: bool) -> bool:
        """Drives one input; a rising edge is latched where the interrupt is edge-triggered.

        Returns True if ``ready`` has changed.
        """
        if not level:
            self.line &= ~bit
        elif not self.line & bit:
            self.line |= bit
            self.latch |= bit & self.edge
        return self.follow()

    def activate(self, bit: int) -> None:
        """Acknowledges one: pending becomes active, or active and pending where its line holds it."""
        self.active |= bit
        self.latch &= ~bit
        self.ready &= ~bit
        self.version += 1

    def deactivate(self, bit: int) -> bool:
        """Deactivates one: active becomes inactive, active and pending becomes pending.

        Returns True if ``ready`` has changed.
        """
        self.active &= ~bit
        return self.follow()

    def latch_sgi(self, bit: int, pending: bool) -> None:
        """Makes an SGI pending, or no more so."""
        if pending:
            self.latch |= bit
        else:
            self.latch &= ~bit
        self.follow()

    # Words of the distributor's registers with a bit for each interrupt, from INTID ``first``. A write changes
    # the bits in ``reach``.

    def write_group(self, first: int, reach: int, value: int) -> None:
        """Writes GICD_IGROUPR."""
        self.group = self.group & ~reach | value << first & reach
        self.version += 1

    def enable(self, first: int, reach: int, value: int) -> None:
        """Writes GICD_ISENABLER."""
        self.enabled |= value << first & reach
        self.follow()

    def disable(self, first: int, reach: int, value: int) -> None:
        """Writes GICD_ICENABLER."""
        self.enabled &= ~(value << first & reach)
        self.follow()

    def set_pending(self, first: int, reach: int, value: int) -> None:
        """Writes GICD_ISPENDR."""
        self.latch |= value << first & reach
        self.follow()

    def clear_pending(self, first: int, reach: int, value: int) -> None:
        """Writes GICD_ICPENDR."""
        self.latch &= ~(value << first & reach)
        self.follow()

    def set_active(self, first: int, reach: int, value: int) -> None:
        """Writes GICD_ISACTIVER."""
        self.active |= value << first & reach
        self.follow()

    def clear_active(self, first: int, reach: int, value: int) -> None:
        """Writes GICD_ICACTIVER."""
        self.active &= ~(value << first & reach)
        self.follow()

    def configure(self, first: int, reach: int, value: int) -> None:
        """Writes GICD_ICFGR: the upper bit of each field of two says "edge" (4.3.13); those bits move together."""
        edges = value >> 1 & 0x5555_5555
        edges = (edges | edges >> 1) & 0x3333_3333
        edges = (edges | edges >> 2) & 0x0F0F_0F0F
        edges = (edges | edges >> 4) & 0x00FF_00FF
        edges = (edges | edges >> 8) & 0xFFFF
        self.edge = self.edge & ~reach | edges << first & reach
        self.follow()

    def configuration(self, first: int) -> int:
        """Reads GICD_ICFGR."""
        edges, word = self.edge >> first, 0
        for n in range(16):
            word |= (edges >> n & 1) << 2 * n + 1
        return word

    # Priorities

    def priority(self, intid: int) -> int:
        """Returns the interrupt's priority, 0 for one that does not exist."""
        for priority, members in self.levels:
            if members >> intid & 1:
                return priority
        return 0

    def set_priority(self, bits: int, priority: int) -> None:
        """Moves interrupts to another priority."""
        bits &= self.exists
        levels = {value: members & ~bits for value, members in self.levels}
        levels[priority] = levels.get(priority, 0) | bits
        self.version += 1
        self.levels = sorted((value, members) for value, members in levels.items() if members)

    def best(self, candidates: int) -> int:
        """Returns the rank of the most urgent candidate, the lowest INTID among equals."""
        for priority, members in self.levels:
            hit = candidates & members
            if hit:
                return priority << RANK_SHIFT | (hit & -hit).bit_length() - 1
        return NO_RANK
