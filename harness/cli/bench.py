# SPDX-License-Identifier: MIT
"""``rvic bench``."""

from __future__ import annotations

from harness.bench import Effort, Result, all_figures, machine_name, to_json
from harness.cli.screen import Screen

_HEADER = ("figure", "ratio", "spread", "target", "rvic", "bare Unicorn", "")


def bench(*, as_json: bool, effort: Effort | None = None) -> int:
    """Measure and print. The status is 0 whatever the figures are: timings are no test."""
    effort = effort or Effort()
    if as_json:
        print(to_json(machine_name(), all_figures(effort)))
        return 0
    screen = Screen.of_stdout()
    screen.line((machine_name(), "dim"))
    screen.line(("ratios to bare Unicorn, measured in turn with it; a spread is between quartiles", "dim"))
    screen.line()
    _table(screen, list(all_figures(effort)))
    return 0


def _table(screen: Screen, results: list[Result]) -> None:
    rows = [_HEADER, *(_cells(result) for result in results)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for number, row in enumerate(rows):
        cells = [
            cell.ljust(width) if column in (0, len(row) - 1) else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        screen.line(("  ".join(cells), "dim" if number == 0 else _style(results[number - 1])))
    screen.heading("what dominates")
    for result in results:
        screen.line((result.name.ljust(widths[0]), "cyan"), (f"  {result.dominated}", ""))


def _cells(result: Result) -> tuple[str, ...]:
    bound = ""
    if result.target is not None:
        bound = f"{'>=' if result.better == 'higher' else '<='} {result.target:g}"
    value, baseline = f"{result.value:,.0f}", f"{result.baseline:,.0f}"
    return (result.name, f"{result.ratio:.2f}", f"{result.spread:.2f}", bound, value, baseline, result.unit)


def _style(result: Result) -> str:
    return {True: "green", False: "yellow", None: ""}[result.met]
