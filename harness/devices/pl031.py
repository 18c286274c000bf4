# SPDX-License-Identifier: MIT
"""PrimeCell Real Time Clock (PL031), DDI 0224: seconds from a fixed epoch, on virtual time.

It starts at :data:`EPOCH` at tick 0, never at the host's date, so that two runs agree. It runs from reset,
as QEMU's does; RTCCR reads as one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from harness.arch.masks import MASK32
from harness.arch.virt import CNTFRQ
from harness.deadlines import NEVER, Deadline
from harness.devices.primecell import identification
from harness.wires import Wire

EPOCH = 1_599_004_800  # 2020-09-02 00:00:00 UTC: the day the RVIC specification came out
TICKS_PER_SECOND = CNTFRQ
_IDENTIFICATION = identification(part=0x031, revision=1)


class Pl031Register(IntEnum):
    """Offsets (DDI 0224, table 3-1)."""

    RTCDR = 0x00
    RTCMR = 0x04
    RTCLR = 0x08
    RTCCR = 0x0C
    RTCIMSC = 0x10
    RTCRIS = 0x14
    RTCMIS = 0x18
    RTCICR = 0x1C


@dataclass(slots=True)
class Pl031:
    """One clock; ``irq`` is RTCINTR, raised when the count reaches RTCMR."""

    now: int = 0
    match: int = 0
    load: int = 0
    imsc: int = 0
    ris: int = 0
    irq: Wire = field(default_factory=Wire)
    next_action: Deadline = field(default_factory=Deadline)  # the alarm, if it raises the line
    _base: int = EPOCH  # the count at tick _since
    _since: int = 0
    _alarm: int | None = None  # tick at which the count reaches match, unless it has

    def __post_init__(self) -> None:
        self._arm()

    def reset(self) -> None:
        """Takes alarm and interrupt back to power-on; the clock goes on, as one with a battery does."""
        self.match = self.load = self.imsc = self.ris = 0
        self._arm()
        self._drive()

    @property
    def seconds(self) -> int:
        """RTCDR: seconds since 1970, 32 bits."""
        return self._base + (self.now - self._since) // TICKS_PER_SECOND & MASK32

    def advance(self, now: int) -> None:
        """Lets time pass up to tick ``now``; the interrupt line follows."""
        self.elapse(now)
        self._drive()

    def elapse(self, now: int) -> None:
        """Lets time pass before an access at that tick, whose end the interrupt line follows."""
        self.now = now
        if self._alarm is not None and now >= self._alarm:
            self.ris = 1
            self._alarm += TICKS_PER_SECOND << 32  # the count comes round again

    def read(self, cpu: int, offset: int, size: int) -> int:
        """Returns the value of a register."""
        match offset:
            case Pl031Register.RTCDR:
                return self.seconds
            case Pl031Register.RTCMR:
                return self.match
            case Pl031Register.RTCLR:
                return self.load
            case Pl031Register.RTCCR:
                return 1
            case Pl031Register.RTCIMSC:
                return self.imsc
            case Pl031Register.RTCRIS:
                return self.ris
            case Pl031Register.RTCMIS:
                return self.ris & self.imsc
        return _IDENTIFICATION.get(offset, 0)

    def write(self, cpu: int, offset: int, size: int, value: int) -> None:
        """Writes a register; read-only ones keep their value."""
        value &= MASK32
        match offset:
            case Pl031Register.RTCMR:
                self.match = value
                self._arm()
            case Pl031Register.RTCLR:
                self.load = self._base = value
                self._since = self.now
                self._arm()
            case Pl031Register.RTCIMSC:
                self.imsc = value & 1
            case Pl031Register.RTCICR:
                self.ris &= ~value
        self._drive()

    def _drive(self) -> None:
        alarm = self._alarm
        self.next_action.set(alarm if alarm is not None and self.imsc and not self.ris else NEVER)
        self.irq.drive(bool(self.ris & self.imsc))

    def _arm(self) -> None:
        """Finds the tick at which the count equals RTCMR; at once if it does now."""
        elapsed = (self.now - self._since) // TICKS_PER_SECOND
        wait = self.match - self._base - elapsed & MASK32
        self._alarm = self._since + (elapsed + wait) * TICKS_PER_SECOND
        self.elapse(self.now)
