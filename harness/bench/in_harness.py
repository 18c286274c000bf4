# SPDX-License-Identifier: MIT
"""Guests on machines of the harness."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import cycle
from math import ceil
from typing import Any, Final

from harness.bench.guests import TURNS_LEFT, Guest
from harness.bench.subject import Sample, Subject
from harness.machine import Machine
from harness.run import until
from harness.run.stop import Stop, StopReason

_SETUP: Final = 1_000_000  # instructions before a guest's loop, at most
_WARM_UP: Final = 4_000  # instructions of each CPU: code is translated, pages are mapped


class InHarness(Subject):
    """Guest on a machine with these options, without a ledger unless asked for; its loop never ends."""

    def __init__(self, guest: Guest, **options: Any) -> None:
        self.machine = Machine(**{"ledger": False} | options)
        self.machine.load(guest.program)
        expect(self.machine.run(until.symbol("resume"), limit=_SETUP), StopReason.UNTIL)
        self._operations = guest.operations
        self._step(_WARM_UP * len(self.machine.cpus))
        left, instructions = self._left(), _WARM_UP * len(self.machine.cpus)
        self._step(instructions)
        self._length = instructions / (left - self._left())  # of a turn

    def run(self, turns: int) -> Sample:
        """Does about so many turns: as many instructions as they have by the mean."""
        left, instructions = self._left(), ceil(turns * self._length)
        begin = time.process_time()
        self._step(instructions)
        seconds = time.process_time() - begin
        return Sample(seconds, (left - self._left()) * self._operations)

    def close(self) -> None:
        """Closes the machine."""
        self.machine.close()

    def _step(self, instructions: int) -> None:
        expect(self.machine.run(limit=instructions), StopReason.LIMIT)

    def _left(self) -> int:
        return sum(cpu.x[TURNS_LEFT] for cpu in self.machine.cpus)


class InRotation(Subject):
    """Several of one kind, of which each takes a sample in its turn.

    Where an instance happens to have its memory and its code decides up to a seventh of its speed.
    """

    def __init__(self, instances: Sequence[Subject]) -> None:
        self._instances = instances
        self._turns = cycle(instances)

    def run(self, turns: int) -> Sample:
        """Lets the next do them."""
        return next(self._turns).run(turns)

    def close(self) -> None:
        """Closes all of them."""
        for one in self._instances:
            one.close()


def expect(stop: Stop, reason: StopReason) -> None:
    """Raises RuntimeError, for it is a bug, unless a benchmark's guest has stopped for this reason."""
    if stop.reason is not reason:
        raise RuntimeError(f"a benchmark's guest stopped: {stop.reason.value}: {stop.detail}")
