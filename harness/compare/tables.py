# SPDX-License-Identifier: MIT
"""Rows for programs and for readers: JSON, and tables in Markdown."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from harness.compare.measure import Row, Spread
from harness.compare.workloads import CONTROLLERS, WORKLOADS


def to_json(rows: Iterable[Row]) -> str:
    """Returns ``{"rows": [...]}``, with keys in a fixed order."""
    return json.dumps({"rows": [_fields(row) for row in rows]})


def _fields(row: Row) -> dict[str, Any]:
    switches = row.world_switches
    return {
        "work": row.workload,
        "controller": row.controller,
        "interrupts": row.interrupts,
        "world_switches": {
            "min": switches.min,
            "median": switches.median,
            "max": switches.max,
            "mean": switches.mean,
        },
        "by_exit": row.by_exit,
        "needs_host": row.needs_host,
        "guest_instructions": row.guest_instructions,
    }


def number(value: float) -> str:
    """Returns a figure for people: whole, or with at most three digits after the point."""
    return f"{value:,.3f}".rstrip("0").rstrip(".")


def spread(switches: Spread) -> str:
    """Returns the mean; where interrupts differ, with minimum, median and maximum."""
    mean = number(switches.mean)
    if switches.min == switches.max:
        return mean
    return f"{mean} ({switches.min}, {number(switches.median)}, {switches.max})"


def exits(row: Row) -> str:
    """Returns the exits that make up the mean, most frequent first."""
    parts = sorted(row.by_exit.items(), key=lambda part: (-part[1], part[0]))
    return ", ".join(f"{number(count)} {label}" for label, count in parts) or "none"


def markdown(rows: Sequence[Row]) -> str:
    """Returns the tables of some workloads, each workload a line and each controller a column."""
    parts = [
        ("World switches per interrupt: the mean; where interrupts differ, (min, median, max).", _switches),
        ("What they are.", exits),
        ("Of these, how many EL2 needs its host for.", lambda row: number(row.needs_host)),
        ("Instructions that the guest retires per interrupt.", lambda row: f"{row.guest_instructions:,.0f}"),
        ("Exits of all kinds per second of guest time.", lambda row: f"{row.exits_per_second:,.0f}"),
    ]
    return "\n".join(f"{caption}\n\n{_grid(rows, cell)}" for caption, cell in parts)


def _switches(row: Row) -> str:
    return spread(row.world_switches)


def _grid(rows: Sequence[Row], cell: Callable[[Row], str]) -> str:
    lines = [f"| workload | {' | '.join(CONTROLLERS)} |", "|---" * (1 + len(CONTROLLERS)) + "|"]
    by_workload: dict[str, list[Row]] = {}
    for row in rows:
        by_workload.setdefault(row.workload, []).append(row)
    lines += [f"| `{workload}` | {' | '.join(map(cell, group))} |" for workload, group in by_workload.items()]
    return "\n".join(lines) + "\n"


def by_room(rows: Iterable[tuple[int, Row]]) -> str:
    """Returns a table of one workload under one controller, a line for each number of list registers."""
    lines = ["| list registers | world switches per interrupt | what they are |", "|---|---|---|"]
    return "\n".join(
        [*lines, *(f"| {count} | {spread(row.world_switches)} | {exits(row)} |" for count, row in rows)]
    )


def legend(names: Iterable[str]) -> str:
    """Returns a list of what the workloads do."""
    return "\n".join(f"- `{name}`: {WORKLOADS[name].what}; per {WORKLOADS[name].unit}" for name in names)
