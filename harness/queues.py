# SPDX-License-Identifier: MIT
"""Queues of small numbers, of which the first, the lowest or any at random is taken, however many there are."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import Final

from harness.splitmix import split_mix

OUT: Final = -1
WORD: Final = 32  # numbers to a word of a bitmap


class Queue:
    """Numbers below ``end`` in the order in which they came; the first is taken.

    A list that is linked both ways: ``after[n]`` and ``before[n]`` are the neighbours of n, OUT while it is not in
    it; ``end`` stands before the first and after the last.
    """

    __slots__ = ("after", "before", "count", "end")

    def __init__(self, end: int = 0) -> None:
        self.end: int = end
        self.after: list[int] = []
        self.before: list[int] = []
        self.count: int = 0
        self.clear()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Queue) and list(self) == list(other)

    def __iter__(self) -> Iterator[int]:
        number = self.after[self.end]
        while number != self.end:
            yield number
            number = self.after[number]

    def __contains__(self, number: int) -> bool:
        return self.after[number] != OUT

    def clear(self) -> None:
        """Forgets all of them."""
        self.after = [OUT] * self.end + [self.end]
        self.before = [OUT] * self.end + [self.end]
        self.count = 0

    def add(self, number: int) -> None:
        """Puts one that is not in it last."""
        after, before, end = self.after, self.before, self.end
        last = before[end]
        after[last] = number
        before[number] = last
        after[number] = end
        before[end] = number
        self.count += 1

    def remove(self, number: int) -> None:
        """Removes one that is in it."""
        after, before = self.after, self.before
        left, right = before[number], after[number]
        after[left] = right
        before[right] = left
        after[number] = before[number] = OUT
        self.count -= 1

    def take(self) -> int:
        """Removes the one that is acknowledged, of one or more, and returns it."""
        after, before, end = self.after, self.before, self.end
        number = after[end]
        second = after[number]
        after[end] = second
        before[second] = end
        after[number] = before[number] = OUT
        self.count -= 1
        return number


class Lowest(Queue):
    """Queue of which the lowest number is taken: a bitmap of words, and one of the words that are not zero."""

    __slots__ = ("summary", "words")

    def clear(self) -> None:
        """Forgets all of them."""
        Queue.clear(self)
        self.words: list[int] = [0] * (self.end // WORD + 1)
        self.summary: int = 0

    def add(self, number: int) -> None:
        """Adds one, and sets its bit."""
        Queue.add(self, number)
        word = number // WORD
        self.words[word] |= 1 << number % WORD
        self.summary |= 1 << word

    def remove(self, number: int) -> None:
        """Removes one, and clears its bit."""
        Queue.remove(self, number)
        word = number // WORD
        self.words[word] &= ~(1 << number % WORD)
        if not self.words[word]:
            self.summary &= ~(1 << word)

    def take(self) -> int:
        """Removes the lowest."""
        word = _lowest_bit(self.summary)
        number = word * WORD + _lowest_bit(self.words[word])
        self.remove(number)
        return number


def _lowest_bit(bits: int) -> int:
    return (bits & -bits).bit_length() - 1


class Random(Queue):
    """Queue of which any is taken, by a generator with a seed: the one at a place in the order in which they came.

    Each was counted when it came: ``came`` holds the counts of those in it, and ``numbers`` whose they are, in
    order, so that a place is found by bisection.
    """

    __slots__ = ("came", "counted", "counts", "numbers", "state")

    def __init__(self, end: int = 0, seed: int = 0) -> None:
        self.state: int = seed
        Queue.__init__(self, end)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Random) and self.state == other.state and Queue.__eq__(self, other)

    def clear(self) -> None:
        """Forgets all of them; the generator goes on where it was."""
        Queue.clear(self)
        self.numbers: list[int] = []
        self.came: list[int] = []
        self.counts: list[int] = [0] * self.end  # by number
        self.counted: int = 0

    def add(self, number: int) -> None:
        """Adds one, and counts it."""
        Queue.add(self, number)
        self.counted += 1
        self.counts[number] = self.counted
        self.numbers.append(number)
        self.came.append(self.counted)

    def remove(self, number: int) -> None:
        """Removes one from its place."""
        Queue.remove(self, number)
        place = bisect_left(self.came, self.counts[number])
        del self.numbers[place]
        del self.came[place]

    def take(self) -> int:
        """Removes one at random."""
        self.state, value = split_mix(self.state)
        number = self.numbers[value % self.count]
        self.remove(number)
        return number
