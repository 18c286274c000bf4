# SPDX-License-Identifier: MIT
"""``rvic compare``."""

from __future__ import annotations

from harness.cli.screen import Screen, new_table
from harness.compare import (
    LIST_REGISTERS,
    Row,
    chosen,
    compare,
    markdown,
    measure_supplement,
    page,
    to_json,
)
from harness.compare.tables import exits, number
from harness.errors import ConfigError

_NAMES = ("workload", "controller")
_FIGURES = ("min", "median", "max", "mean", "host", "instructions", "exits/s")


def compare_workloads(
    name: str | None, *, as_json: bool, as_markdown: bool, list_registers: int | None = None
) -> int:
    """Measures and prints one workload, or all."""
    if as_json and as_markdown:
        raise ConfigError("--json and --markdown: only one of them can be printed")
    workloads = chosen(name)
    rows = compare(workloads, list_registers=LIST_REGISTERS if list_registers is None else list_registers)
    if as_json:
        print(to_json(rows))
    elif as_markdown:
        measured = list(rows)
        whole = name is None and list_registers is None
        print(page(measured, measure_supplement()) if whole else markdown(measured), end="")
    else:
        _show(Screen.of_stdout(), list(rows))
    return 0


def _show(screen: Screen, rows: list[Row]) -> None:
    figures = new_table(*_NAMES, *_FIGURES, left=_NAMES)
    kinds = new_table(*_NAMES, "exits", left=(*_NAMES, "exits"))
    for row in rows:
        style = "cyan" if row.controller == "rvic" else ""
        figures.add_row(row.workload, row.controller, *_cells(row), style=style)
        kinds.add_row(row.workload, row.controller, exits(row), style=style)
    screen.line(("world switches per interrupt, and how many of them need EL2's host", "dim"))
    screen.line()
    screen.table(figures)
    screen.heading("what they are")
    screen.table(kinds)


def _cells(row: Row) -> tuple[str, ...]:
    switches = row.world_switches
    figures = (switches.min, switches.median, switches.max, switches.mean, row.needs_host)
    return (*map(number, figures), f"{row.guest_instructions:,.0f}", f"{row.exits_per_second:,.0f}")
