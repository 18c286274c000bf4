# SPDX-License-Identifier: MIT
"""Measurement of rows: the subjects of a family are made, sampled in turn and closed, then the next family's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path
from statistics import median

from harness.bench.row import Install, Result, Row, missing, result_of
from harness.bench.sampling import Effort, Samples, compare, interleave
from harness.bench.subject import Subject, UnavailableError
from harness.bench.subjects import Maker, families

Announce = Callable[[Row], None]


def measure(
    rows: Sequence[Row],
    effort: Effort,
    install: Install,
    linux: Path | None = None,
    announce: Announce = lambda _: None,
) -> Iterator[Result]:
    """Measures rows in their order; ``announce`` hears of the first of each family before it is begun."""
    makers = families(linux)
    for family, group in groupby(rows, key=lambda row: row.family):
        members = list(group)
        announce(members[0])
        wanted = dict.fromkeys(name for row in members for name in (row.ours, row.theirs))
        samples = sample({name: makers[family][name] for name in wanted}, effort)
        for row in members:
            yield _result(row, install, samples)


def sample(makers: Mapping[str, Maker], effort: Effort) -> Samples:
    """Returns samples of the subjects that can be made, and why the others cannot."""
    subjects: dict[str, Subject] = {}
    absent: dict[str, str] = {}
    with ExitStack() as made:
        for name, make in makers.items():
            try:
                subjects[name] = make()
            except UnavailableError as error:
                absent[name] = str(error)
            else:
                made.callback(subjects[name].close)
        samples = interleave(subjects, effort)
    samples.lost.update(absent)
    return samples


def _result(row: Row, install: Install, samples: Samples) -> Result:
    lost = samples.lost.get(row.ours) or samples.lost.get(row.theirs)
    if lost is not None:
        ours, theirs = (
            None if name in samples.lost else median(samples.costs[name]) for name in (row.ours, row.theirs)
        )
        return missing(row, install, lost, ours, theirs)
    seen = compare(samples.costs[row.ours], samples.costs[row.theirs], rate=row.better == "higher")
    return result_of(row, install, seen)
