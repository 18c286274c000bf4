# SPDX-License-Identifier: MIT
"""One rvic: the state table per (vCPU, INTID), the line and the acknowledge orders (DEN0103)."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import pytest

from harness.rvic import Order, Rvic

IDLE, PENDING, MASKED, BOTH = (0, 0), (1, 0), (0, 1), (1, 1)
STATES = {"idle": IDLE, "pending": PENDING, "masked": MASKED, "masked+pending": BOTH}


def rvic_in(state: tuple[int, int], *, enabled: bool = True, order: Order = Order.FIFO) -> Rvic:
    """Three INTIDs; INTID 1 is brought to the state by the primitives, the others stay masked."""
    rvic = Rvic(3, order)
    rvic.enabled = True
    if state[0]:
        rvic.signal(1)
    if not state[1]:
        rvic.clear_masked(1)
    if not enabled:
        rvic.enabled = False
    return rvic


def state_of(rvic: Rvic, intid: int = 1) -> tuple[int, int]:
    return int(rvic.pending[intid]), int(rvic.masked[intid])


TABLE: list[tuple[str, Callable[[Rvic], object], dict[tuple[int, int], tuple[int, int]]]] = [
    ("signal", lambda i: i.signal(1), {IDLE: PENDING, PENDING: PENDING, MASKED: BOTH, BOTH: BOTH}),
    ("ClearPending", lambda i: i.clear_pending(1), {IDLE: IDLE, PENDING: IDLE, MASKED: MASKED, BOTH: MASKED}),
    ("SetMasked", lambda i: i.set_masked(1), {IDLE: MASKED, PENDING: BOTH, MASKED: MASKED, BOTH: BOTH}),
    ("ClearMasked", lambda i: i.clear_masked(1), {IDLE: IDLE, PENDING: PENDING, MASKED: IDLE, BOTH: PENDING}),
    ("Acknowledge", Rvic.acknowledge, {IDLE: IDLE, PENDING: MASKED, MASKED: MASKED, BOTH: BOTH}),
    ("Enable", lambda i: setattr(i, "enabled", True), {s: s for s in STATES.values()}),
    ("Disable", lambda i: setattr(i, "enabled", False), {s: s for s in STATES.values()}),
    ("reset", Rvic.reset, dict.fromkeys(STATES.values(), MASKED)),
]


@pytest.mark.parametrize("before", STATES.values(), ids=STATES)
@pytest.mark.parametrize(("event", "apply", "row"), TABLE, ids=[row[0] for row in TABLE])
def test_event_in_state_while_enabled(
    event: str,
    apply: Callable[[Rvic], object],
    row: dict[tuple[int, int], tuple[int, int]],
    before: tuple[int, int],
) -> None:
    rvic = rvic_in(before)
    assert state_of(rvic) == before
    apply(rvic)
    assert state_of(rvic) == row[before]
    assert rvic.line == (rvic.enabled and row[before] == PENDING)
    assert state_of(rvic, 0) == state_of(rvic, 2) == MASKED


@pytest.mark.parametrize("before", STATES.values(), ids=STATES)
@pytest.mark.parametrize(("event", "apply", "row"), TABLE, ids=[row[0] for row in TABLE])
def test_event_in_state_while_disabled(
    event: str,
    apply: Callable[[Rvic], object],
    row: dict[tuple[int, int], tuple[int, int]],
    before: tuple[int, int],
) -> None:
    rvic = rvic_in(before, enabled=False)
    apply(rvic)
    dropped = event in ("signal", "Acknowledge")
    assert state_of(rvic) == (before if dropped else row[before])
    assert rvic.line == (event == "Enable" and before == PENDING)


def test_reset_state_is_disabled_masked_not_pending() -> None:
    rvic = Rvic(64)
    assert not rvic.enabled
    assert not any(rvic.pending)
    assert all(rvic.masked)
    assert not rvic.line


def deliverable(order: Order, *intids: int, random: int = 0) -> Rvic:
    rvic = Rvic(16, order, random=random)
    rvic.enabled = True
    for intid in intids:
        rvic.clear_masked(intid)
        rvic.signal(intid)
    return rvic


def drain(rvic: Rvic) -> list[int]:
    taken = []
    while (intid := rvic.acknowledge()) is not None:
        taken.append(intid)
    return taken


def test_fifo_is_by_the_moment_of_becoming_deliverable() -> None:
    rvic = deliverable(Order.FIFO, 9, 3, 12)
    rvic.set_masked(9)
    rvic.signal(3)  # already deliverable: keeps its place
    rvic.clear_masked(9)  # deliverable again from now on
    assert drain(rvic) == [3, 12, 9]


def test_fifo_counts_an_unmask_on_a_disabled_rvic() -> None:
    rvic = deliverable(Order.FIFO, 9, 3)
    rvic.set_masked(9)
    rvic.enabled = False
    rvic.clear_masked(9)
    rvic.enabled = True
    assert drain(rvic) == [3, 9]


def test_lowest_takes_the_lowest_intid() -> None:
    assert drain(deliverable(Order.LOWEST, 9, 3, 12, 0)) == [0, 3, 9, 12]


def test_random_is_a_function_of_its_seed() -> None:
    runs = {seed: drain(deliverable(Order.RANDOM, *range(12), random=seed)) for seed in range(8)}
    assert all(sorted(run) == list(range(12)) for run in runs.values())
    assert len({tuple(run) for run in runs.values()}) == 8
    assert runs == {seed: drain(deliverable(Order.RANDOM, *range(12), random=seed)) for seed in range(8)}


def test_random_reaches_every_deliverable_interrupt() -> None:
    assert {drain(deliverable(Order.RANDOM, 1, 2, 3, random=seed))[0] for seed in range(32)} == {1, 2, 3}


def test_state_copies_compares_and_pickles() -> None:
    rvic = deliverable(Order.RANDOM, 4, 5, 6, random=7)
    twin = copy.deepcopy(rvic)
    stored = pickle.loads(pickle.dumps(rvic))
    assert twin == rvic == stored
    assert drain(twin) == drain(rvic) == drain(stored)
    assert twin == rvic
    rvic.signal(4)
    assert twin != rvic
