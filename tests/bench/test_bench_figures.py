# SPDX-License-Identifier: MIT
"""rvic bench: its figures exist, are whole, and compare the same work. Timings themselves are no test."""

from __future__ import annotations

import json
import math

import pytest

from harness.bench import Effort, Figure, all_figures, guests, machine_name, subjects, to_json
from harness.bench.hypercall_cost import breakdown
from harness.bench.timing import compare, interleave
from harness.cli import invoke
from harness.cli.bench import bench

TINY = Effort(pairs=2, instructions=1, calls=20)
NAMES = ["guest_free", "guest_free_uncounted", "hypercall", "hypercall_ledger", "rvic_ack", "irq_round_trip"]


@pytest.fixture(scope="module")
def results() -> list[Figure]:
    return list(all_figures(TINY))


def test_every_figure_is_there_with_its_target(results: list[Figure]) -> None:
    assert [result.name for result in results] == NAMES
    assert [result.target for result in results] == [0.9, None, 6.0, None, None, None]
    assert [result.better for result in results] == ["higher", "higher", "lower", "lower", "lower", "lower"]


def test_every_number_is_finite_and_positive(results: list[Figure]) -> None:
    for result in results:
        for number in (result.ratio, result.value, result.baseline):
            assert math.isfinite(number), result
            assert number > 0, result
        assert math.isfinite(result.spread)
        assert result.spread >= 0
        assert result.unit
        assert result.dominated


def test_json_is_one_object_with_the_fields_that_programs_read(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench(as_json=True, effort=TINY) == 0
    report = json.loads(capsys.readouterr().out)
    assert list(report) == ["machine", "results"]
    assert [row["name"] for row in report["results"]] == NAMES
    fields = ["name", "ratio", "target", "better", "spread", "unit", "value", "baseline"]
    assert all(list(row) == fields for row in report["results"])


def test_people_get_a_table_and_what_dominates(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench(as_json=False, effort=TINY) == 0
    out = capsys.readouterr().out
    assert out.startswith(machine_name())
    table, _, words = out.partition("what dominates")
    for name in NAMES:
        assert name in table
        assert name in words


def test_the_command_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["bench", "--help"]) == 0
    assert "--json" in capsys.readouterr().out


def test_json_leaves_the_words_out() -> None:
    result = Figure("free", 0.5, 0.9, "higher", 0.0, "u", 1.0, 2.0, "words")
    assert "words" not in to_json("m", [result])


def test_a_target_bounds_from_the_side_that_is_better() -> None:
    def met(ratio: float, target: float | None, better: str) -> bool | None:
        return Figure("r", ratio, target, better, 0.0, "u", 1.0, 1.0, "").met  # type: ignore[arg-type]  # a table

    assert met(0.9, 0.9, "higher") is True
    assert met(0.8, 0.9, "higher") is False
    assert met(6.0, 6.0, "lower") is True
    assert met(6.1, 6.0, "lower") is False
    assert met(6.1, None, "lower") is None


@pytest.mark.parametrize("guest", [guests.acknowledge_cycle, guests.round_trip])
def test_one_turn_of_a_cycle_is_one_interrupt_in_three_calls(guest: guests.Maker) -> None:
    machine = subjects.in_harness(guest(), ledger=True)
    before = machine.ledger.per_interrupt(guests.INTID).count
    subjects.run(machine, 10 * guest().loop)
    cost = machine.ledger.per_interrupt(guests.INTID)
    assert cost.count == before + 10
    assert cost.by_exit == dict.fromkeys(("RVIC.Signal", "RVIC.Acknowledge", "RVIC.ClearMasked"), cost.count)


@pytest.mark.parametrize("guest", [guests.acknowledge_cycle, guests.round_trip])
def test_bare_unicorn_does_the_same_turns(guest: guests.Maker) -> None:
    machine = subjects.in_harness(guest())
    bare = subjects.bare(guest(), subjects.interrupts)
    for _ in range(3):
        subjects.run(machine, 5 * guest().loop + 1)
        bare.run(5 * guest().loop + 1)
        assert bare.pc == machine.cpus[0].pc


def test_a_pass_of_the_loop_without_exits_is_as_long_as_is_said() -> None:
    machine = subjects.in_harness(guests.mixed())
    pc = machine.cpus[0].pc
    subjects.run(machine, guests.mixed().loop)
    assert machine.cpus[0].pc == pc


def test_samples_are_taken_in_turn() -> None:
    order: list[str] = []
    interleave((lambda: order.append("a"), lambda: order.append("b")), 3)
    assert "".join(order) == "abbaab"


def test_a_ratio_is_the_median_of_the_pairs() -> None:
    seen = compare([2.0, 4.0, 9.0], [1.0, 1.0, 3.0])
    assert (seen.ratio, seen.ours, seen.bare) == (3.0, 4.0, 1.0)
    assert seen.spread == 1.0
    assert compare([2.0], [1.0], rate=True).ratio == 0.5


def test_a_breakdown_names_the_largest_part_first() -> None:
    assert breakdown(10.0, {"small": 1.0, "large": 7.0}, "rest") == (
        "large 7 ns (70%), rest 2 ns (20%), small 1 ns (10%)"
    )
