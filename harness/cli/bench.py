# SPDX-License-Identifier: MIT
"""``rvic bench``."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from harness.bench import Effort, Figure, all_figures, machine_name, to_json
from harness.cli.screen import Screen, new_table

_LEFT = ("figure", "unit")


def bench(*, as_json: bool, effort: Effort | None = None) -> int:
    """Measures and prints. The status is 0 whatever the figures are: timings are no test."""
    effort = effort or Effort()
    if as_json:
        print(to_json(machine_name(), all_figures(effort)))
        return 0
    screen = Screen.of_stdout()
    screen.line((machine_name(), "dim"))
    screen.line(("ratios to bare Unicorn, measured in turn with it; a spread is between quartiles", "dim"))
    screen.line()
    results = list(all_figures(effort))
    screen.table(_figures(results))
    screen.heading("what dominates")
    screen.table(_words(results))
    return 0


def _figures(results: list[Figure]) -> Table:
    table = new_table("figure", "ratio", "spread", "target", "rvic", "Unicorn", "unit", left=_LEFT)
    for result in results:
        bound = ""
        if result.target is not None:
            bound = f"{'>=' if result.better == 'higher' else '<='} {result.target:g}"
        measured = f"{result.ratio:.2f}", f"{result.spread:.2f}"
        values = f"{result.value:,.0f}", f"{result.baseline:,.0f}"
        table.add_row(result.name, *measured, bound, *values, result.unit, style=_style(result))
    return table


def _words(results: list[Figure]) -> Table:
    table = new_table("figure", "words", left=("figure", "words"), header=False)
    for result in results:
        table.add_row(Text(result.name, "cyan"), result.dominated)
    return table


def _style(result: Figure) -> str:
    return {True: "green", False: "yellow", None: ""}[result.met]
