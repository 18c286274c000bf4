# SPDX-License-Identifier: MIT
"""Queue of the interrupts that are deliverable, and which of them Acknowledge takes: no operation looks through it.

DEN0103 leaves the order open. Each heir of :class:`Queue` is one, and holds beside the queue what finds its choice.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import Final

from harness.rvic.config import Order
from harness.splitmix import split_mix

OUT: Final = -1
WORD: Final = 32  # INTIDs to a word of a bitmap


class Queue:
    """INTIDs in the order in which they came; the first is taken.

    A list that is linked both ways: ``after[n]`` and ``before[n]`` are the neighbours of INTID n, OUT while it is
    not in the queue; ``end`` stands before the first and after the last.
    """

    __slots__ = ("after", "before", "count", "end")

    def __init__(self, intids: int) -> None:
        self.end: int = intids
        self.after: list[int] = []
        self.before: list[int] = []
        self.count: int = 0
        self.clear()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Queue) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # as of any value that changes

    def __iter__(self) -> Iterator[int]:
        intid = self.after[self.end]
        while intid != self.end:
            yield intid
            intid = self.after[intid]

    def __contains__(self, intid: int) -> bool:
        return self.after[intid] != OUT

    def clear(self) -> None:
        """Forgets all of them."""
        self.after = [OUT] * self.end + [self.end]
        self.before = [OUT] * self.end + [self.end]
        self.count = 0

    def add(self, intid: int) -> None:
        """Puts one that is not in it last."""
        after, before, end = self.after, self.before, self.end
        last = before[end]
        after[last] = intid
        before[intid] = last
        after[intid] = end
        before[end] = intid
        self.count += 1

    def remove(self, intid: int) -> None:
        """Removes one that is in it."""
        after, before = self.after, self.before
        left, right = before[intid], after[intid]
        after[left] = right
        before[right] = left
        after[intid] = before[intid] = OUT
        self.count -= 1

    def take(self) -> int:
        """Removes the one that is acknowledged, of one or more, and returns it."""
        after, before, end = self.after, self.before, self.end
        intid = after[end]
        second = after[intid]
        after[end] = second
        before[second] = end
        after[intid] = before[intid] = OUT
        self.count -= 1
        return intid


class Lowest(Queue):
    """Queue of which the lowest INTID is taken: a bitmap of words, and one of the words that are not zero."""

    __slots__ = ("summary", "words")

    def clear(self) -> None:
        """Forgets all of them."""
        Queue.clear(self)
        self.words: list[int] = [0] * (self.end // WORD + 1)
        self.summary: int = 0

    def add(self, intid: int) -> None:
        """Adds one, and sets its bit."""
        Queue.add(self, intid)
        word = intid // WORD
        self.words[word] |= 1 << intid % WORD
        self.summary |= 1 << word

    def remove(self, intid: int) -> None:
        """Removes one, and clears its bit."""
        Queue.remove(self, intid)
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


class Random(Queue):
    """Queue of which any is taken, by a generator with a seed: the one at a place in the order in which they came.

    ``came`` holds the numbers that those in it were given when they came, and ``intids`` whose they are, in order:
    a place is found by bisection.
    """

    __slots__ = ("came", "intids", "last", "numbers", "state")

    def __init__(self, intids: int, seed: int) -> None:
        self.state: int = seed
        Queue.__init__(self, intids)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Random) and self.state == other.state and Queue.__eq__(self, other)

    __hash__ = None  # as of any value that changes

    def clear(self) -> None:
        """Forgets all of them; the generator goes on where it was."""
        Queue.clear(self)
        self.intids: list[int] = []
        self.came: list[int] = []
        self.numbers: list[int] = [0] * self.end  # by INTID
        self.last: int = 0

    def add(self, intid: int) -> None:
        """Adds one, with the next number."""
        Queue.add(self, intid)
        self.last += 1
        self.numbers[intid] = self.last
        self.intids.append(intid)
        self.came.append(self.last)

    def remove(self, intid: int) -> None:
        """Removes one from its place."""
        Queue.remove(self, intid)
        place = bisect_left(self.came, self.numbers[intid])
        del self.intids[place]
        del self.came[place]

    def take(self) -> int:
        """Removes one at random."""
        self.state, value = split_mix(self.state)
        intid = self.intids[value % self.count]
        self.remove(intid)
        return intid


def make_queue(order: Order, intids: int, seed: int) -> Queue:
    """Returns the queue of an acknowledge order, empty."""
    if order is Order.FIFO:
        return Queue(intids)
    return Lowest(intids) if order is Order.LOWEST else Random(intids, seed)
