# SPDX-License-Identifier: MIT
"""rvic bench as a command: its table, its JSON, --save, --against, --check, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import harness.cli.bench
from harness.bench.report import Report, changes, read_report
from harness.bench.row import Result, Target
from harness.bench.sampling import Effort, compare, interleave
from harness.bench.subject import Sample, Subject, UnavailableError
from harness.cli import invoke
from harness.cli.bench_tables import summary, time_text
from harness.errors import GuestError


def row(name: str, ratio: float | None, target: float | None, better: Any = "lower", **more: Any) -> Result:
    costs = {} if ratio is None else {"ours": 2e-6, "theirs": 2e-6 / ratio, "low": ratio, "high": ratio}
    return Result(name, "QEMU", "load", better, target, ratio=ratio, **costs, **more)


GOOD = row("svc", 0.5, 0.7)
BAD = row("mmio", 9.0, 6.0)
ABSENT = row("counter_read", None, 0.5, missing="QEMU absent")
INFORMS = row("hypercall", 3.0, None)


@pytest.fixture
def results(monkeypatch: pytest.MonkeyPatch) -> list[Result]:
    """What a run of the command measures."""
    found: list[Result] = []

    def measured(*_: object) -> Iterator[Result]:
        yield from found

    monkeypatch.setattr(harness.cli.bench, "measure", measured)
    return found


@pytest.mark.parametrize(
    ("found", "options", "status"),
    [
        ([GOOD, BAD], [], 0),
        ([GOOD, BAD], ["--check"], 1),
        ([GOOD, ABSENT, INFORMS], ["--check"], 0),
        ([ABSENT, INFORMS], ["--check"], 2),
        ([GOOD, BAD], ["--check", "--json"], 1),
    ],
    ids=["unchecked", "missed", "met", "nothing-to-check", "json"],
)
def test_check_alone_makes_a_missed_target_a_failure(
    results: list[Result], found: list[Result], options: list[str], status: int
) -> None:
    results += found
    assert invoke(["bench", *options]) == status


def test_the_table_says_what_is_met_missed_and_absent(
    results: list[Result], capsys: pytest.CaptureFixture[str]
) -> None:
    results += [GOOD, BAD, ABSENT, INFORMS]
    assert invoke(["bench"]) == 0
    lines = {line.split()[0]: line.split()[1:] for line in capsys.readouterr().out.splitlines() if line}
    assert lines["svc"] == ["2.00", "us", "4.00", "us", "QEMU", "0.50", "0%", "<=0.7", "ok"]
    assert lines["mmio"] == ["2.00", "us", "222", "ns", "QEMU", "9.00", "0%", "<=6", "miss"]
    assert lines["counter_read"] == ["QEMU", "absent", "<=0.5"]
    assert lines["hypercall"] == ["2.00", "us", "667", "ns", "QEMU", "3.00", "0%"]
    assert lines["targets:"] == ["1", "met,", "1", "missed,", "1", "not", "measured"]


def test_what_was_saved_is_compared_with_what_is_measured_now(
    results: list[Result], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(tmp_path / "old.json")
    results += [row("svc", 1.0, 0.7), row("guest_free", 0.4, 0.8, "higher"), BAD]
    assert invoke(["bench", "--save", file]) == 0
    results[:] = [GOOD, row("guest_free", 0.8, 0.8, "higher"), ABSENT]
    capsys.readouterr()
    assert invoke(["bench", "--against", file]) == 0
    _, _, table = capsys.readouterr().out.partition("since the report")
    lines = {line.split()[0]: line.split()[1:] for line in table.splitlines()[1:]}
    assert lines["svc"] == ["2.00", "us", "2.00", "us", "1.00", "0.50", "-50%"]
    assert lines["guest_free"] == ["2.00", "us", "2.00", "us", "0.40", "0.80", "-50%"]
    assert "mmio" not in lines
    assert invoke(["bench", "--against", file, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["changes"]
    assert found[0] == {"name": "svc", "before": 1.0, "now": 0.5, "factor": 0.5}
    assert [change["name"] for change in found] == ["svc", "guest_free"]


def test_json_is_one_object_that_is_read_back(
    results: list[Result], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "new.json"
    results += [GOOD, BAD, ABSENT]
    assert invoke(["bench", "--json", "--save", str(file)]) == 0
    printed = capsys.readouterr().out
    assert printed == file.read_text()
    report = json.loads(printed)
    assert list(report) == ["machine", "install", "compiled", "backend", "qemu", "results"]
    assert [one["met"] for one in report["results"]] == [True, False, None]
    assert read_report(file).results == results


NOWHERE = "No such file or directory"
REFUSED = {
    "only": ("--only", "svcc", "--only svcc: there is no such row; did you mean `svc`?"),
    "against": ("--against", "nowhere.json", f"nowhere.json: cannot be read: {NOWHERE}"),
    "save": ("--save", "no/such.json", f"no/such.json: cannot be written: {NOWHERE}"),
    "linux": ("--linux", "nowhere", "nowhere: no such file"),
    "no-report": ("--against", "wrong.json", "wrong.json: is no report of rvic bench: "),
}


@pytest.mark.parametrize(("option", "value", "words"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_is_one_line(
    option: str,
    value: str,
    words: str,
    results: list[Result],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "wrong.json").write_text('{"machine": 1}')
    assert invoke(["bench", option, value]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"rvic: error: {words}")
    assert results == []


def test_a_report_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "cut.json"
    file.write_text(Report("m", "source", [], "view", None, [GOOD]).to_json()[:-5])
    with pytest.raises(GuestError, match="is no report of rvic bench"):
        read_report(file)


def test_a_target_bounds_from_the_side_that_is_better() -> None:
    assert row("r", 0.9, 0.9, "higher").met is True
    assert row("r", 0.8, 0.9, "higher").met is False
    assert row("r", 6.0, 6.0).met is True
    assert row("r", 6.1, 6.0).met is False
    assert row("r", 6.1, None).met is None
    assert (Target(4, 1.5).of("source"), Target(4, 1.5).of("mypyc")) == (4, 1.5)


def test_a_change_is_one_of_the_ratio() -> None:
    (slower,) = changes([row("r", 2.0, None)], [row("r", 3.0, None)])
    assert slower.factor == 1.5
    (faster,) = changes([row("r", 0.5, None, "higher")], [row("r", 1.0, None, "higher")])
    assert faster.factor == 0.5
    assert list(changes([ABSENT], [GOOD])) == []


def test_samples_are_taken_in_turn_and_whoever_cannot_go_on_is_left_out() -> None:
    order: list[str] = []

    class Noted(Subject):
        fixed = True

        def __init__(self, name: str, most: int = 100) -> None:
            self._name, self._left = name, most

        def run(self, turns: int) -> Sample:
            if not self._left:
                raise UnavailableError("tired")
            self._left -= 1
            order.append(self._name)
            return Sample(2.0, turns)

    subjects = {"a": Noted("a"), "b": Noted("b"), "c": Noted("c", 2)}
    samples = interleave(subjects, Effort(rounds=3, seconds=1.0, child_seconds=1.0))
    assert "".join(order) == "abc" + "abc" + "ba" + "ab"
    assert samples.costs["a"] == samples.costs["b"] == [2.0] * 3
    assert samples.lost == {"c": "tired"}


def test_a_ratio_is_the_median_of_the_pairs() -> None:
    seen = compare([2.0, 4.0, 9.0], [1.0, 1.0, 3.0])
    assert (seen.ratio, seen.ours, seen.theirs) == (3.0, 4.0, 1.0)
    assert (seen.low, seen.high) == (2.5, 3.5)
    assert compare([2.0], [1.0], rate=True).ratio == 0.5


def test_times_and_targets_are_told_in_few_characters() -> None:
    times = [1.5, 0.0123, 4.56e-6, 7.89e-8, 5.4e-10, None]
    assert [time_text(time) for time in times] == ["1.50 s", "12.3 ms", "4.56 us", "78.9 ns", "0.54 ns", ""]
    assert summary([GOOD, BAD, ABSENT, INFORMS]) == "targets: 1 met, 1 missed, 1 not measured"
