# SPDX-License-Identifier: MIT
"""Sampling of subjects in turn, so that what disturbs one disturbs the others, and what two series say together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from typing import NamedTuple

from harness.bench.subject import Subject, UnavailableError


@dataclass(frozen=True, slots=True)
class Effort:
    """Length of a measurement: ``rounds`` of samples of so many ``seconds`` of CPU time, longer in a child."""

    rounds: int = 9
    seconds: float = 0.06
    child_seconds: float = 0.3


FULL = Effort()
SHORT = Effort(rounds=3, seconds=0.02, child_seconds=0.15)


class Comparison(NamedTuple):
    """Median seconds of an operation of each side, and the quartiles and the median of the rounds' ratios."""

    ours: float
    theirs: float
    ratio: float
    low: float
    high: float


class Samples:
    """Costs of each subject, one a round; ``lost`` has the subjects that could not go on, and why."""

    def __init__(self) -> None:
        self.costs: dict[str, list[float]] = {}
        self.lost: dict[str, str] = {}


def interleave(subjects: Mapping[str, Subject], effort: Effort) -> Samples:
    """Returns samples of each, taken in turn; each is first in turn."""
    samples = Samples()
    ready: dict[str, Subject] = {}
    for name, subject in subjects.items():
        try:
            subject.calibrate(effort.child_seconds if subject.in_child else effort.seconds)
        except UnavailableError as error:
            samples.lost[name] = str(error)
        else:
            ready[name] = subject
            samples.costs[name] = []
    order = list(ready)
    rounds = min([effort.rounds, *(subject.most_rounds for subject in ready.values())])
    for number in range(rounds):
        first = number % max(1, len(order))
        for name in order[first:] + order[:first]:
            if name not in samples.lost:
                try:
                    samples.costs[name].append(_cost(ready[name]))
                except UnavailableError as error:
                    samples.lost[name] = str(error)
    return samples


def _cost(subject: Subject) -> float:
    sample = subject.run(subject.turns)
    if sample.seconds <= 0:
        raise UnavailableError("too quick to tell")
    return sample.cost


def compare(ours: Sequence[float], theirs: Sequence[float], *, rate: bool = False) -> Comparison:
    """Compares costs in pairs; with ``rate`` their inverses, so that more is better."""
    ratios = [b / a if rate else a / b for a, b in zip(ours, theirs, strict=True)]
    low = high = ratios[0]
    if len(ratios) > 1:
        low, _, high = quantiles(ratios, n=4, method="inclusive")
    return Comparison(median(ours), median(theirs), median(ratios), low, high)
