# SPDX-License-Identifier: MIT
"""Generic Timer of one PE: virtual and physical timer, event stream (DDI 0487, D11 and D12).

The system counter is the machine's tick count, so a timer keeps no count of its own: every question takes
``now``. All arithmetic is on 64-bit unsigned values, as the manual's TimerConditionMet has it; a CVAL
of all ones is how software parks a timer, and never comes true.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial

from harness.arch.masks import MASK32, MASK64
from harness.arch.virt import CNTFRQ
from harness.deadlines import NEVER, Deadline
from harness.wires import Wire

HORIZON = 1 << 62  # a deadline after this (over 2,000 years) is a parked timer's: it never comes

Read = Callable[[int], int]
Write = Callable[[int, int], object]

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
    """Timer against a count, which is the system counter less ``offset``: enable and mask bits, a compare value.

    ``irq`` is its output, ISTATUS and not IMASK; ``due`` the tick at which that rises by itself: NEVER if it is
    high, or the timer parked. Both are as of the last :meth:`follow`.
    """

    offset: int = 0
    ctl: int = 0  # ENABLE and IMASK only; ISTATUS is computed
    cval: int = 0
    irq: Wire = field(default_factory=Wire)
    due: int = NEVER

    def count(self, now: int) -> int:
        """Returns the count at tick ``now``."""
        return now - self.offset & MASK64

    def rises_at(self, now: int) -> int:
        """Returns the tick at which the output is high, as of ``now``: that tick itself if it is, or NEVER."""
        if self.ctl & (ENABLE | IMASK) != ENABLE:
            return NEVER
        ticks = self.cval - (now - self.offset & MASK64)
        if ticks <= 0:  # the condition is met (D11.2.4)
            return now
        return now + ticks if ticks <= HORIZON - now else NEVER

    def follow(self, now: int) -> bool:
        """Finds ``due`` at tick ``now``; returns the level that the output is to have."""
        tick = self.rises_at(now)
        high = tick == now
        self.due = NEVER if high else tick
        return high

    def read_ctl(self, now: int) -> int:
        """Reads CTL with ISTATUS (bit 2), which is 0 while the timer is off (D11.2.4)."""
        return self.ctl | ISTATUS if self.ctl & ENABLE and self.count(now) >= self.cval else self.ctl

    def read_tval(self, now: int) -> int:
        """Reads TVAL: the low 32 bits of CVAL - count."""
        return self.cval - self.count(now) & MASK32

    def read_cval(self, _now: int) -> int:
        """Reads CVAL."""
        return self.cval

    def write_ctl(self, value: int, _now: int) -> None:
        """Writes CTL: ENABLE and IMASK; every other bit is read-only or RES0."""
        self.ctl = value & (ENABLE | IMASK)

    def write_tval(self, value: int, now: int) -> None:
        """Writes TVAL: CVAL = count + SignExtend(TVAL[31:0])."""
        value &= MASK32
        if value >> 31:
            value -= 1 << 32
        self.cval = self.count(now) + value & MASK64

    def write_cval(self, value: int, _now: int) -> None:
        """Writes CVAL."""
        self.cval = value & MASK64


@dataclass(slots=True)
class GenericTimer:
    """Generic Timer of one PE: its virtual and its physical timer.

    ``offset`` is CNTVOFF_EL2: virtual count = count - offset. ``now`` is the tick last heard of. The outputs,
    ``virtual_irq`` (PPI 27) and ``physical_irq`` (PPI 30), follow each write and each :meth:`advance`;
    ``next_action`` tells of the tick at which one of them rises by itself, as these left it.
    """

    offset: int = 0
    cntkctl: int = 0
    now: int = 0
    virtual: Timer = field(default_factory=Timer)
    physical: Timer = field(default_factory=Timer)
    next_action: Deadline = field(default_factory=Deadline)

    def __post_init__(self) -> None:
        self.virtual.offset = self.offset

    @property
    def virtual_irq(self) -> Wire:
        """Output of the virtual timer."""
        return self.virtual.irq

    @property
    def physical_irq(self) -> Wire:
        """Output of the physical timer."""
        return self.physical.irq

    @property
    def due(self) -> int | None:
        """Tick at which an output rises by itself; None if none ever will."""
        tick = self.next_action.tick
        return None if tick == NEVER else tick

    def reset(self) -> None:
        """Turns both timers off; the count and CNTVOFF_EL2 go on."""
        for timer in (self.virtual, self.physical):
            timer.ctl = timer.cval = 0
        self.cntkctl = 0
        self.advance(self.now)

    def virtual_count(self, now: int) -> int:
        """Returns CNTVCT_EL0 at tick ``now``."""
        return now - self.offset & MASK64

    def advance(self, now: int) -> None:
        """Lets time pass up to tick ``now``; the outputs follow."""
        self.now = now
        virtual, physical = self.virtual.follow(now), self.physical.follow(now)
        self._set_deadline()
        self.virtual.irq.drive(virtual)
        self.physical.irq.drive(physical)

    def deadline(self, now: int) -> int | None:
        """Returns the first tick after ``now`` at which an output rises; None if none ever will."""
        ticks = (self.virtual.rises_at(now), self.physical.rises_at(now))
        return min((tick for tick in ticks if now < tick < NEVER), default=None)

    def _set_deadline(self) -> None:
        virtual, physical = self.virtual.due, self.physical.due
        first = virtual if virtual < physical else physical
        if first != self.next_action.tick:
            self.next_action.set(first)

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

    # Registers

    def read(self, register: TimerRegister, now: int) -> int:
        """Performs an MRS at tick ``now``."""
        return self.reader(register)(now)

    def write(self, register: TimerRegister, value: int, now: int) -> None:
        """Performs an MSR at tick ``now``. ValueError for what EL1 cannot write (the counters and CNTFRQ_EL0)."""
        self.writer(register)(value, now)

    def reader(self, register: TimerRegister) -> Read:
        """Returns what performs an MRS of a register: ``read(now)``, always the same."""
        match register:
            case TimerRegister.CNTVCT_EL0:
                return self.virtual_count
            case TimerRegister.CNTPCT_EL0:
                return self.physical.count
            case TimerRegister.CNTFRQ_EL0:
                return lambda _now: CNTFRQ
            case TimerRegister.CNTKCTL_EL1:
                return lambda _now: self.cntkctl
            case TimerRegister.CNTV_CTL_EL0 | TimerRegister.CNTP_CTL_EL0:
                return self._timer(register).read_ctl
            case TimerRegister.CNTV_TVAL_EL0 | TimerRegister.CNTP_TVAL_EL0:
                return self._timer(register).read_tval
        return self._timer(register).read_cval

    def writer(self, register: TimerRegister) -> Write:
        """Returns what performs an MSR to a register: ``write(value, now)``, always the same.

        ValueError for what EL1 cannot write.
        """
        match register:
            case TimerRegister.CNTVCT_EL0 | TimerRegister.CNTPCT_EL0 | TimerRegister.CNTFRQ_EL0:
                raise ValueError(f"{register} is read-only at EL1")
            case TimerRegister.CNTKCTL_EL1:
                return lambda value, _now: self.set_cntkctl(value)
        timer = self._timer(register)
        match register:
            case TimerRegister.CNTV_CTL_EL0 | TimerRegister.CNTP_CTL_EL0:
                write: Write = timer.write_ctl
            case TimerRegister.CNTV_TVAL_EL0 | TimerRegister.CNTP_TVAL_EL0:
                write = timer.write_tval
            case _:
                write = timer.write_cval
        return partial(self._write, timer, write)

    def _write(self, timer: Timer, write: Write, value: int, now: int) -> None:
        """Writes a register of a timer, whose output follows; so does the other's, if it has to by now."""
        write(value, now)
        if now >= self.next_action.tick:
            self.advance(now)
            return
        self.now = now
        high = timer.follow(now)
        self._set_deadline()
        if high != timer.irq.level:
            timer.irq.drive(high)

    def _timer(self, register: TimerRegister) -> Timer:
        """Returns the timer that a CTL, CVAL or TVAL belongs to."""
        return self.virtual if register.startswith("CNTV") else self.physical
