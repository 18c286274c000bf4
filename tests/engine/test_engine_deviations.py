# SPDX-License-Identifier: MIT
"""docs/deviations.md is the engine's list of deviations, word for word."""

from __future__ import annotations

from pathlib import Path

from harness.engine import DEVIATIONS

DOCUMENT = Path(__file__).parents[2] / "docs" / "deviations.md"


def test_the_table_mirrors_the_list() -> None:
    text, _, _ = DOCUMENT.read_text(encoding="utf-8").partition("\n## ")
    lines = text.splitlines()
    rows = [line for line in lines if line.startswith("| `")]
    assert rows == [f"| `{d.name}` | {d.what} | {d.section} |" for d in DEVIATIONS]


def test_names_are_unique() -> None:
    assert len({d.name for d in DEVIATIONS}) == len(DEVIATIONS)
