# SPDX-License-Identifier: MIT
"""One RVIC instance: the interrupts of one vCPU (DEN0103). Two bits per INTID, and a line.

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

A signal needs the instance enabled; while it is disabled nothing is recorded. Everything else works on a
disabled instance, save Acknowledge. There is no active state: "in service" is the mask bit that Acknowledge
set, and ClearMasked ends it. The line (HCR_EL2.VI) is high while the instance is enabled and something is
deliverable; Enable and Disable move no bit of any interrupt.

The deliverable interrupts stand in a queue in the order in which they became so; the acknowledge order picks
from it. In the ``kvm`` profile the queue is KVM's delivery list, which can miss an interrupt (defect 2).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.arch.smccc import MASK64
from harness.rvic.config import Order

_FIFO, _LOWEST = Order.FIFO, Order.LOWEST  # looked up for every Acknowledge


@dataclass(slots=True)
class Instance:
    """State of one vCPU's RVIC, all of it plain data; ``pending`` and ``masked`` are bitmaps by INTID.

    ``intids`` is T+U, ``dice`` the state of the random order's generator, ``missed_unmask`` KVM's defect 2.
    The primitives take an INTID that is in range: who calls them has checked it.
    """

    intids: int
    order: Order = Order.FIFO
    missed_unmask: bool = False
    dice: int = 0
    enabled: bool = field(default=False, init=False)
    pending: int = field(default=0, init=False)
    masked: int = field(default=0, init=False)
    queue: list[int] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self.masked = (1 << self.intids) - 1

    @property
    def line(self) -> bool:
        """Level of the virtual IRQ line. PSTATE.I plays no part in it."""
        return self.enabled and bool(self.queue)

    @property
    def deliverable(self) -> int:
        """Bitmap of what is pending and not masked."""
        return self.pending & ~self.masked

    def is_pending(self, intid: int) -> bool:
        """The pending bit, masked or not."""
        return bool(self.pending >> intid & 1)

    def enable(self) -> None:
        """Let the line follow the deliverable interrupts."""
        self.enabled = True

    def disable(self) -> None:
        """Hold the line low and drop signals from now on."""
        self.enabled = False

    def signal(self, intid: int) -> bool:
        """Make the interrupt pending; False if the instance is disabled and the signal so dropped."""
        if not self.enabled:
            return False
        bit = 1 << intid
        self.pending |= bit
        if not self.masked & bit and intid not in self.queue:
            self.queue.append(intid)
        return True

    def clear_pending(self, intid: int) -> None:
        """Withdraw the interrupt."""
        self.pending &= ~(1 << intid)
        self._dequeue(intid)

    def set_masked(self, intid: int) -> None:
        """Keep the interrupt from being delivered; it stays pending."""
        self.masked |= 1 << intid
        self._dequeue(intid)

    def clear_masked(self, intid: int) -> None:
        """Let the interrupt be delivered: at once, if it is pending."""
        bit = 1 << intid
        self.masked &= ~bit
        if not self.pending & bit or intid in self.queue:
            return
        if self.missed_unmask and not self.enabled:
            return  # KVM looks at the enable here, and Enable does not look again
        self.queue.append(intid)

    def acknowledge(self) -> int | None:
        """Take one deliverable interrupt in service: no longer pending, masked. None if the line is low."""
        queue = self.queue
        if not self.enabled or not queue:
            return None
        intid = queue.pop(self._choose())
        bit = 1 << intid
        self.pending ^= bit
        self.masked |= bit
        return intid

    def reset(self) -> None:
        """Disabled, everything masked and nothing pending. The dice roll on: they are not the guest's."""
        self.enabled = False
        self.pending = 0
        self.masked = (1 << self.intids) - 1
        self.queue.clear()

    def _dequeue(self, intid: int) -> None:
        if intid in self.queue:
            self.queue.remove(intid)

    def _choose(self) -> int:
        """Position in the queue of the interrupt to acknowledge."""
        if self.order is _FIFO:
            return 0
        if self.order is _LOWEST:
            return self.queue.index(min(self.queue))
        self.dice, value = roll(self.dice)
        return value % len(self.queue)


def roll(dice: int) -> tuple[int, int]:
    """One step of SplitMix64: the next state and a 64-bit value. Any int seeds it."""
    dice = dice + 0x9E37_79B9_7F4A_7C15 & MASK64
    value = dice
    value = (value ^ value >> 30) * 0xBF58_476D_1CE4_E5B9 & MASK64
    value = (value ^ value >> 27) * 0x94D0_49BB_1331_11EB & MASK64
    return dice, value ^ value >> 31
