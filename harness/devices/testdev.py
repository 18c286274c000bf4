# SPDX-License-Identifier: MIT
"""Test device: a guest's own hand on any interrupt line, so that it can close its loop by itself.

All registers are 32 bits wide; an access of another size is an external abort. INTIDs are the board's
(SPI n is 32+n). A write that names a line this machine does not have changes nothing but REJECTED.

| offset | name        | access | what                                                                    |
|--------|-------------|--------|-------------------------------------------------------------------------|
| 0x00   | ID          | RO     | 0x54535444                                                              |
| 0x04   | RAISE       | WO     | drive line INTID high and hold it                                       |
| 0x08   | LOWER       | WO     | stop driving line INTID                                                 |
| 0x0c   | PULSE       | WO     | an edge on line INTID: high, then low                                   |
| 0x10   | LEVEL       | RW     | write: select INTID; read: level of the selected wire, whoever drives it |
| 0x14   | DELAY       | RW     | ticks between a write to PULSE_AFTER and its pulse; 0 means at once      |
| 0x18   | PULSE_AFTER | WO     | an edge on line INTID, DELAY ticks from now; 65,536 may be in flight     |
| 0x1c   | SELECT      | RW     | the INTID that LEVEL and COUNT speak of (32 at reset)                   |
| 0x20   | COUNT       | RO     | pulses made on the selected line, delayed ones when they happen          |
| 0x24   | IN_FLIGHT   | RO     | delayed pulses that have not happened yet                               |
| 0x28   | REJECTED    | RO     | writes that named no line, and delayed pulses beyond those              |

Write-only registers and anything else read as zero; other writes are ignored. Delayed pulses due at one
tick happen in the order in which they were asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from heapq import heappop, heappush
from typing import ClassVar

from harness.arch.intid import SPI_BASE
from harness.arch.masks import MASK32
from harness.deadlines import NEVER, Deadline
from harness.devices.lines import Lines

MAGIC = 0x5453_5444  # "DTST" in memory order
MOST_IN_FLIGHT = 1 << 16


class TestDeviceRegister(IntEnum):
    """Offsets of the table above."""

    __test__ = False  # a name for people, not a test class for pytest

    ID = 0x00
    RAISE = 0x04
    LOWER = 0x08
    PULSE = 0x0C
    LEVEL = 0x10
    DELAY = 0x14
    PULSE_AFTER = 0x18
    SELECT = 0x1C
    COUNT = 0x20
    IN_FLIGHT = 0x24
    REJECTED = 0x28


@dataclass(slots=True)
class TestDevice:
    """Raises, lowers and pulses lines when told to. It is told the time (:meth:`elapse`) before each access."""

    __test__: ClassVar[bool] = False
    sizes: ClassVar[tuple[int, ...]] = (4,)

    lines: Lines
    driver: str = "testdev"
    now: int = 0
    delay: int = 0
    selected: int = SPI_BASE
    rejected: int = 0
    pulses: dict[int, int] = field(default_factory=dict)  # made so far, by INTID
    next_action: Deadline = field(default_factory=Deadline)  # the next delayed pulse, if one is in flight
    _raised: list[int] = field(default_factory=list)
    _in_flight: list[tuple[int, int, int]] = field(default_factory=list)  # heap of (tick, sequence, INTID)
    _sequence: int = 0  # keeps pulses due at one tick in their order

    def reset(self) -> None:
        """Lets go of every line and of what is in flight, and counts from zero; time goes on."""
        for intid in self._raised:
            self.lines[intid].low(self.driver)
        self._raised.clear()
        self._in_flight.clear()
        self.next_action.set(NEVER)
        self.pulses.clear()
        self.delay = 0
        self.selected = SPI_BASE
        self.rejected = 0

    def read(self, cpu: int, offset: int, size: int) -> int:
        """Returns the value of a register; write-only ones read as zero."""
        match offset:
            case TestDeviceRegister.ID:
                return MAGIC
            case TestDeviceRegister.LEVEL:
                return int(self.lines[self.selected].level)
            case TestDeviceRegister.DELAY:
                return self.delay
            case TestDeviceRegister.SELECT:
                return self.selected
            case TestDeviceRegister.COUNT:
                return self.pulses.get(self.selected, 0) & MASK32
            case TestDeviceRegister.IN_FLIGHT:
                return len(self._in_flight)
            case TestDeviceRegister.REJECTED:
                return self.rejected & MASK32
        return 0

    def write(self, cpu: int, offset: int, size: int, value: int) -> None:
        """Writes a register; see the table for what it does."""
        value &= MASK32
        if offset == TestDeviceRegister.DELAY:
            self.delay = value
            return
        if offset not in _NAMES_A_LINE:
            return
        if not self.lines.has(value):
            self.rejected += 1
            return
        match offset:
            case TestDeviceRegister.RAISE:
                self._drive(value, True)
            case TestDeviceRegister.LOWER:
                self._drive(value, False)
            case TestDeviceRegister.PULSE:
                self._pulse(value)
            case TestDeviceRegister.PULSE_AFTER:
                self._pulse_after(value)
            case TestDeviceRegister.LEVEL | TestDeviceRegister.SELECT:
                self.selected = value

    def advance(self, now: int) -> None:
        """Lets time pass: makes every pulse that is due at ``now``, oldest first."""
        self.now = now
        while self._in_flight and self._in_flight[0][0] <= now:
            self._pulse(heappop(self._in_flight)[2])
            self._follow()

    elapse = advance  # its lines are their own: none waits for the end of an access

    def _drive(self, intid: int, level: bool) -> None:
        if level and intid not in self._raised:
            self._raised.append(intid)
        elif not level and intid in self._raised:
            self._raised.remove(intid)
        self.lines[intid].drive(self.driver, level)

    def _pulse(self, intid: int) -> None:
        """Makes an edge; a line that was raised is low afterwards."""
        self.pulses[intid] = self.pulses.get(intid, 0) + 1
        if intid in self._raised:
            self._raised.remove(intid)
        self.lines[intid].pulse(self.driver)

    def _pulse_after(self, intid: int) -> None:
        if not self.delay:
            self._pulse(intid)
            return
        if len(self._in_flight) >= MOST_IN_FLIGHT:
            self.rejected += 1
            return
        heappush(self._in_flight, (self.now + self.delay, self._sequence, intid))
        self._sequence += 1
        self._follow()

    def _follow(self) -> None:
        """Lets the deadline be that of the oldest pulse in flight."""
        self.next_action.set(self._in_flight[0][0] if self._in_flight else NEVER)


_NAMES_A_LINE = frozenset(
    {
        TestDeviceRegister.RAISE,
        TestDeviceRegister.LOWER,
        TestDeviceRegister.PULSE,
        TestDeviceRegister.LEVEL,
        TestDeviceRegister.PULSE_AFTER,
        TestDeviceRegister.SELECT,
    }
)
