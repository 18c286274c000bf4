# SPDX-License-Identifier: MIT
"""Tables of ``rvic bench``, which fit 80 columns: what was measured, and what has changed since."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.table import Table

from harness.bench.report import Change, Report, changes
from harness.bench.row import Result
from harness.cli.screen import Screen, new_table

_LEFT: Final = ("row", "against")
_INSTALLS: Final = {"source": "source install", "mypyc": "wheel with modules compiled by mypyc"}
_UNITS: Final = ((1.0, "s"), (1e-3, "ms"), (1e-6, "us"), (1e-9, "ns"))
_NOISE: Final = 0.02  # a change of less is none, whatever the spread says


def show(screen: Screen, report: Report) -> None:
    """Writes the table of a report, with what it was measured on above it and a summary below."""
    screen.line((report.machine, "dim"))
    screen.line((f"backend {report.backend}; {report.qemu or 'QEMU absent'}", "dim"))
    for line in report.compiled:
        screen.line((line, "dim"))
    screen.line((f"targets of a {_INSTALLS[report.install]}", "dim"))
    screen.line(("CPU time of one operation; spread between quartiles", "dim"))
    screen.line(("<= bounds a ratio of costs, >= one of speeds", "dim"))
    screen.line()
    screen.table(_results(report.results))
    screen.line()
    screen.line((summary(report.results), "bold"))


def show_changes(screen: Screen, before: Report, now: Report) -> None:
    """Writes the table of changes since an earlier report."""
    screen.heading("since the report", f"{before.machine}, backend {before.backend}")
    found = list(changes(before.results, now.results))
    if not found:
        screen.line(("it has no row that was measured now", "dim"))
        return
    table = new_table("row", "ours then", "ours now", "ratio then", "ratio now", "cost", left=_LEFT)
    for change in found:
        old, new = change.before, change.now
        costs = time_text(old.ours), time_text(new.ours)
        ratios = number(old.ratio), number(new.ratio)
        table.add_row(change.name, *costs, *ratios, f"{change.factor - 1:+.0%}", style=_direction(change))
    screen.table(table)


def summary(results: Sequence[Result]) -> str:
    """Returns how many targets are met, missed and not measured."""
    bound = [result.met for result in results if result.target is not None]
    met, missed, unknown = (bound.count(value) for value in (True, False, None))
    return f"targets: {met} met, {missed} missed, {unknown} not measured"


def time_text(seconds: float | None) -> str:
    """Returns a time with three digits and its unit, nothing for None."""
    if seconds is None:
        return ""
    size, unit = next((pair for pair in _UNITS if seconds >= pair[0]), _UNITS[-1])
    return f"{number(seconds / size)} {unit}"


def number(value: float | None) -> str:
    """Returns a number with three digits, nothing for None."""
    if value is None:
        return ""
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def target_text(result: Result) -> str:
    """Returns the bound of a row, nothing where it has none."""
    if result.target is None:
        return ""
    return f"{'>=' if result.better == 'higher' else '<='}{result.target:g}"


def _results(results: Sequence[Result]) -> Table:
    table = new_table("row", "ours", "theirs", "against", "ratio", "spread", "target", "", left=_LEFT)
    for result in results:
        costs = time_text(result.ours), time_text(result.theirs)
        found = number(result.ratio), _spread(result)
        verdict = {True: "ok", False: "miss", None: ""}[result.met]
        table.add_row(
            *(result.name, *costs, result.missing or result.against, *found, target_text(result), verdict),
            style={True: "green", False: "yellow", None: "dim" if result.missing else ""}[result.met],
        )
    return table


def _spread(result: Result) -> str:
    if result.low is None or result.high is None or not result.ratio:
        return ""
    return f"{(result.high - result.low) / result.ratio:.0%}"


def _direction(change: Change) -> str:
    """Returns the style of a change that is larger than the spreads of both."""
    old, new = change.before, change.now
    noise = max([_NOISE, *(_relative(one) for one in (old, new))])
    if abs(change.factor - 1) <= noise:
        return "dim"
    return "green" if change.factor < 1 else "yellow"


def _relative(result: Result) -> float:
    return ((result.high or 0.0) - (result.low or 0.0)) / (result.ratio or 1.0)
