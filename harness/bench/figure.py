# SPDX-License-Identifier: MIT
"""One measured figure, and the object that ``rvic bench --json`` prints."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Better = Literal["lower", "higher"]


@dataclass(frozen=True, slots=True)
class Effort:
    """Length of a measurement: ``pairs`` of samples per figure, each of so many instructions or calls."""

    pairs: int = 13
    instructions: int = 4_000_000
    calls: int = 4_000


@dataclass(frozen=True, slots=True)
class Figure:
    """Figure: ``value`` of the harness and ``baseline`` of bare Unicorn, medians in ``unit``.

    ``ratio`` is the median of value / baseline over the pairs, ``spread`` the distance between the quartiles of
    the same; ``target`` the bound that ``ratio`` is held to, None for a figure that only informs.
    ``dominated`` says in words, from measured parts, where the time goes.
    """

    name: str
    ratio: float
    target: float | None
    better: Better
    spread: float
    unit: str
    value: float
    baseline: float
    dominated: str

    @property
    def met(self) -> bool | None:
        """True if the target is met, False if not; None without one."""
        if self.target is None:
            return None
        return self.ratio >= self.target if self.better == "higher" else self.ratio <= self.target


JSON_FIELDS = ("name", "ratio", "target", "better", "spread", "unit", "value", "baseline")


def to_json(machine: str, results: Iterable[Figure]) -> str:
    """Returns one object: the description of the machine, and the figures without their words."""
    rows = [{field: getattr(result, field) for field in JSON_FIELDS} for result in results]
    return json.dumps({"machine": machine, "results": rows})
