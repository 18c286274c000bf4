# SPDX-License-Identifier: MIT
"""Timing of things that are compared: in turn, in one run, so that what disturbs one disturbs the other."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from itertools import cycle, repeat
from statistics import median, quantiles
from typing import NamedTuple

Work = Callable[[], object]


class Comparison(NamedTuple):
    """Median seconds, the median of the pairs' ratios, and the distance between their quartiles."""

    ours: float
    bare: float
    ratio: float
    spread: float


def interleave(works: Sequence[Work], rounds: int) -> list[list[float]]:
    """Seconds of CPU time of this thread for each piece of work, once a round; who begins takes turns."""
    seconds: list[list[float]] = [[] for _ in works]
    for number in range(rounds):
        first = number % len(works)
        for index in (*range(first, len(works)), *range(first)):
            begin = time.thread_time()
            works[index]()
            seconds[index].append(time.thread_time() - begin)
    return seconds


def in_rotation(works: Sequence[Work]) -> Work:
    """The same work on one instance after the other, as the caller asks.

    Where an instance happens to have its memory and its code decides up to a seventh of its speed.
    """
    turns = cycle(works)

    def work() -> None:
        next(turns)()

    return work


def compare(ours: Sequence[float], bare: Sequence[float], *, rate: bool = False) -> Comparison:
    """Compare samples in pairs: times, or with ``rate`` their inverses (then more is better)."""
    ratios = [b / a if rate else a / b for a, b in zip(ours, bare, strict=True)]
    spread = 0.0
    if len(ratios) > 1:
        low, _, high = quantiles(ratios, n=4, method="inclusive")
        spread = high - low
    return Comparison(median(ours), median(bare), median(ratios), spread)


def cost(work: Work, calls: int, rounds: int = 5) -> float:
    """Seconds of one call of a small piece of work, by itself; the least of a few rounds."""
    empty, filled = interleave((lambda: _call(_nothing, calls), lambda: _call(work, calls)), rounds)
    return max(0.0, min(filled) - min(empty)) / calls


def _call(work: Work, calls: int) -> None:
    for _ in repeat(None, calls):
        work()


def _nothing() -> None:
    return None
