# SPDX-License-Identifier: MIT
"""Finished occurrences: the oldest of very many are no longer listed, and are in every figure all the same."""

from __future__ import annotations

import statistics
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.trace import costs
from harness.trace.costs import CPU_SHIFT, FinishedOccurrences
from harness.trace.unfinished import Unfinished

KEPT = 4
LABELS = ("Wfx", "RVIC.Acknowledge", "PhysicalIrq")


def steps() -> st.SearchStrategy[list[tuple[int, int, int, bool, int]]]:
    """vCPU, INTID, exits, whether it was withdrawn, and late charges to that vCPU's last withdrawn one."""
    one = st.tuples(
        st.integers(0, 2), st.integers(26, 28), st.integers(0, 5), st.booleans(), st.integers(0, 2)
    )
    return st.lists(one, max_size=60)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps())
def test_what_is_dropped_stays_in_every_figure(
    monkeypatch: pytest.MonkeyPatch, given_steps: list[tuple[int, int, int, bool, int]]
) -> None:
    all_, few = FinishedOccurrences(), FinishedOccurrences()
    for book, kept in ((all_, costs.KEPT), (few, KEPT)):
        with monkeypatch.context() as patch:
            patch.setattr(costs, "KEPT", kept)
            hidden: dict[int, int] = {}
            for tick, (vcpu, intid, exits, withdrawn, late) in enumerate(given_steps):
                row = book.add(
                    vcpu << CPU_SHIFT | intid,
                    Unfinished(tick, [LABELS[0]] * exits),
                    tick + 1,
                    withdrawn=withdrawn,
                )
                book.settle()
                if withdrawn:
                    hidden[vcpu] = row
                for _ in range(late):
                    if vcpu in hidden:
                        book.charge(hidden[vcpu], LABELS[1])
    assert few.occurrences() == all_.occurrences()[few.dropped :]
    assert few.dropped + len(few.occurrences()) == len(given_steps)
    assert len(few.occurrences()) < 2 * KEPT
    for intid in range(26, 29):
        whole, part = all_.cost(intid), few.cost(intid)
        assert replace(part, switches=()) == replace(whole, switches=())
        assert whole.switches[len(whole.switches) - len(part.switches) :] == part.switches
        if whole.count:
            assert (whole.median, whole.mean) == (
                statistics.median(whole.switches),
                statistics.mean(whole.switches),
            )
