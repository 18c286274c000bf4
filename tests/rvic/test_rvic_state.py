# SPDX-License-Identifier: MIT
"""One instance: the state table per (vCPU, INTID), the line and the acknowledge orders (DEN0103)."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import pytest

from harness.rvic import Instance, Order

IDLE, PENDING, MASKED, BOTH = (0, 0), (1, 0), (0, 1), (1, 1)
STATES = {"idle": IDLE, "pending": PENDING, "masked": MASKED, "masked+pending": BOTH}


def instance_in(state: tuple[int, int], *, enabled: bool = True, order: Order = Order.FIFO) -> Instance:
    """Three INTIDs; INTID 1 is brought to the state by the primitives, the others stay masked."""
    instance = Instance(3, order)
    instance.enable()
    if state[0]:
        instance.signal(1)
    if not state[1]:
        instance.clear_masked(1)
    if not enabled:
        instance.disable()
    return instance


def state_of(instance: Instance, intid: int = 1) -> tuple[int, int]:
    return instance.pending >> intid & 1, instance.masked >> intid & 1


TABLE: list[tuple[str, Callable[[Instance], object], dict[tuple[int, int], tuple[int, int]]]] = [
    ("signal", lambda i: i.signal(1), {IDLE: PENDING, PENDING: PENDING, MASKED: BOTH, BOTH: BOTH}),
    ("ClearPending", lambda i: i.clear_pending(1), {IDLE: IDLE, PENDING: IDLE, MASKED: MASKED, BOTH: MASKED}),
    ("SetMasked", lambda i: i.set_masked(1), {IDLE: MASKED, PENDING: BOTH, MASKED: MASKED, BOTH: BOTH}),
    ("ClearMasked", lambda i: i.clear_masked(1), {IDLE: IDLE, PENDING: PENDING, MASKED: IDLE, BOTH: PENDING}),
    ("Acknowledge", Instance.acknowledge, {IDLE: IDLE, PENDING: MASKED, MASKED: MASKED, BOTH: BOTH}),
    ("Enable", Instance.enable, {s: s for s in STATES.values()}),
    ("Disable", Instance.disable, {s: s for s in STATES.values()}),
    ("reset", Instance.reset, dict.fromkeys(STATES.values(), MASKED)),
]


@pytest.mark.parametrize("before", STATES.values(), ids=STATES)
@pytest.mark.parametrize(("event", "apply", "row"), TABLE, ids=[row[0] for row in TABLE])
def test_event_in_state_while_enabled(
    event: str,
    apply: Callable[[Instance], object],
    row: dict[tuple[int, int], tuple[int, int]],
    before: tuple[int, int],
) -> None:
    instance = instance_in(before)
    assert state_of(instance) == before
    apply(instance)
    assert state_of(instance) == row[before]
    assert instance.line == (instance.enabled and row[before] == PENDING)
    assert state_of(instance, 0) == state_of(instance, 2) == MASKED


@pytest.mark.parametrize("before", STATES.values(), ids=STATES)
@pytest.mark.parametrize(("event", "apply", "row"), TABLE, ids=[row[0] for row in TABLE])
def test_event_in_state_while_disabled(
    event: str,
    apply: Callable[[Instance], object],
    row: dict[tuple[int, int], tuple[int, int]],
    before: tuple[int, int],
) -> None:
    instance = instance_in(before, enabled=False)
    apply(instance)
    dropped = event in ("signal", "Acknowledge")
    assert state_of(instance) == (before if dropped else row[before])
    assert instance.line == (event == "Enable" and before == PENDING)


def test_reset_state_is_disabled_masked_not_pending() -> None:
    instance = Instance(64)
    assert not instance.enabled
    assert instance.pending == 0
    assert instance.masked == (1 << 64) - 1
    assert not instance.line


def deliverable(order: Order, *intids: int, dice: int = 0) -> Instance:
    instance = Instance(16, order, dice=dice)
    instance.enable()
    for intid in intids:
        instance.clear_masked(intid)
        instance.signal(intid)
    return instance


def drain(instance: Instance) -> list[int]:
    taken = []
    while (intid := instance.acknowledge()) is not None:
        taken.append(intid)
    return taken


def test_fifo_is_by_the_moment_of_becoming_deliverable() -> None:
    instance = deliverable(Order.FIFO, 9, 3, 12)
    instance.set_masked(9)
    instance.signal(3)  # already deliverable: keeps its place
    instance.clear_masked(9)  # deliverable again from now on
    assert drain(instance) == [3, 12, 9]


def test_fifo_counts_an_unmask_on_a_disabled_instance() -> None:
    instance = deliverable(Order.FIFO, 9, 3)
    instance.set_masked(9)
    instance.disable()
    instance.clear_masked(9)
    instance.enable()
    assert drain(instance) == [3, 9]


def test_lowest_takes_the_lowest_intid() -> None:
    assert drain(deliverable(Order.LOWEST, 9, 3, 12, 0)) == [0, 3, 9, 12]


def test_random_is_a_function_of_its_seed() -> None:
    runs = {seed: drain(deliverable(Order.RANDOM, *range(12), dice=seed)) for seed in range(8)}
    assert all(sorted(run) == list(range(12)) for run in runs.values())
    assert len({tuple(run) for run in runs.values()}) == 8
    assert runs == {seed: drain(deliverable(Order.RANDOM, *range(12), dice=seed)) for seed in range(8)}


def test_random_reaches_every_deliverable_interrupt() -> None:
    assert {drain(deliverable(Order.RANDOM, 1, 2, 3, dice=seed))[0] for seed in range(32)} == {1, 2, 3}


def test_state_copies_compares_and_pickles() -> None:
    instance = deliverable(Order.RANDOM, 4, 5, 6, dice=7)
    twin = copy.deepcopy(instance)
    stored = pickle.loads(pickle.dumps(instance))
    assert twin == instance == stored
    assert drain(twin) == drain(instance) == drain(stored)
    assert twin == instance
    instance.signal(4)
    assert twin != instance
