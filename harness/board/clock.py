# SPDX-License-Identifier: MIT
"""Virtual time: one retired instruction, of whichever vCPU, is one tick, or so many; idle time is jumped over."""

from __future__ import annotations

from harness.engine import PE


class Clock:
    """System counter of the machine.

    vCPUs are interleaved on one time line, as if time-sliced on one physical CPU, so that time is the same
    for all of them, strictly ordered, and exact inside a handler too. ``rate`` is ticks per instruction.
    """

    def __init__(self, rate: int = 1) -> None:
        self.rate = rate
        self._offset = 0  # now = offset + rate * instructions of the running PE
        self._now = 0
        self.running: PE | None = None  # whose slice moves time now

    def now(self) -> int:
        """Returns the ticks since the machine was made."""
        if self.running is None:
            return self._now
        return self._offset + self.rate * self.running.registers.retired

    def instructions_until(self, tick: int) -> int:
        """Returns the instructions after which the tick has come, from now on; not positive if it has."""
        return -((self.now() - tick) // self.rate)

    def start(self, pe: PE) -> None:
        """Begins a slice of this PE: its instructions move time, those too that it has run already."""
        self._offset = self._now - self.rate * pe.retired_before
        self.running = pe
        pe.set_time(self._offset, self.rate)

    def stop(self) -> None:
        """Ends the slice."""
        self._now = self.now()
        self.running = None

    def pass_by(self, instructions: int) -> None:
        """Lets pass what so many instructions took that no slice was begun for."""
        self._now += self.rate * instructions

    def end_slice_at(self, tick: int) -> None:
        """Lets the running slice end when a tick comes, if not before; without one it does nothing."""
        if self.running is not None:
            self.running.shorten(max(0, self.instructions_until(tick)))

    def jump(self, tick: int) -> None:
        """Moves to a later tick while nothing runs."""
        self._now = max(self._now, tick)
