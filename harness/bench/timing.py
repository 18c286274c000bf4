# SPDX-License-Identifier: MIT
"""Timing of tasks that are compared: in turn, in one run, so that a disturbance of one disturbs the other."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from itertools import cycle, repeat
from statistics import median, quantiles
from typing import NamedTuple

Task = Callable[[], object]


class Comparison(NamedTuple):
    """Median seconds, the median of the pairs' ratios, and the distance between their quartiles."""

    ours: float
    bare: float
    ratio: float
    spread: float


def interleave(tasks: Sequence[Task], rounds: int) -> list[list[float]]:
    """Returns the CPU time of this thread for each task, in seconds, once a round; each is first in turn."""
    seconds: list[list[float]] = [[] for _ in tasks]
    for number in range(rounds):
        first = number % len(tasks)
        for index in (*range(first, len(tasks)), *range(first)):
            begin = time.thread_time()
            tasks[index]()
            seconds[index].append(time.thread_time() - begin)
    return seconds


def in_rotation(tasks: Sequence[Task]) -> Task:
    """Returns a task that does the same on one instance after the other.

    Where an instance happens to have its memory and its code decides up to a seventh of its speed.
    """
    turns = cycle(tasks)

    def task() -> None:
        next(turns)()

    return task


def compare(ours: Sequence[float], bare: Sequence[float], *, rate: bool = False) -> Comparison:
    """Compares samples in pairs: times, or with ``rate`` their inverses (then more is better)."""
    ratios = [b / a if rate else a / b for a, b in zip(ours, bare, strict=True)]
    spread = 0.0
    if len(ratios) > 1:
        low, _, high = quantiles(ratios, n=4, method="inclusive")
        spread = high - low
    return Comparison(median(ours), median(bare), median(ratios), spread)


def cost(task: Task, calls: int, rounds: int = 5) -> float:
    """Returns the seconds of one call of a small task, by itself; the least of a few rounds."""
    empty, filled = interleave((lambda: _call(_nothing, calls), lambda: _call(task, calls)), rounds)
    return max(0.0, min(filled) - min(empty)) / calls


def _call(task: Task, calls: int) -> None:
    for _ in repeat(None, calls):
        task()


def _nothing() -> None:
    return None
