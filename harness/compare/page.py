# SPDX-License-Identifier: MIT
"""Maker of docs/world-switches.md: answers whose every figure is taken from the rows."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from harness.compare import expected
from harness.compare.measure import LIST_REGISTERS, Row
from harness.compare.supplement import ROOM, Supplement
from harness.compare.tables import by_room, legend, markdown, number
from harness.compare.workloads import INTERRUPTS, TARGETS, WORKLOADS

TEMPLATE = Path(__file__).with_name("world-switches.md.in")
ASSUMED_SWITCH_US = 1
"""Microseconds per world switch for the example of a rate; an assumption, and said to be one."""
EXAMPLE_RATE = 10_000
"""Interrupts per second, for the same example."""
WIDTH = 120


def page(rows: Sequence[Row], supplement: Supplement) -> str:
    """Returns the whole document. It needs the rows of every workload, with LIST_REGISTERS."""
    figures = {**_figures(rows), **_beside(rows, supplement)}
    text = TEMPLATE.read_text(encoding="utf-8").format_map(figures)
    return "\n\n".join(_wrap(block) for block in text.rstrip().split("\n\n")) + "\n"


def _wrap(block: str) -> str:
    """Breaks a paragraph, or the items of a list, into lines; leaves headings, tables and code as they are."""
    if block.startswith(("#", "|", "    ")):
        return block
    items = re.split(r"\n(?=- )", block)
    return "\n".join(
        textwrap.fill(
            " ".join(item.split()),
            WIDTH,
            subsequent_indent="  " if item.startswith("- ") else "",
            break_long_words=False,
            break_on_hyphens=False,
        )
        for item in items
    )


def _figures(rows: Sequence[Row]) -> dict[str, Any]:
    """Returns all that the template may name: ``{edge[rvic]}`` is a mean, ``{extra[edge]}`` rvic's over vgic's."""
    mean: dict[str, dict[str, float]] = {workload: {} for workload in WORKLOADS}
    for row in rows:
        mean[row.workload][row.controller] = row.world_switches.mean
    by = {(row.workload, row.controller): row for row in rows}
    extra = {workload: figures["rvic"] - figures["vgic"] for workload, figures in mean.items()}
    extra_per_second = extra["edge"] * EXAMPLE_RATE
    return {
        **{
            workload: {c: number(value) for c, value in figures.items()} for workload, figures in mean.items()
        },
        "extra": {workload: number(value) for workload, value in extra.items()},
        "host": {workload: number(by[workload, "rvic"].needs_host) for workload in WORKLOADS},
        "rvic_kinds": _code(_kinds(rows, "rvic")),
        "maintenance": {
            workload: number(by[workload, "vgic"].by_exit.get("Maintenance", 0))
            for workload in ("burst8", "burst64")
        },
        "dearer": _code(
            workload for workload in WORKLOADS if mean[workload]["rvic"] > mean[workload]["trap"]
        ),
        "as_dear": _code(
            workload for workload in WORKLOADS if mean[workload]["rvic"] == mean[workload]["trap"]
        ),
        "cheaper": _code(
            workload for workload in WORKLOADS if mean[workload]["rvic"] < mean[workload]["trap"]
        ),
        "rate": f"{EXAMPLE_RATE:,}",
        "extra_per_second": f"{extra_per_second:,.0f}",
        "switch_us": ASSUMED_SWITCH_US,
        "percent": number(extra_per_second * ASSUMED_SWITCH_US / 10_000),
        "interrupts": f"{INTERRUPTS:,}",
        "trusted": expected.TRUSTED,
        "untrusted": expected.UNTRUSTED,
        "list_registers": LIST_REGISTERS,
        "legend": legend(WORKLOADS),
        "tables": markdown(rows),
        "hand_counts": expected.table(rows),
    }


def _beside(rows: Sequence[Row], supplement: Supplement) -> dict[str, Any]:
    """Returns the figures that no row of the table has: ``{broadcast[rvic]}`` and, per target, ``{each[rvic]}``."""
    full = next(row for row in rows if (row.workload, row.controller) == ("burst8", "vgic"))
    sent = {name: row.world_switches.mean for name, row in supplement.broadcast.items()}
    return {
        "targets": TARGETS,
        "room": ROOM,
        "with_room": number(supplement.room.world_switches.mean),
        "bursts": by_room([(LIST_REGISTERS, full), (ROOM, supplement.room)]),
        "broadcast": {name: number(mean) for name, mean in sent.items()},
        "each": {name: number(mean / TARGETS) for name, mean in sent.items()},
    }


def _kinds(rows: Sequence[Row], controller: str) -> list[str]:
    return sorted({label for row in rows if row.controller == controller for label in row.seen})


def _code(names: Iterable[str]) -> str:
    """Lists names as a sentence does."""
    quoted = [f"`{name}`" for name in names]
    return (
        " and ".join((", ".join(quoted[:-1]), quoted[-1])) if len(quoted) > 1 else "".join(quoted) or "none"
    )
