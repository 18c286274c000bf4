# SPDX-License-Identifier: MIT
"""Subject: one side of a comparison, which can do any number of turns of its work and says what they took."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, NamedTuple

_MOST_GROWTH = 8.0
_MOST_TURNS = 1 << 40


class UnavailableError(Exception):
    """Absence of what a subject needs, in a few words: ``QEMU absent``."""


class Sample(NamedTuple):
    """CPU time of so many operations, in seconds."""

    seconds: float
    operations: int

    @property
    def cost(self) -> float:
        """Seconds of an operation."""
        return self.seconds / self.operations


class Subject(ABC):
    """Subject: ``turns`` is the length of its samples, ``least`` the shortest that says anything."""

    least: ClassVar[int] = 1
    in_child: ClassVar[bool] = False
    """True for work in another process, whose start and end cost more than a short sample."""
    fixed: ClassVar[bool] = False
    """True for work that has one length."""
    most_rounds: ClassVar[int] = 1_000
    """Number of samples that are enough of what takes long."""

    turns = 0

    @abstractmethod
    def run(self, turns: int) -> Sample:
        """Does so many turns; raises UnavailableError where it turns out that it cannot."""

    def close(self) -> None:  # noqa: B027 - most hold nothing
        """Gives back what it holds."""

    def calibrate(self, seconds: float) -> None:
        """Finds the number of turns that take about so long; what is done once, such as translation, is done."""
        self.turns = turns = self.least
        sample = self.run(turns)
        if self.fixed:
            return
        while sample.seconds < seconds / 2 and turns < _MOST_TURNS:
            turns = int(turns * min(_MOST_GROWTH, max(2.0, seconds / max(sample.seconds, 1e-9))))
            sample = self.run(turns)
        self.turns = max(self.least, int(turns * min(1.0, seconds / max(sample.seconds, 1e-9))))
