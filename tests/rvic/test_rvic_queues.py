# SPDX-License-Identifier: MIT
"""Queues of deliverable interrupts against a plain list, and that none takes longer when many are in it."""

from __future__ import annotations

import copy
import random
import sys
from collections.abc import Callable
from functools import partial
from types import FrameType

import pytest

from harness import queues, splitmix
from harness.queues import Lowest, Queue, Random
from harness.splitmix import split_mix

END = 2048
QUEUES: dict[str, Callable[[int], Queue]] = {
    "first": Queue,
    "lowest": Lowest,
    "random": lambda end: Random(end, 7),
}
SOURCES = {queues.__file__, splitmix.__file__}
EACH = pytest.mark.parametrize("kind", QUEUES)


class Plain:
    """A list, and what is taken of it."""

    def __init__(self, kind: str) -> None:
        self.kind, self.numbers, self.state = kind, list[int](), 7

    def take(self) -> int:
        if self.kind == "lowest":
            return self.numbers.pop(self.numbers.index(min(self.numbers)))
        if self.kind == "first":
            return self.numbers.pop(0)
        self.state, value = split_mix(self.state)
        return self.numbers.pop(value % len(self.numbers))


@EACH
@pytest.mark.parametrize("end", [3, 32, 33, 64, END])
def test_it_does_what_a_list_does(kind: str, end: int) -> None:
    rnd = random.Random(end)
    queue, plain = QUEUES[kind](end), Plain(kind)
    for step in range(3000):
        number = rnd.randrange(end)
        if rnd.random() < 0.3 and plain.numbers:
            assert queue.take() == plain.take()
        elif number in plain.numbers:
            queue.remove(number)
            plain.numbers.remove(number)
        else:
            queue.add(number)
            plain.numbers.append(number)
        assert (number in queue) is (number in plain.numbers)
        assert queue.count == len(plain.numbers)
        if not step % 100:
            assert list(queue) == plain.numbers
            assert copy.deepcopy(queue) == queue
    queue.clear()
    assert (list(queue), queue.count) == ([], 0)


def lines(action: Callable[[], object]) -> int:
    """How many lines of the queues' Python an action runs."""
    counted = 0

    def trace(frame: FrameType, what: str, _argument: object) -> Callable[..., object]:
        nonlocal counted
        counted += (
            what == "line" and frame.f_code.co_filename in SOURCES
        )  # and not a callback of the collector's
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        action()
    finally:
        sys.settrace(before)
    return counted


@EACH
def test_no_operation_looks_through_it(kind: str) -> None:
    """Python runs as many lines with three numbers in it as with two thousand."""
    costs = []
    for filled in (3, 2000):
        queue = QUEUES[kind](END)
        for number in range(filled):
            queue.add(number)
        added, removed = lines(partial(queue.add, END - 1)), lines(partial(queue.remove, 1))
        costs.append((added, removed, lines(queue.take)))
    assert costs[0] == costs[1]


def test_queues_are_equal_by_what_they_hold_and_what_comes_next() -> None:
    first, second = Random(8, 1), Random(8, 1)
    for queue in (first, second):
        queue.add(3)
    assert first == second
    second.take()
    assert first != second
    second.add(3)
    assert first != second  # its generator has gone on
    assert Queue(8) != 8
