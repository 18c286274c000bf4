# SPDX-License-Identifier: MIT
"""Maker of the tables of options in docs/guide.md, from what harness/options.py declares."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from harness.cli.given import spelling
from harness.cli.parameters import description
from harness.cli.run_options import RunOptions
from harness.declaration import Option, declared
from harness.options import MachineOptions

GUIDE = Path(__file__).resolve().parent / "guide.md"


def machine_table(struct: type[Struct] = MachineOptions) -> str:
    """Returns the table of a machine's options."""
    rows = ["| `rvic run` | `[machine]`, `Machine(...)` | |", "|---|---|---|"]
    for option in declared(struct).values():
        typed = "" if option.extra("hidden", False) or not option.extra("cli", True) else _typed(option)
        name = f"`{option.name}`" if option.extra("toml", True) else f"`{option.name}`, not in `[machine]`"
        rows.append(f"| {typed} | {name} | {_escaped(_described(option))} |")
    return "\n".join(rows)


def run_table() -> str:
    """Returns the table of what else ``rvic run`` takes."""
    rows = ["| `rvic run` | |", "|---|---|"]
    rows += [
        f"| {_typed(option)} | {_escaped(description(option))} |" for option in declared(RunOptions).values()
    ]
    return "\n".join(rows)


TABLES: dict[str, Callable[[], str]] = {"machine options": machine_table, "run options": run_table}


def with_tables(page: str) -> str:
    """Returns the page with each table between its markers."""
    for name, table in TABLES.items():
        start, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
        before, _, rest = page.partition(start)
        page = f"{before}{start}{table()}\n{end}{rest.partition(end)[2]}"
    return page


def _typed(option: Option) -> str:
    value = _escaped(option.value) if not (option.is_flag or option.extra("sets", None)) else ""
    return ", ".join(f"`{f'{word} {value}'.strip()}`" for word in spelling(option).split("/"))


def _described(option: Option) -> str:
    """Returns the words of the help, and a default that goes without saying there."""
    sets = option.extra("sets", None)
    choices = f" In files and in Python `{'` or `'.join(option.choices)}`." if sets else ""
    return f"{description(option)}{choices}"


def _escaped(text: str) -> str:
    return re.sub(r"  \[(.*)\]", r" Default: \1.", text).replace("|", r"\|")


if __name__ == "__main__":
    GUIDE.write_text(with_tables(GUIDE.read_text(encoding="utf-8")), encoding="utf-8")
