# SPDX-License-Identifier: MIT
"""docs/performance.md has the tables that docs/make_performance.py makes, and bench/README.md has every row."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from harness.bench.report import read_report
from harness.bench.rows import ROWS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
README = (ROOT / "bench" / "README.md").read_text(encoding="utf-8")
NAMES = [row.name for row in ROWS]


def between(name: str) -> str:
    return PAGE.partition(f"<!-- {name} -->\n")[2].partition(f"\n<!-- end of {name} -->")[0]


@pytest.fixture(scope="module")
def maker() -> dict[str, object]:
    return runpy.run_path(str(ROOT / "docs" / "make_performance.py"))


def test_the_figures_are_of_every_row_and_hold_the_targets_of_today() -> None:
    rows = [line.split("|")[1:-1] for line in between("figures").splitlines() if line.startswith("| `")]
    assert [row[0].strip().strip("`") for row in rows] == NAMES
    bounds = [
        "" if row.target is None else f"{'>=' if row.better == 'higher' else '<='}{row.target.source:g}"
        for row in ROWS
    ]
    assert [row[8].strip() for row in rows] == bounds


def test_the_report_of_before_has_every_row() -> None:
    assert [result.name for result in read_report(ROOT / "bench" / "before.json").results] == NAMES


def test_a_table_of_figures_is_made_of_two_reports(maker: dict[str, object]) -> None:
    report = read_report(ROOT / "bench" / "before.json")
    table = maker["figures"](report, report)  # type: ignore[operator]  # a function
    assert table.splitlines()[2:4] == between("figures").splitlines()[2:4]
    assert table.count("\n| `") == len(ROWS)


def test_a_missed_target_stands_beside_its_floor(maker: dict[str, object]) -> None:
    report = read_report(ROOT / "bench" / "before.json")
    maker["FLOORS"]["svc"] = "one exception"  # type: ignore[index]  # a dict
    table = maker["missed"]([report]).splitlines()  # type: ignore[operator]  # a function
    shown = {line.split("|")[1].strip(" `"): line.split("|")[5].strip() for line in table[2:]}
    assert list(shown) == [result.name for result in report.missed]
    assert (shown["svc"], shown["irq_vs_qemu"]) == ("one exception", "not measured yet")


def test_a_wheel_has_a_table_of_the_rows_with_targets(maker: dict[str, object]) -> None:
    report = read_report(ROOT / "bench" / "before.json")
    table = maker["wheel"](report).splitlines()  # type: ignore[operator]  # a function
    assert len({line.count("|") for line in table[2:]}) == 1
    targets = [result.name for result in report.results if result.target is not None]
    assert [line.split("|")[1].strip(" `") for line in table[4:]] == targets


def test_calls_are_counted_of_every_operation_on_the_page(maker: dict[str, object]) -> None:
    maker["calls"].__globals__["TURNS"] = 5  # type: ignore[attr-defined]  # a function
    made, shown = (
        [line.split("|")[1] for line in table.splitlines()]
        for table in (maker["calls"](), between("calls"))  # type: ignore[operator]  # a function
    )
    assert made == shown


def test_the_readme_of_the_benchmark_tells_of_every_row() -> None:
    told = re.findall(r"`([a-z_0-9]+)`", "".join(re.findall(r"^\| (`[^|]*)\|", README, re.MULTILINE)))
    assert told == NAMES
