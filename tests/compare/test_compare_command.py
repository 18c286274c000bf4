# SPDX-License-Identifier: MIT
"""``rvic compare``: what it prints, and that it prints the same every time."""

from __future__ import annotations

import json

import pytest

from harness.cli import invoke
from harness.compare import CONTROLLERS

KEYS = [
    "work",
    "controller",
    "interrupts",
    "world_switches",
    "by_exit",
    "needs_host",
    "guest_instructions",
]


def test_json_has_a_row_for_each_controller(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["compare", "edge", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [(row["work"], row["controller"]) for row in rows] == [("edge", c) for c in CONTROLLERS]
    assert all(list(row) == KEYS for row in rows)
    assert rows[0]["world_switches"] == {"min": 3, "median": 3, "max": 3, "mean": 3}
    assert rows[0]["by_exit"] == {"PhysicalIrq": 1, "RVIC.Acknowledge": 1, "RVIC.ClearMasked": 1}


def test_it_prints_the_same_every_time(capsys: pytest.CaptureFixture[str]) -> None:
    outputs = []
    for _ in range(2):
        assert invoke(["compare", "edge", "--json"]) == 0
        outputs.append(capsys.readouterr().out)
    assert outputs[0] == outputs[1]


def test_markdown_of_one_work_is_its_tables(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["compare", "burst8", "--markdown"]) == 0
    out = capsys.readouterr().out
    assert "| workload | rvic | vgic | trap | gicv2 |\n" in out
    assert "| `burst8` | 2.125 (2, 2, 3) |" in out


def test_for_people_it_is_a_line_for_each_controller(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["compare", "wfi"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines[-4:]] == [["wfi", c] for c in CONTROLLERS]
    assert lines[-4].endswith("1 RVIC.Acknowledge, 1 RVIC.ClearMasked, 1 Wfx")


def test_a_work_runs_with_other_numbers_of_list_registers(capsys: pytest.CaptureFixture[str]) -> None:
    """As many as `burst8` has devices: none waits for one."""
    assert invoke(["compare", "burst8", "--list-registers", "8", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [row["world_switches"]["mean"] for row in rows] == [2.125, 0.125, 2.125, 0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing"], "no workload `nothing`: choose one of timer, ipi, edge, "),
        (["edge", "--json", "--markdown"], "--json and --markdown: only one"),
        (["edge", "--list-registers", "65"], "--list-registers=65: 1 to 64"),
        (["broadcast"], "no workload `broadcast`"),
    ],
)
def test_bad_input(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["compare", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert message in captured.err
