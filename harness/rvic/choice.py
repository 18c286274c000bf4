# SPDX-License-Identifier: MIT
"""Choice of the interrupt to acknowledge among the deliverable ones, where it is not the one that came first.

DEN0103 leaves it open. Each choice holds the deliverable INTIDs in the way in which it finds the next one at once.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import Final

from harness.rvic.config import Order
from harness.splitmix import split_mix

WORD: Final = 32  # INTIDs to a word of a bitmap


class Choice:
    """Deliverable INTIDs of one RVIC, and which of them is next. Plain data, as its heirs are."""

    __slots__ = ()

    def clear(self) -> None:
        """Forgets all of them."""
        raise NotImplementedError

    def add(self, intid: int) -> None:
        """Adds one that is not in it."""
        raise NotImplementedError

    def remove(self, intid: int) -> None:
        """Removes one that is in it."""
        raise NotImplementedError

    def take(self) -> int:
        """Removes the next one, of one or more, and returns it."""
        raise NotImplementedError


@dataclass(slots=True)
class Lowest(Choice):
    """The lowest INTID: a bitmap of words, and one of the words that are not zero."""

    intids: int
    words: list[int] = field(init=False)
    summary: int = field(init=False)

    def __post_init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forgets all of them."""
        self.words = [0] * (self.intids // WORD + 1)
        self.summary = 0

    def add(self, intid: int) -> None:
        """Sets its bit."""
        word = intid // WORD
        self.words[word] |= 1 << intid % WORD
        self.summary |= 1 << word

    def remove(self, intid: int) -> None:
        """Clears its bit."""
        word = intid // WORD
        self.words[word] &= ~(1 << intid % WORD)
        if not self.words[word]:
            self.summary &= ~(1 << word)

    def take(self) -> int:
        """Removes the lowest."""
        word = _lowest_bit(self.summary)
        intid = word * WORD + _lowest_bit(self.words[word])
        self.remove(intid)
        return intid


def _lowest_bit(bits: int) -> int:
    return (bits & -bits).bit_length() - 1


@dataclass(slots=True)
class Random(Choice):
    """Any of them, by a generator with a seed: a place in the order in which they came.

    ``came`` holds the number that each was given when it came, in the same order: its place is found by bisection.
    """

    intids: int
    state: int
    queue: list[int] = field(init=False)
    came: list[int] = field(init=False)
    numbers: list[int] = field(init=False)  # by INTID
    count: int = field(init=False)  # of those that came so far

    def __post_init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forgets all of them; the generator goes on where it was."""
        self.queue, self.came = [], []
        self.numbers = [0] * self.intids
        self.count = 0

    def add(self, intid: int) -> None:
        """Puts it last."""
        self.count += 1
        self.numbers[intid] = self.count
        self.queue.append(intid)
        self.came.append(self.count)

    def remove(self, intid: int) -> None:
        """Removes it from its place."""
        place = bisect_left(self.came, self.numbers[intid])
        del self.queue[place]
        del self.came[place]

    def take(self) -> int:
        """Removes one at random."""
        self.state, value = split_mix(self.state)
        place = value % len(self.queue)
        del self.came[place]
        return self.queue.pop(place)


def choice(order: Order, intids: int, seed: int) -> Choice | None:
    """Returns the choice that an order makes; None where it is the first come."""
    if order is Order.LOWEST:
        return Lowest(intids)
    return Random(intids, seed) if order is Order.RANDOM else None
