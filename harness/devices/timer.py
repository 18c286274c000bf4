# SPDX-License-Identifier: MIT
"""Generic Timer of one PE: virtual and physical timer, event stream (DDI 0487, D11 and D12).

The system counter is the machine's tick count, so a timer keeps no count of its own: every question takes
``now``. All arithmetic is on 64-bit unsigned values, as the manual's TimerConditionMet has it; a CVAL
of all ones is how software parks a timer, and never comes true.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from harness.arch.masks import MASK32, MASK64
from harness.arch.virt import CNTFRQ
from harness.deadlines import NEVER, Deadline
from harness.wires import Wire

HORIZON = 1 << 62  # a deadline after this (over 2,000 years) is a parked timer's: it never comes
PARKED = HORIZON + 1

# CNTV_CTL_EL0, CNTP_CTL_EL0.
ENABLE = 1 << 0
IMASK = 1 << 1
ISTATUS = 1 << 2

# CNTKCTL_EL1: the event stream's enable, the edge of the bit that makes an event, the number of the bit.
EVNTEN = 1 << 2
EVNTDIR = 1 << 3
EVNTI_SHIFT = 4
_CNTKCTL_MASK = 0x3FF


class TimerRegister(StrEnum):
    """EL1 and EL0 registers, by the manual's names: ``TimerRegister("CNTV_CTL_EL0")``."""

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


@dataclass(slots=True)
class Timer:
    """Timer against a count: enable and mask bits, and a compare value."""

    ctl: int = 0  # ENABLE and IMASK only; ISTATUS is computed
    cval: int = 0

    def condition(self, count: int) -> bool:
        """Returns ISTATUS: the timer is enabled and its condition is met (DDI 0487 D11.2.4)."""
        return bool(self.ctl & ENABLE) and count >= self.cval

    def rises_in(self, count: int) -> int:
        """Returns the ticks until the output, ISTATUS and not IMASK, is high: 0 if it is, or PARKED."""
        if self.ctl & (ENABLE | IMASK) != ENABLE:
            return PARKED
        return self.cval - count if count < self.cval else 0

    def read_ctl(self, count: int) -> int:
        """Returns CTL with ISTATUS (bit 2), which reads 0 while the timer is off."""
        return self.ctl | ISTATUS if self.condition(count) else self.ctl

    def read_tval(self, count: int) -> int:
        """Returns TVAL: the low 32 bits of CVAL - count."""
        return self.cval - count & MASK32

    def write_ctl(self, value: int) -> None:
        """Writes CTL: ENABLE and IMASK; every other bit is read-only or RES0."""
        self.ctl = value & (ENABLE | IMASK)

    def write_tval(self, value: int, count: int) -> None:
        """Writes TVAL: CVAL = count + SignExtend(TVAL[31:0])."""
        value &= MASK32
        if value >> 31:
            value -= 1 << 32
        self.cval = count + value & MASK64


@dataclass(slots=True)
class GenericTimer:
    """Generic Timer of one PE: its virtual and its physical timer.

    ``offset`` is CNTVOFF_EL2: virtual count = count - offset. ``now`` is the tick last heard of. The outputs,
    ``virtual_irq`` (PPI 27) and ``physical_irq`` (PPI 30), follow each write and each :meth:`advance`; ``due`` is
    the tick at which one of them rises by itself, as these left it, and ``next_action`` tells of it.
    """

    virtual: Timer = field(default_factory=Timer)
    physical: Timer = field(default_factory=Timer)
    offset: int = 0
    cntkctl: int = 0
    now: int = 0
    due: int | None = None
    virtual_irq: Wire = field(default_factory=Wire)
    physical_irq: Wire = field(default_factory=Wire)
    next_action: Deadline = field(default_factory=Deadline)

    def reset(self) -> None:
        """Turns both timers off; the count and CNTVOFF_EL2 go on."""
        self.virtual = Timer()
        self.physical = Timer()
        self.cntkctl = 0
        self._drive()

    def virtual_count(self, now: int) -> int:
        """Returns CNTVCT_EL0 at tick ``now``."""
        return now - self.offset & MASK64

    def advance(self, now: int) -> None:
        """Lets time pass up to tick ``now``; the outputs follow."""
        self.now = now
        self._drive()

    def deadline(self, now: int) -> int | None:
        """Returns the first tick after ``now`` at which an output rises; None if none ever will."""
        return self._due(
            now, self.virtual.rises_in(self.virtual_count(now)), self.physical.rises_in(now & MASK64)
        )

    def _due(self, now: int, virtual: int, physical: int) -> int | None:
        """Returns the tick at which the first of the outputs rises that are low."""
        ticks = physical if not virtual or 0 < physical < virtual else virtual
        return now + ticks if 0 < ticks <= HORIZON - now else None

    def _drive(self) -> None:
        now = self.now
        virtual = self.virtual.rises_in(now - self.offset & MASK64)
        physical = self.physical.rises_in(now & MASK64)
        self.due = self._due(now, virtual, physical)
        self.next_action.set(NEVER if self.due is None else self.due)
        self.virtual_irq.drive(not virtual)
        self.physical_irq.drive(not physical)

    def set_cntkctl(self, value: int) -> None:
        """Writes CNTKCTL_EL1."""
        self.cntkctl = value & _CNTKCTL_MASK

    def next_event(self, after: int) -> int | None:
        """Returns the tick of the event stream's first event after ``after`` (D11.2.5); None without a stream.

        It is where bit EVNTI of the virtual count rises, or with EVNTDIR falls.
        """
        if not self.cntkctl & EVNTEN:
            return None
        bit = 1 << (self.cntkctl >> EVNTI_SHIFT & 0xF)
        phase = 0 if self.cntkctl & EVNTDIR else bit
        count = self.virtual_count(after)
        return after + 2 * bit - (count - phase) % (2 * bit)

    def read(self, register: TimerRegister, now: int) -> int:
        """Performs an MRS at tick ``now``."""
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
        """Performs an MSR at tick ``now``. ValueError for what EL1 cannot write (the counters and CNTFRQ_EL0)."""
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
        self._drive()

    def _timer(self, register: TimerRegister, now: int) -> tuple[Timer, int]:
        """Returns the timer that a CTL, CVAL or TVAL belongs to, and its count."""
        if register.startswith("CNTV"):
            return self.virtual, now - self.offset & MASK64
        return self.physical, now & MASK64
