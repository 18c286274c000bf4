# SPDX-License-Identifier: MIT
"""Turns of several CPUs in a row, of which Python hears only where something happens in one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from harness.engine.emulator.interruptions import INTERRUPTIONS
from harness.engine.slices import Slices


class Turns(NamedTuple):
    """Turns that were taken: who had the last, what those before and what it retired, and whether it was whole."""

    last: int
    before: int
    retired: int
    whole: bool


class Ring:
    """CPUs that have turns in a row.

    ``begun(n, before)`` is called where something happens in a turn of CPU n, first of all; so many instructions
    were retired in the turns before it.
    """

    def __init__(self, cpus: Sequence[Slices], begun: Callable[[int, int], object]) -> None:
        self._cpus = cpus
        self._registers = tuple(cpu.registers for cpu in cpus)
        self._begun = begun
        self._first = self._quantum = self._count = 0
        self._present: Slices | None = None  # whose turn it is, if that was told
        self._error: BaseException | None = None

    def may_turn(self) -> bool:
        """Says whether turns can be taken here now: the registers can do so, and no CPU has a step before it."""
        return all(registers.takes_turns for registers in self._registers) and not any(
            cpu.has_step for cpu in self._cpus
        )

    def run(self, first: int, quantum: int, count: int, now: int, rate: int) -> Turns:
        """Gives turns of a quantum each, from CPU `first` on: `count` instructions, or fewer if something happens.

        At the beginning the time is `now`, and each instruction takes `rate`. Host exceptions come out.
        """
        cpus = self._cpus
        self._first, self._quantum, self._count = first, quantum, count
        self._present = None
        outer = INTERRUPTIONS.enter(self._fail)
        try:
            whole, status = self._registers[first].take_turns(
                self._registers, first, quantum, count, now, rate, self._told
            )
            if status < 0:
                self._pass(whole)
                last = whole - 1
                return Turns((first + last) % len(cpus), last * quantum, count - last * quantum, True)
            if self._present is None:
                self._told(whole)
            cpu = cpus[(first + whole) % len(cpus)]
            if self._error is not None:
                error, self._error = self._error, None
                cpu.fail(error)
            length = self._length(whole)
            retired = cpu.finish_turn(status)
            return Turns((first + whole) % len(cpus), whole * quantum, retired, retired == length)
        finally:
            INTERRUPTIONS.leave(outer)

    def _length(self, turn: int) -> int:
        return min(self._quantum, self._count - turn * self._quantum)

    def _pass(self, turns: int) -> None:
        """Lets the CPUs know of so many turns, in which nothing happened."""
        cpus = self._cpus
        for n in range(min(turns, len(cpus))):
            cpus[(self._first + n) % len(cpus)].pass_turn()

    def _told(self, turn: int) -> None:
        self._pass(turn)
        n = (self._first + turn) % len(self._cpus)
        cpu = self._present = self._cpus[n]
        self._begun(n, turn * self._quantum)
        cpu.begin_turn(self._length(turn))

    def _fail(self, error: BaseException) -> None:
        """Keeps an exception that came out of no callback of ours, and leaves."""
        if self._present is not None:
            self._present.fail(error)
            return
        self._error = error
        for registers in self._registers:
            registers.stop()
