# SPDX-License-Identifier: MIT
"""CPU interface (IHI 0048B, 4.4): what is signalled, and what the running priority is.

The physical interface and the guest's virtual one (5.5) are both this class; they differ in where their
interrupts come from. It therefore names an interrupt by the key in its rank and leaves pending and active to the
owner.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from harness.arch.gic import Ctlr
from harness.gic.priority import (
    IDLE,
    NO_RANK,
    RANK_KEY,
    RANK_SHIFT,
    Candidate,
    group_priority,
    running_priority,
)
from harness.gic.registers import Field

SPURIOUS: Final = 1023  # nothing to take
OTHER_GROUP: Final = 1022  # Group 1 is pending, but this register gives only Group 0 while AckCtl is 0

_ACK_CTL: Final = Ctlr.ACK_CTL
_CBPR: Final = Ctlr.CBPR
_FIQ_EN: Final = Ctlr.FIQ_EN


class CpuInterface:
    """CPU interface: control, priority mask, binary points and active priorities.

    ``apr`` holds Group 0's active priorities and ``nsapr`` Group 1's; with ``one_apr`` (the virtual
    interface, 5.3.7) both are in ``apr``. ``running`` is the priority of the most urgent of them, IDLE where
    nothing is active. ``rank`` and ``group`` are of the highest-priority pending interrupt, as the owner last
    showed it; ``signalled``, ``irq`` and ``fiq`` say what comes of that. ``preempting`` has for each group the bits
    of a priority that preempt (3.3.3): its group priority.
    """

    def __init__(self, priority_mask: int = 0, minimum_bpr: int = 0, one_apr: bool = False) -> None:
        self.priority_mask = priority_mask
        self.minimum_bpr = minimum_bpr
        self.one_apr = one_apr
        self.reset()

    def reset(self) -> None:
        """Takes the registers to their reset values, the binary points to their minima."""
        self.ctlr: int = 0
        self.pmr: int = 0
        self.bpr: int = self.minimum_bpr
        self.abpr: int = self.minimum_bpr + 1
        self.apr: int = 0
        self.nsapr: int = 0
        self.preempting: tuple[int, int] = self._preempting()
        self.running: int = IDLE
        self.rank: int = NO_RANK
        self.group: int = 0
        self.signalled: bool = False
        self.irq: bool = False
        self.fiq: bool = False

    def contents(self) -> tuple[object, ...]:
        """Returns all of its state as plain data, to compare."""
        registers = (self.ctlr, self.pmr, self.bpr, self.abpr, self.apr, self.nsapr)
        return (registers, self.rank, self.group, self.signalled)

    # What is signalled

    @property
    def hppi(self) -> Candidate:
        """Highest-priority pending interrupt, whatever holds it back here; NONE without one."""
        return Candidate(self.rank >> RANK_SHIFT, self.rank & RANK_KEY, self.group)

    def _preempting(self) -> tuple[int, int]:
        """Returns the bits of a priority that preempt, for each group (3.3.3).

        Group 1 has its own binary point, one higher for the same split, unless CBPR is set.
        """
        of_group0 = group_priority(0xFF, self.bpr)
        return of_group0, of_group0 if self.ctlr & _CBPR else group_priority(0xFF, self.abpr - 1)

    def follow(self, rank: int, group: int) -> None:
        """Looks at the highest-priority pending interrupt, which its owner has chosen.

        It is signalled if its group is enabled here, and it passes the priority mask and preempts what runs (3.3).
        It was chosen before that is asked, so one that is held back here hides all others (4.4.4). Group 0 is
        signalled by FIQ where FIQEn is set (4.4.1).
        """
        self.rank = rank
        self.group = group
        priority, ctlr = rank >> RANK_SHIFT, self.ctlr
        self.signalled = self.irq = self.fiq = False
        if not ctlr >> group & 1 or priority >= self.pmr or priority & self.preempting[group] >= self.running:
            return
        self.signalled = True
        if group or not ctlr & _FIQ_EN:
            self.irq = True
        else:
            self.fiq = True

    # Commands

    def highest_pending(self, aliased: bool) -> int:
        """Returns HPPIR, or AHPPIR: the key, whatever enables, mask and running priority; or 1022, 1023.

        The aliased registers give Group 1 only (4.4.4, 4.4.9).
        """
        key = self.rank & RANK_KEY  # without an interrupt, the spurious one in Group 0
        if aliased:
            return key if self.group else SPURIOUS
        return OTHER_GROUP if self.group and not self.ctlr & _ACK_CTL else key

    def acknowledge(self, aliased: bool) -> int:
        """Takes what is signalled, as IAR or AIAR: returns its key, whose priority is now active; or 1022, 1023."""
        if not self.signalled:
            return SPURIOUS
        group = self.group
        if aliased and not group:
            return SPURIOUS
        if group and not aliased and not self.ctlr & _ACK_CTL:
            return OTHER_GROUP
        priority = self.rank >> RANK_SHIFT & self.preempting[group]
        active = 1 << (priority >> self.minimum_bpr + 1)
        if group and not self.one_apr:
            self.nsapr |= active
        else:
            self.apr |= active
        self.running = priority  # for it preempts what ran
        return self.rank & RANK_KEY

    def drop_priority(self) -> bool:
        """Drops the most urgent active priority, as the first half of EOIR; False if there was none."""
        active = self.apr | self.nsapr
        if not active:
            return False
        others = ~(active & -active)
        self.apr &= others
        self.nsapr &= others
        active &= others
        self.running = running_priority(active, self.minimum_bpr + 1) if active else IDLE
        return True

    # Registers that are plain state

    def reader(self, field: Field, index: int) -> Callable[[], int]:
        """Returns what reads one word."""
        match field:
            case Field.CTLR:
                return lambda: self.ctlr
            case Field.PMR:
                return lambda: self.pmr
            case Field.BPR:
                return lambda: self.bpr
            case Field.ABPR:
                return lambda: self.abpr
            case Field.RPR:
                return lambda: min(self.running, 0xFF)
            case Field.APR:
                return lambda: self.apr >> 32 * index & 0xFFFF_FFFF
            case Field.NSAPR:
                return lambda: self.nsapr >> 32 * index & 0xFFFF_FFFF
            case _:
                return lambda: 0

    def write(self, field: Field, index: int, value: int) -> None:
        """Writes one word, reserved bits cleared. A binary point below its minimum becomes the minimum (4.4.3)."""
        match field:
            case Field.CTLR:
                self.ctlr = value
            case Field.PMR:
                self.pmr = value & self.priority_mask
            case Field.BPR:
                self.bpr = max(value, self.minimum_bpr)
            case Field.ABPR:
                self.abpr = max(value, self.minimum_bpr + 1)
            case Field.APR:
                self.apr = self._levels(self.apr, index, value)
            case Field.NSAPR:
                self.nsapr = self._levels(self.nsapr, index, value)
            case _:
                pass
        self.preempting = self._preempting()
        self.running = running_priority(self.apr | self.nsapr, self.minimum_bpr + 1)

    def _levels(self, active: int, index: int, value: int) -> int:
        """Replaces one word of active priorities, of which only the implemented preemption levels exist."""
        implemented = (1 << (1 << (7 - self.minimum_bpr))) - 1
        return (active & ~(0xFFFF_FFFF << 32 * index) | value << 32 * index) & implemented
