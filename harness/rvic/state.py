# SPDX-License-Identifier: MIT
"""One vCPU's RVIC (DEN0103): two bits per INTID, and a line.

::

    +---------+  --- SetMasked --->   +----------------+
    |  idle   |  <-- ClearMasked --   |     masked     |  <- every INTID at reset
    +---------+                       +----------------+
      |     ^                     /     |     ^
    signal  ClearPending  Acknowledge  signal ClearPending
      v     |               /           v     |
    +---------+  --- SetMasked --->   +----------------+
    | pending |  <-- ClearMasked --   | masked+pending |
    +---------+                       +----------------+
    deliverable

A disabled RVIC records no signal and acknowledges nothing; all else works on it, and Enable and Disable move
no bit. There is no active state: "in service" is the mask bit that Acknowledge set, and ClearMasked ends it.
The line (HCR_EL2.VI) is high while the RVIC is enabled and something is deliverable.

The deliverable interrupts stand in a queue in the order in which they became so; the acknowledge order picks
from it. In the ``kvm`` profile the queue is KVM's delivery list, which can miss an interrupt (defect 2).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from harness.queues import OUT, Lowest, Queue, Random
from harness.rvic.config import Order

RISEN: Final = 1
FALLEN: Final = -1
UNMOVED: Final = 0
DROPPED: Final = -2


@dataclass(slots=True)
class Rvic:
    """State of one vCPU's RVIC, all of it plain data; ``pending`` and ``masked`` hold a bit for each INTID.

    ``intids`` is T+U, ``random`` the seed of the random order, ``missed_unmask`` KVM's defect 2. The primitives
    take an INTID that is in range, as their callers have checked, and return whether the line has RISEN, FALLEN, or
    is UNMOVED, Acknowledge the INTID. None takes longer where more are deliverable.
    """

    intids: int
    order: Order = Order.FIFO
    missed_unmask: bool = False
    random: int = 0
    enabled: bool = field(init=False)
    pending: list[bool] = field(init=False)
    masked: list[bool] = field(init=False)
    queue: Queue = field(init=False)

    def __post_init__(self) -> None:
        if self.order is Order.FIFO:
            self.queue = Queue(self.intids)
        else:
            self.queue = (
                Lowest(self.intids) if self.order is Order.LOWEST else Random(self.intids, self.random)
            )
        self.reset()

    def reset(self) -> None:
        """Disables it, masks everything, and leaves nothing pending. The random order goes on where it was."""
        self.enabled = False
        self.pending = [False] * self.intids
        self.masked = [True] * self.intids
        self.queue.clear()

    @property
    def line(self) -> bool:
        """Level of the virtual IRQ line. PSTATE.I plays no part in it."""
        return self.enabled and self.queue.count > 0

    def signal(self, intid: int) -> int:
        """Makes the interrupt pending; DROPPED by an RVIC that is disabled."""
        if not self.enabled:
            return DROPPED
        self.pending[intid] = True
        queue = self.queue
        if self.masked[intid] or queue.after[intid] != OUT:
            return UNMOVED
        queue.add(intid)
        return RISEN if queue.count == 1 else UNMOVED

    def clear_pending(self, intid: int) -> int:
        """Withdraws the interrupt."""
        self.pending[intid] = False
        return self._hold_back(intid)

    def set_masked(self, intid: int) -> int:
        """Keeps the interrupt from being delivered; it stays pending."""
        self.masked[intid] = True
        return self._hold_back(intid)

    def _hold_back(self, intid: int) -> int:
        if self.queue.after[intid] == OUT:
            return UNMOVED
        self.queue.remove(intid)
        return FALLEN if self.enabled and not self.queue.count else UNMOVED

    def clear_masked(self, intid: int) -> int:
        """Lets the interrupt be delivered: at once, if it is pending."""
        self.masked[intid] = False
        if not self.pending[intid] or self.queue.after[intid] != OUT:
            return UNMOVED
        if self.missed_unmask and not self.enabled:
            return UNMOVED  # KVM looks at the enable here, and Enable does not look again
        self.queue.add(intid)
        return RISEN if self.enabled and self.queue.count == 1 else UNMOVED

    def acknowledge(self) -> int | None:
        """Takes one deliverable interrupt in service, not pending and masked; None where the line is low."""
        if not self.enabled or not self.queue.count:
            return None
        intid = self.queue.take()
        self.pending[intid] = False
        self.masked[intid] = True
        return intid
