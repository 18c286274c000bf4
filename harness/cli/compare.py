# SPDX-License-Identifier: MIT
"""``rvic compare``."""

from __future__ import annotations

from collections.abc import Iterable

from harness.cli.screen import Screen
from harness.compare import LIST_REGISTERS, Row, chosen, compare, markdown, measure_extras, page, to_json
from harness.compare.tables import exits, number
from harness.errors import ConfigError
from harness.gic.config import GicConfig

_HEADER = ("work", "", "min", "median", "max", "mean", "host", "instructions", "exits/s")
_WIDTHS = (10, 6, 4, 6, 4, 6, 5, 12, 10)


def compare_works(
    name: str | None, *, as_json: bool, as_markdown: bool, list_registers: int | None = None
) -> int:
    """Measure and print one work, or all."""
    if as_json and as_markdown:
        raise ConfigError("--json and --markdown: only one of them can be printed")
    works = chosen(name)
    gic = GicConfig(list_registers=LIST_REGISTERS if list_registers is None else list_registers)
    rows = compare(works, list_registers=gic.list_registers)
    if as_json:
        print(to_json(rows))
    elif as_markdown:
        measured = list(rows)
        whole = name is None and list_registers is None
        print(page(measured, measure_extras()) if whole else markdown(measured), end="")
    else:
        _table(Screen.of_stdout(), rows)
    return 0


def _table(screen: Screen, rows: Iterable[Row]) -> None:
    """Each row as soon as it is measured."""
    screen.line(("world switches per interrupt, how many of them need EL2's host, and what they are", "dim"))
    screen.line()
    screen.line((_line(_HEADER), "dim"))
    for row in rows:
        screen.line(
            (_line(_cells(row)), "cyan" if row.controller == "rvic" else ""), (f"  {exits(row)}", "dim")
        )


def _cells(row: Row) -> tuple[str, ...]:
    switches = row.world_switches
    figures = (switches.min, switches.median, switches.max, switches.mean, row.needs_host)
    rates = f"{row.guest_instructions:,.0f}", f"{row.exits_per_second:,.0f}"
    return (row.work, row.controller, *map(number, figures), *rates)


def _line(cells: tuple[str, ...]) -> str:
    texts = [
        cell.ljust(width) if column < 2 else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(cells, _WIDTHS, strict=True))
    ]
    return " ".join(texts)
