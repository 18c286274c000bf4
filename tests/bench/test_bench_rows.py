# SPDX-License-Identifier: MIT
"""Rows of rvic bench: each measures something real, with an effort that says nothing about time."""

from __future__ import annotations

import math

import pytest

from harness.bench import in_bare, in_qemu
from harness.bench.measure import measure
from harness.bench.row import Result, Row
from harness.bench.rows import ROWS, chosen
from harness.bench.sampling import Effort
from harness.bench.subjects import families
from harness.errors import ConfigError

TINY = Effort(rounds=1, seconds=0.0, child_seconds=0.03)
MISSING = {"QEMU absent", "no C compiler", "no kernel given", "too quick to tell"}


def measured(names: list[str]) -> dict[str, Result]:
    return {result.name: result for result in measure(chosen(names), TINY, "source")}


@pytest.mark.parametrize("family", list(dict.fromkeys(row.family for row in ROWS)))
def test_every_row_measures_something(family: str) -> None:
    rows = [row for row in ROWS if row.family == family]
    results = list(measure(rows, TINY, "source"))
    assert [result.name for result in results] == [row.name for row in rows]
    for result in results:
        if result.missing is not None:
            assert result.missing in MISSING
            assert result.ratio is None
            continue
        numbers = result.ours, result.theirs, result.ratio, result.low, result.high
        assert all(number is not None and math.isfinite(number) and number > 0 for number in numbers)


def test_names_are_told_apart() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS)


def test_every_row_names_two_subjects_that_there_are_and_no_subject_is_idle() -> None:
    makers = families(None)
    named = {(row.family, name) for row in ROWS for name in (row.ours, row.theirs)}
    assert named == {(family, name) for family, members in makers.items() for name in members}
    assert all(row.ours != row.theirs for row in ROWS)


def test_a_target_is_no_easier_where_the_hot_paths_are_compiled() -> None:
    for row in ROWS:
        if row.target is not None:
            least, most = sorted(row.target)
            assert row.target == ((least, most) if row.better == "higher" else (most, least))


def test_rows_are_chosen_by_name_or_by_what_their_names_begin_with() -> None:
    def names(*wanted: str) -> list[str]:
        return [row.name for row in chosen(wanted)]

    assert names("svc") == ["svc"]
    assert names("mmio", "svc") == ["svc", "mmio", "mmio_vs_qemu"]
    assert names("growth") == [row.name for row in ROWS if row.family.startswith("growth_")]
    assert names() == [row.name for row in ROWS]


def test_a_row_that_is_not_there_is_refused_with_one_that_may_be_meant() -> None:
    with pytest.raises(ConfigError, match="--only svcs: there is no such row; did you mean `svc`"):
        chosen(["svcs"])


def test_without_qemu_its_rows_say_so_and_still_have_our_side(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_qemu, "path", lambda: None)
    results = measured(["irq_vs_qemu", "irq_ledger", "svc"])
    for name in ("irq_vs_qemu", "svc"):
        assert results[name].missing == "QEMU absent"
        assert results[name].met is None
        assert results[name].ours
        assert results[name].theirs is None
    assert results["irq_ledger"].missing is None
    assert in_qemu.version() is None


def test_without_a_compiler_bare_unicorns_rows_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_bare, "compilers", lambda: iter([["/nowhere/cc"], ["false"]]))
    in_bare.compiled_hooks.cache_clear()
    try:
        result = measured(["hypercall"])["hypercall"]
    finally:
        in_bare.compiled_hooks.cache_clear()
    assert result.missing == "no C compiler"
    assert result.ours


def test_qemu_that_refuses_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_qemu, "path", lambda: "false")
    assert measured(["svc"])["svc"].missing == "QEMU failed: status 1"


def test_whoever_listens_hears_of_each_family_before_it_begins() -> None:
    heard: list[Row] = []
    list(measure(chosen(["growth_spis", "trace"]), TINY, "source", announce=heard.append))
    assert [row.name for row in heard] == ["growth_spis", "trace", "trace_run"]
