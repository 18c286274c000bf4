# SPDX-License-Identifier: MIT
"""Row of the table: two subjects whose costs are compared, the bound of their ratio, and what was found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from harness.bench.sampling import Comparison

Better = Literal["lower", "higher"]
Install = Literal["source", "mypyc"]


class Target(NamedTuple):
    """Bounds of a ratio: as ``pip install .`` makes the package, and with its hot paths compiled by mypyc."""

    source: float
    mypyc: float

    def of(self, install: Install) -> float:
        """Returns the bound that applies."""
        return self.mypyc if install == "mypyc" else self.source


@dataclass(frozen=True, slots=True)
class Row:
    """Row: ``ours`` and ``theirs`` name subjects of one family, which are sampled together.

    ``against`` says in a word or two what theirs is, ``operation`` what is counted. Where ``better`` is
    ``"higher"`` the ratio is that of speeds, else that of costs.
    """

    name: str
    family: str
    ours: str
    theirs: str
    against: str
    operation: str
    target: Target | None = None
    better: Better = "lower"


@dataclass(frozen=True, slots=True)
class Result:
    """Result of a row: costs in seconds an operation, and the ratio with its quartiles over the rounds.

    What could not be measured is None, and ``missing`` says why. ``target`` is the bound that applies.
    """

    name: str
    against: str
    operation: str
    better: Better
    target: float | None
    ours: float | None = None
    theirs: float | None = None
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    missing: str | None = None

    @property
    def met(self) -> bool | None:
        """True if the target is met, False if not; None without a target, or a ratio."""
        if self.target is None or self.ratio is None:
            return None
        return self.ratio >= self.target if self.better == "higher" else self.ratio <= self.target


def result_of(row: Row, install: Install, seen: Comparison) -> Result:
    """Returns the result of a row that was measured."""
    bound = None if row.target is None else row.target.of(install)
    return Result(row.name, row.against, row.operation, row.better, bound, *seen)


def missing(row: Row, install: Install, why: str, ours: float | None, theirs: float | None) -> Result:
    """Returns the result of a row of which a side is missing, for this reason."""
    bound = None if row.target is None else row.target.of(install)
    return Result(row.name, row.against, row.operation, row.better, bound, ours, theirs, missing=why)
