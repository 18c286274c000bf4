# SPDX-License-Identifier: MIT
"""Pace of a run that is watched: slices so short that what happens is seen while it happens."""

from __future__ import annotations

import time
from typing import Final

from harness.machine.machine import Machine

FIRST: Final = 50_000  # instructions of a slice, of a guest that nothing is known of
SHORTEST: Final = 2_000
LONGEST: Final = 1_000_000  # 4 ms without exits
_MANY, _FEW = 5_000, 500  # world switches and characters in a slice
_LONG, _SHORT = 0.03, 0.01  # seconds of the host's CPU in a slice


class Pace:
    """Length of the slices: it is halved where one has many exits or much output, and doubled again where few.

    So it depends on what the guest does, and is the same in every run. Where somebody types, when is by chance
    anyway, and the host's time is the measure: of accesses to a device that are no exits, it has to be.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._typed = machine.attendance.terminal is not None
        self._last = self._measure()
        machine.attendance.longest_slice = FIRST

    def turn(self) -> None:
        """Looks at the slice that has ended, and says how long the next may be."""
        last, self._last = self._last, self._measure()
        cost = self._last - last
        many, few = (_LONG, _SHORT) if self._typed else (_MANY, _FEW)
        attendance = self._machine.attendance
        if cost > many:
            attendance.longest_slice = max(SHORTEST, attendance.longest_slice // 2)
        elif cost < few:
            attendance.longest_slice = min(LONGEST, attendance.longest_slice * 2)

    def _measure(self) -> float:
        if self._typed:
            return time.thread_time()  # without the time that it waits for keys
        machine = self._machine
        printed = len(machine.console) + (0 if machine.virtconsole is None else len(machine.virtconsole))
        return machine.ledger.total + printed
