# SPDX-License-Identifier: MIT
"""Interrupts and waits that have not ended, with the exits that are theirs so far."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

NO_KEY: Final = -1
MOST: Final = 4096
"""Exits that an occurrence keeps one by one, so that one which never ends does not fill memory."""

ExitT = TypeVar("ExitT")
"""Type by which exits are kept: a label, or the event itself."""


@dataclass(slots=True)
class Unfinished(Generic[ExitT]):
    """Occurrence that has not finished: the tick of its start, and its exits.

    ``accepted``: the tick of its acknowledge, if it is in service. ``held``: its END does not finish it; ``ended``:
    that END has come. ``counted``: exits that are kept no longer one by one, by their labels; None while all are.
    """

    started: int
    exits: list[ExitT]
    held: bool = False
    ended: bool = False
    accepted: int = 0
    counted: Counter[str] | None = None

    @property
    def world_switches(self) -> int:
        """Number of its exits so far."""
        return len(self.exits) + (0 if self.counted is None else self.counted.total())


@dataclass(slots=True)
class Wait(Generic[ExitT]):
    """WFI of a vCPU, and the key of the interrupt raised last for it since."""

    exit: ExitT
    raised: int = NO_KEY
