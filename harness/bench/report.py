# SPDX-License-Identifier: MIT
"""Report of ``rvic bench``: the object that ``--json`` prints and ``--save`` keeps, and what two of them say."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from harness.bench.row import Install, Result
from harness.errors import GuestError
from harness.files import LARGEST_TEXT, read_file


@dataclass(frozen=True, slots=True)
class Report:
    """Results, and what they were measured on.

    ``compiled`` has a line for the C core and one for mypyc; ``qemu`` is its version, None where there is none.
    """

    machine: str
    install: Install
    compiled: list[str]
    backend: str
    qemu: str | None
    results: list[Result]

    @property
    def missed(self) -> list[Result]:
        """Results that miss their targets."""
        return [result for result in self.results if result.met is False]

    def to_json(self, before: Report | None = None) -> str:
        """Returns one object, with ``met`` in each result; costs are seconds an operation.

        With an earlier report it has ``changes`` too: the ratios of both, and the factor between them.
        """
        fields = dataclasses.asdict(self)
        for row, result in zip(fields["results"], self.results, strict=True):
            row["met"] = result.met
        if before is not None:
            fields["changes"] = [
                {
                    "name": change.name,
                    "before": change.before.ratio,
                    "now": change.now.ratio,
                    "factor": change.factor,
                }
                for change in changes(before.results, self.results)
            ]
        return json.dumps(fields)


class Change(NamedTuple):
    """Change of a row from one report to another; each side has a ratio."""

    name: str
    before: Result
    now: Result

    @property
    def factor(self) -> float:
        """Cost beside theirs, now for one of before: below 1 is better."""
        old, new = self.before.ratio or 1.0, self.now.ratio or 1.0
        return old / new if self.now.better == "higher" else new / old


def read_report(path: str | os.PathLike[str]) -> Report:
    """Returns a report that was saved; GuestError where the file cannot be read, or is none."""
    try:
        return msgspec.json.decode(read_file(path, LARGEST_TEXT), type=Report)
    except msgspec.DecodeError as error:
        words = f"is no report of rvic bench: {str(error)[:1].lower()}{str(error)[1:]}"
        raise GuestError(words, file=os.fspath(path)) from None


def changes(before: Sequence[Result], now: Sequence[Result]) -> Iterator[Change]:
    """Yields the rows that both have measured, in today's order."""
    old = {result.name: result for result in before}
    for result in now:
        earlier = old.get(result.name)
        if earlier is not None and earlier.ratio and result.ratio:
            yield Change(result.name, earlier, result)
