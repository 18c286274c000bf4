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

from harness.rvic.config import Order
from harness.splitmix import split_mix

_FIFO, _LOWEST = Order.FIFO, Order.LOWEST  # looked up for every Acknowledge


@dataclass(slots=True)
class Rvic:
    """State of one vCPU's RVIC, all of it plain data; ``pending`` and ``masked`` are bitmaps by INTID.

    ``intids`` is T+U, ``random`` the state of the random order's generator, ``missed_unmask`` KVM's defect 2.
    The primitives take an INTID that is in range: their callers have checked it.
    """

    intids: int
    order: Order = Order.FIFO
    missed_unmask: bool = False
    random: int = 0
    enabled: bool = field(init=False)
    pending: int = field(init=False)
    masked: int = field(init=False)
    queue: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Disables it, masks everything, and leaves nothing pending. The random order goes on where it was."""
        self.enabled = False
        self.pending = 0
        self.masked = (1 << self.intids) - 1
        self.queue = []

    @property
    def line(self) -> bool:
        """Level of the virtual IRQ line. PSTATE.I plays no part in it."""
        return self.enabled and bool(self.queue)

    def is_pending(self, intid: int) -> bool:
        """Returns the pending bit, masked or not."""
        return bool(self.pending >> intid & 1)

    def signal(self, intid: int) -> bool:
        """Makes the interrupt pending; False where the RVIC is disabled and the signal so dropped."""
        if not self.enabled:
            return False
        bit = 1 << intid
        self.pending |= bit
        if not self.masked & bit and intid not in self.queue:
            self.queue.append(intid)
        return True

    def clear_pending(self, intid: int) -> None:
        """Withdraws the interrupt."""
        self.pending &= ~(1 << intid)
        if intid in self.queue:
            self.queue.remove(intid)

    def set_masked(self, intid: int) -> None:
        """Keeps the interrupt from being delivered; it stays pending."""
        self.masked |= 1 << intid
        if intid in self.queue:
            self.queue.remove(intid)

    def clear_masked(self, intid: int) -> None:
        """Lets the interrupt be delivered: at once, if it is pending."""
        bit = 1 << intid
        self.masked &= ~bit
        if not self.pending & bit or intid in self.queue:
            return
        if self.missed_unmask and not self.enabled:
            return  # KVM looks at the enable here, and Enable does not look again
        self.queue.append(intid)

    def acknowledge(self) -> int | None:
        """Takes one deliverable interrupt in service: not pending, and masked. None where the line is low."""
        if not self.enabled or not self.queue:
            return None
        intid = self.queue.pop(self._next())
        bit = 1 << intid
        self.pending ^= bit
        self.masked |= bit
        return intid

    def _next(self) -> int:
        """Returns the place in the queue of the interrupt to acknowledge."""
        if self.order is _FIFO:
            return 0
        if self.order is _LOWEST:
            return self.queue.index(min(self.queue))
        self.random, value = split_mix(self.random)
        return value % len(self.queue)
