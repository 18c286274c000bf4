# SPDX-License-Identifier: MIT
"""Interrupts and waits that have not ended, with the exits that are theirs so far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Generic, TypeVar

NO_KEY: Final = -1

ExitT = TypeVar("ExitT")
"""Type by which exits are kept: a label, or the event itself."""


@dataclass(slots=True)
class Unfinished(Generic[ExitT]):
    """Occurrence that has not finished: the tick of its start, and its exits.

    ``accepted``: the tick of its acknowledge, if it is in service. ``held``: its END does not finish it; ``ended``:
    that END has come.
    """

    started: int
    exits: list[ExitT]
    held: bool = False
    ended: bool = False
    accepted: int = 0


@dataclass(slots=True)
class Wait(Generic[ExitT]):
    """WFI of a vCPU, and the key of the interrupt raised last for it since."""

    exit: ExitT
    raised: int = NO_KEY
