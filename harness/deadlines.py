# SPDX-License-Identifier: MIT
"""Deadlines: the ticks at which devices act by themselves, and the first of them.

Whoever acts sets its deadline whenever that changes, and who lets time pass is told: nobody asks again and again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

NEVER: Final = 1 << 64
"""Tick that does not come: the system counter has 64 bits."""


class Deadline:
    """Deadline of one device: ``tick``, NEVER where it does nothing by itself. One listener hears of each change.

    Deadlines are equal if their ticks are. A copy has the tick and no listener.
    """

    __slots__ = ("moved", "tick")
    __hash__ = None  # type: ignore[assignment]  # equal by a tick that changes

    def __init__(self, tick: int = NEVER) -> None:
        self.tick = tick
        self.moved: Callable[[int, int], object] = _nobody

    def set(self, tick: int) -> None:
        """Moves it; nothing happens where it is there already."""
        before = self.tick
        if tick != before:
            self.tick = tick
            self.moved(before, tick)

    def __eq__(self, other: object) -> bool:
        return self.tick == other.tick if isinstance(other, Deadline) else NotImplemented

    def __reduce__(self) -> tuple[type[Deadline], tuple[int]]:
        return Deadline, (self.tick,)

    def __repr__(self) -> str:
        return "Deadline()" if self.tick == NEVER else f"Deadline({self.tick})"


class Deadlines:
    """Deadlines of several devices: ``first`` is the first of their ticks, ``earlier(tick)`` hears of a new one."""

    def __init__(self) -> None:
        self.first = NEVER
        self.earlier: Callable[[int], object] = _no_listener
        self._all: list[Deadline] = []

    def add(self, deadline: Deadline) -> None:
        """Follows one more."""
        self._all.append(deadline)
        deadline.moved = self._moved
        self._moved(NEVER, deadline.tick)

    def _moved(self, before: int, tick: int) -> None:
        if tick < self.first:
            self.first = tick
            self.earlier(tick)
        elif before == self.first:
            self.first = min([deadline.tick for deadline in self._all])


def _nobody(_before: int, _tick: int) -> None:
    """Hears of a change, where nobody else wants to."""


def _no_listener(_tick: int) -> None:
    """Hears of an earlier deadline, where nobody else wants to."""
