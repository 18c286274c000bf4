# SPDX-License-Identifier: MIT
"""The Generic Timer of one PE: virtual and physical timer, CNTKCTL_EL1 (DDI 0487, D11 and D12).

The system counter is the machine's tick count, so a timer keeps no count of its own: every question takes
``now``. All arithmetic is on 64-bit unsigned values, as the manual's TimerConditionMet has it; a CVAL
of all ones is how software parks a timer, and never comes true.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from harness.arch.intid import PPI_PHYSICAL_TIMER, PPI_VIRTUAL_TIMER

CNTFRQ = 62_500_000
MASK64 = 0xFFFF_FFFF_FFFF_FFFF
MASK32 = 0xFFFF_FFFF
HORIZON = 1 << 62  # a deadline after this (over 2,000 years) is a parked timer's: it never comes

# CNTV_CTL_EL0, CNTP_CTL_EL0.
ENABLE = 1 << 0
IMASK = 1 << 1
ISTATUS = 1 << 2

# CNTKCTL_EL1: what EL0 may reach.
EL0PCTEN = 1 << 0
EL0VCTEN = 1 << 1
EL0VTEN = 1 << 8
EL0PTEN = 1 << 9
# and its event stream: enable, the edge of the bit that makes an event, the number of the bit.
EVNTEN = 1 << 2
EVNTDIR = 1 << 3
EVNTI_SHIFT = 4
_CNTKCTL_MASK = 0x3FF


class TimerRegister(StrEnum):
    """The EL1 and EL0 registers, by the manual's names: ``TimerRegister("CNTV_CTL_EL0")``."""

    CNTFRQ_EL0 = "CNTFRQ_EL0"
    CNTPCT_EL0 = "CNTPCT_EL0"
    CNTVCT_EL0 = "CNTVCT_EL0"
    CNTP_CTL_EL0 = "CNTP_CTL_EL0"
    CNTP_CVAL_EL0 = "CNTP_CVAL_EL0"
    CNTP_TVAL_EL0 = "CNTP_TVAL_EL0"
    CNTV_CTL_EL0 = "CNTV_CTL_EL0"
    CNTV_CVAL_EL0 = "CNTV_CVAL_EL0"
    CNTV_TVAL_EL0 = "CNTV_TVAL_EL0"
    CNTKCTL_EL1 = "CNTKCTL_EL1"


_EL0_ENABLE: dict[TimerRegister, int] = {
    TimerRegister.CNTFRQ_EL0: EL0PCTEN | EL0VCTEN,
    TimerRegister.CNTPCT_EL0: EL0PCTEN,
    TimerRegister.CNTVCT_EL0: EL0VCTEN,
    TimerRegister.CNTP_CTL_EL0: EL0PTEN,
    TimerRegister.CNTP_CVAL_EL0: EL0PTEN,
    TimerRegister.CNTP_TVAL_EL0: EL0PTEN,
    TimerRegister.CNTV_CTL_EL0: EL0VTEN,
    TimerRegister.CNTV_CVAL_EL0: EL0VTEN,
    TimerRegister.CNTV_TVAL_EL0: EL0VTEN,
}


@dataclass(slots=True)
class Timer:
    """One timer against its own count: enable and mask bits, and a compare value."""

    ctl: int = 0  # ENABLE and IMASK only; ISTATUS is computed
    cval: int = 0

    def condition(self, count: int) -> bool:
        """Whether the timer is enabled and its condition is met: ISTATUS (DDI 0487 D11.2.4)."""
        return bool(self.ctl & ENABLE) and count >= self.cval

    def line(self, count: int) -> bool:
        """Level of the output: ISTATUS and not IMASK."""
        return self.ctl & (ENABLE | IMASK) == ENABLE and count >= self.cval

    def remaining(self, count: int) -> int | None:
        """Ticks until the output rises; None if it is high or armed for nothing."""
        if self.ctl & (ENABLE | IMASK) != ENABLE or count >= self.cval:
            return None
        return self.cval - count

    def read_ctl(self, count: int) -> int:
        """CTL with ISTATUS (bit 2), which reads 0 while the timer is off."""
        return self.ctl | ISTATUS if self.condition(count) else self.ctl

    def read_tval(self, count: int) -> int:
        """TVAL: the low 32 bits of CVAL - count."""
        return self.cval - count & MASK32

    def write_ctl(self, value: int) -> None:
        """CTL: ENABLE and IMASK; every other bit is read-only or RES0."""
        self.ctl = value & (ENABLE | IMASK)

    def write_tval(self, value: int, count: int) -> None:
        """TVAL: CVAL = count + SignExtend(TVAL[31:0])."""
        value &= MASK32
        if value >> 31:
            value -= 1 << 32
        self.cval = count + value & MASK64


@dataclass(slots=True)
class GenericTimer:
    """Virtual timer (PPI 27), physical timer (PPI 30) and EL0 access control of one PE.

    ``offset`` is CNTVOFF_EL2: virtual count = count - offset. ``now`` is the tick last heard of; the level
    properties hold for it.
    """

    virtual: Timer = field(default_factory=Timer)
    physical: Timer = field(default_factory=Timer)
    offset: int = 0
    cntkctl: int = 0
    now: int = 0

    def reset(self) -> None:
        """Both timers off, EL0 kept out; the count and CNTVOFF_EL2 go on."""
        self.virtual = Timer()
        self.physical = Timer()
        self.cntkctl = 0

    def virtual_count(self, now: int) -> int:
        """CNTVCT_EL0 at tick ``now``."""
        return now - self.offset & MASK64

    def advance(self, now: int) -> None:
        """Hear of the time; the level properties hold for it from here on."""
        self.now = now

    @property
    def virtual_level(self) -> bool:
        """Level of PPI 27 at ``self.now``."""
        return self.virtual.line(self.now - self.offset & MASK64)

    @property
    def physical_level(self) -> bool:
        """Level of PPI 30 at ``self.now``."""
        return self.physical.line(self.now & MASK64)

    def levels(self, now: int) -> tuple[tuple[int, bool], tuple[int, bool]]:
        """((27, level), (30, level)) at tick ``now``."""
        return (
            (PPI_VIRTUAL_TIMER, self.virtual.line(now - self.offset & MASK64)),
            (PPI_PHYSICAL_TIMER, self.physical.line(now & MASK64)),
        )

    def condition(self, now: int) -> tuple[bool, bool]:
        """ISTATUS of the virtual and of the physical timer at tick ``now``, masked or not."""
        return self.virtual.condition(self.virtual_count(now)), self.physical.condition(now & MASK64)

    def deadline(self, now: int | None = None) -> int | None:
        """First tick after ``now`` at which either line rises; None if neither ever will."""
        if now is None:
            now = self.now
        virtual = self.virtual.remaining(now - self.offset & MASK64)
        physical = self.physical.remaining(now & MASK64)
        if virtual is None or (physical is not None and physical < virtual):
            virtual = physical
        return None if virtual is None or now + virtual > HORIZON else now + virtual

    def set_cntkctl(self, value: int) -> None:
        """CNTKCTL_EL1."""
        self.cntkctl = value & _CNTKCTL_MASK

    def next_event(self, after: int) -> int | None:
        """First tick after ``after`` at which the event stream has an event (D11.2.5); None without a stream.

        It is where bit EVNTI of the virtual count rises, or with EVNTDIR falls.
        """
        if not self.cntkctl & EVNTEN:
            return None
        bit = 1 << (self.cntkctl >> EVNTI_SHIFT & 0xF)
        phase = 0 if self.cntkctl & EVNTDIR else bit
        count = self.virtual_count(after)
        return after + 2 * bit - (count - phase) % (2 * bit)

    def el0_may(self, register: TimerRegister) -> bool:
        """Whether CNTKCTL_EL1 lets EL0 reach the register; if not, EL1 gets a trap with EC 0x18."""
        return bool(self.cntkctl & _EL0_ENABLE.get(register, 0))

    def read(self, register: TimerRegister, now: int) -> int:
        """MRS at tick ``now``."""
        self.now = now
        match register:
            case TimerRegister.CNTVCT_EL0:
                return self.virtual_count(now)
            case TimerRegister.CNTPCT_EL0:
                return now & MASK64
            case TimerRegister.CNTFRQ_EL0:
                return CNTFRQ
            case TimerRegister.CNTKCTL_EL1:
                return self.cntkctl
        timer, count = self._timer(register, now)
        match register:
            case TimerRegister.CNTV_CTL_EL0 | TimerRegister.CNTP_CTL_EL0:
                return timer.read_ctl(count)
            case TimerRegister.CNTV_TVAL_EL0 | TimerRegister.CNTP_TVAL_EL0:
                return timer.read_tval(count)
            case _:
                return timer.cval

    def write(self, register: TimerRegister, value: int, now: int) -> None:
        """MSR at tick ``now``. ValueError for what EL1 cannot write (the counters and CNTFRQ_EL0)."""
        self.now = now
        match register:
            case TimerRegister.CNTVCT_EL0 | TimerRegister.CNTPCT_EL0 | TimerRegister.CNTFRQ_EL0:
                raise ValueError(f"{register} is read-only at EL1")
            case TimerRegister.CNTKCTL_EL1:
                self.set_cntkctl(value)
                return
        timer, count = self._timer(register, now)
        match register:
            case TimerRegister.CNTV_CTL_EL0 | TimerRegister.CNTP_CTL_EL0:
                timer.write_ctl(value)
            case TimerRegister.CNTV_TVAL_EL0 | TimerRegister.CNTP_TVAL_EL0:
                timer.write_tval(value, count)
            case _:
                timer.cval = value & MASK64

    def _timer(self, register: TimerRegister, now: int) -> tuple[Timer, int]:
        """The timer a CTL, CVAL or TVAL belongs to, and its count."""
        if register.startswith("CNTV"):
            return self.virtual, now - self.offset & MASK64
        return self.physical, now & MASK64
