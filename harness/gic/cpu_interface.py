# SPDX-License-Identifier: MIT
"""CPU interface (IHI 0048B, 4.4): what is signalled, and what the running priority is.

The physical interface and the guest's virtual one (5.5) are both this class; they differ in where their
interrupts come from. It therefore names an interrupt by a candidate's ``key`` and leaves pending and
active to the owner.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.arch.gic import Ctlr
from harness.gic.priority import NONE, Candidate, group_priority, level_mask, running_priority
from harness.gic.registers import Field

SPURIOUS = 1023  # nothing to take
OTHER_GROUP = 1022  # Group 1 is pending, but this register gives only Group 0 while AckCtl is 0


@dataclass(slots=True)
class CpuInterface:
    """CPU interface: control, priority mask, binary points and active priorities.

    ``apr`` holds Group 0's active priorities and ``nsapr`` Group 1's; with ``one_apr`` (the virtual
    interface, 5.3.7) both are in ``apr``. ``hppi`` is the highest-priority pending interrupt, as the owner
    last saw it.
    """

    priority_mask: int
    minimum_bpr: int
    one_apr: bool = False
    ctlr: int = 0
    pmr: int = 0
    bpr: int = 0
    abpr: int = 0
    apr: int = 0
    nsapr: int = 0
    hppi: Candidate = NONE

    def __post_init__(self) -> None:
        """Resets the binary points to their minima."""
        self.bpr, self.abpr = self.minimum_bpr, self.minimum_bpr + 1

    # What is signalled

    @property
    def running(self) -> int:
        """Running priority; IDLE (0x100) when nothing is active."""
        return running_priority(self.apr | self.nsapr, self.minimum_bpr + 1)

    def _group_priority(self, priority: int, group: int) -> int:
        """Returns the part that preempts (3.3.3).

        Group 1 has its own binary point, one higher for the same split, unless CBPR is set.
        """
        binary_point = self.abpr - 1 if group and not self.ctlr & Ctlr.CBPR else self.bpr
        return group_priority(priority, binary_point)

    @property
    def signalled(self) -> bool:
        """True if the hppi's group is enabled here, and it passes the priority mask and preempts what runs (3.3).

        The hppi was chosen before that is asked, so one that is held back here hides all others (4.4.4).
        """
        priority, _, group = self.hppi
        if not self.ctlr >> group & 1 or priority >= self.pmr:
            return False
        return self._group_priority(priority, group) < self.running

    @property
    def outputs(self) -> tuple[bool, bool]:
        """Levels of (IRQ, FIQ): Group 0 is signalled by FIQ where FIQEn is set (4.4.1)."""
        if not self.signalled:
            return False, False
        fiq = not self.hppi.group and bool(self.ctlr & Ctlr.FIQ_EN)
        return not fiq, fiq

    # Commands

    def _seen(self, aliased: bool) -> int:
        """Returns the hppi's key as a register shows it: the aliased ones give Group 1 only (4.4.4, 4.4.9)."""
        _, key, group = self.hppi  # NONE has the spurious key in Group 0
        if aliased:
            return key if group else SPURIOUS
        return OTHER_GROUP if group and not self.ctlr & Ctlr.ACK_CTL else key

    def acknowledge(self, *, aliased: bool) -> int:
        """Takes the hppi, as IAR or AIAR: returns its key, whose priority is now active; or 1022, 1023."""
        if not self.signalled:
            return SPURIOUS
        key = self._seen(aliased)
        if key < OTHER_GROUP:
            priority, _, group = self.hppi
            level = level_mask(self._group_priority(priority, group), self.minimum_bpr + 1)
            if group and not self.one_apr:
                self.nsapr |= level
            else:
                self.apr |= level
        return key

    def highest_pending(self, *, aliased: bool) -> int:
        """Returns HPPIR, or AHPPIR: the hppi's key, whatever enables, mask and running priority; or 1022, 1023."""
        return self._seen(aliased)

    def drop_priority(self) -> bool:
        """Drops the most urgent active priority, as the first half of EOIR; False if there was none."""
        active = self.apr | self.nsapr
        if not active:
            return False
        others = ~(active & -active)
        self.apr &= others
        self.nsapr &= others
        return True

    @property
    def split(self) -> bool:
        """True in EOImode 1: EOIR only drops the priority, DIR deactivates (3.2.1)."""
        return bool(self.ctlr & Ctlr.EOI_MODE)

    # Registers

    def read(self, field: Field, index: int) -> int:
        """Returns one word of the registers that are plain state."""
        match field:
            case Field.CTLR:
                return self.ctlr
            case Field.PMR:
                return self.pmr
            case Field.BPR:
                return self.bpr
            case Field.ABPR:
                return self.abpr
            case Field.RPR:
                return min(self.running, 0xFF)
            case Field.APR:
                return self.apr >> 32 * index & 0xFFFF_FFFF
            case Field.NSAPR:
                return self.nsapr >> 32 * index & 0xFFFF_FFFF
            case _:
                return 0

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

    def _levels(self, active: int, index: int, value: int) -> int:
        """Replaces one word of active priorities, of which only the implemented preemption levels exist."""
        implemented = (1 << (1 << (7 - self.minimum_bpr))) - 1
        return (active & ~(0xFFFF_FFFF << 32 * index) | value << 32 * index) & implemented
