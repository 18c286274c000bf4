# SPDX-License-Identifier: MIT
"""Slices of instructions: a CPU retires so many, or stops before, and counts them exactly."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Final

from harness.engine.emulator import binding as uc
from harness.engine.emulator.interruptions import INTERRUPTIONS
from harness.engine.emulator.lifetime import Closable
from harness.engine.emulator.registers import Registers
from harness.errors import ConfigError


class BlockPosition(Enum):
    """Point of a translated block at which one of Unicorn's hooks runs: what it takes to stop depends on it."""

    BETWEEN = 0  # between two instructions (an interrupt hook), or no hook runs
    INSTRUCTION = 1  # amid a block, in an instruction that will complete
    BEFORE = 2  # amid a block, before an instruction


_LONGEST: Final = 1 << 60
"""Instructions that a slice is given, at most: the C core counts their bytes in 63 bits. No slice runs so long."""
_BETWEEN = BlockPosition.BETWEEN  # an enum's member is slow to look up before Python 3.12


class Slices(Closable):
    """Running of one CPU. ``position`` is set by hooks; ``waiting`` says that WFI ended the slice."""

    _running = False
    _between = False  # deferred actions run

    def __init__(self, index: int, handle: int) -> None:
        self.index, self.handle = index, handle
        self.registers: Registers
        self.position = _BETWEEN
        self.waiting = False
        self._deadline = 0
        self._stopping = False
        self._restart = False
        self._after_step: Callable[[], None] | None = None
        self._deferred: list[Callable[[], None]] = []
        self._error: BaseException | None = None

    @property
    def retired(self) -> int:
        """Instructions retired since creation; inside a hook, with the one that caused it."""
        return self.registers.retired

    @property
    def retired_before(self) -> int:
        """Instructions retired before the slice, or before that part of it to which it has come."""
        return self.registers.base

    @property
    def running(self) -> bool:
        """True while a slice runs, in its hooks and in deferred actions too."""
        return self._running or self._between

    @property
    def between(self) -> bool:
        """True in a deferred action: the slice has left the guest, and may go on afterwards."""
        return self._between

    @property
    def goes_on(self) -> bool:
        """True in a deferred action if the slice will go on after it, as far as is known."""
        return self._between and not self._stopping and self.registers.base < self._deadline

    def run(self, count: int) -> int:
        """Retires `count` (> 0) instructions or fewer, if stopped; returns how many. Host exceptions come out."""
        if count <= 0:
            raise ValueError(f"a slice of {count} instructions")
        if self._running or self._between:
            raise ConfigError(f"CPU {self.index} is running: let its run end before another one begins")
        begin = self.registers.base
        self._deadline = begin + min(count, _LONGEST)
        self._stopping = self.waiting = False
        outer = INTERRUPTIONS.enter(self.fail)
        try:
            while self._run_once():
                pass
        finally:
            INTERRUPTIONS.leave(outer)
            self._raise()
        return self.registers.base - begin

    def _raise(self) -> None:
        """Raises what a hook has: it came before any that is on its way now, such as a deferred action's."""
        error, self._error = self._error, None
        if error is not None:
            raise error

    def _run_once(self) -> bool:
        """Runs to the deadline or to whatever stops before; says if there is more to run."""
        registers = self.registers
        self._restart = False
        after, self._after_step = self._after_step, None
        count = self._deadline - registers.base if after is None else 1
        self._running = True
        try:
            status = registers.start(registers.pc, count)
        finally:  # Ctrl-C may be raised as soon as it returns
            expired = self._count()
        return self._has_run(status, expired, after)

    def _count(self) -> bool:
        """Counts what has run, as soon as the registers have; says if they came to the limit."""
        registers = self.registers
        self._running = False
        expired = registers.expired
        registers.base += min(registers.counter, registers.limit)
        registers.counter = 0
        return expired

    def _has_run(self, status: int, expired: bool, after: Callable[[], None] | None) -> bool:
        """Does what is to be done when the registers have run, to a uc_err; says if there is more to run."""
        registers = self.registers
        if after is not None:
            after()
        if self._error is not None or self._stopping:
            self._run_deferred()
            after, self._after_step = self._after_step, None
            if after is not None:  # the next run comes by again
                after()
            return False
        uc.check(status, f"run at pc {registers.pc:#x}")
        if self._restart:
            self._run_deferred()
            return not self._stopping and registers.base < self._deadline
        if after is not None and expired:
            return registers.base < self._deadline
        self.waiting = not expired
        return False

    # A turn in a ring (turns.py): the registers run without run().

    @property
    def has_step(self) -> bool:
        """True if the next instruction is to run alone: see :meth:`step`."""
        return self._after_step is not None

    def begin_turn(self, count: int) -> None:
        """Begins a slice that the registers are in already."""
        self._deadline = self.registers.base + count
        self._stopping = self.waiting = self._restart = False
        self._running = True

    def finish_turn(self, status: int) -> int:
        """Completes such a slice, which the registers have left with a uc_err; returns as run() does."""
        begin = self.registers.base
        try:
            more = self._has_run(status, self._count(), None)
            while more:
                more = self._run_once()
        finally:
            self._raise()
        return self.registers.base - begin

    def leave_turn(self) -> None:
        """Counts what has run of such a slice that cannot be completed; nothing where it was."""
        if self._running:
            self._count()

    def pass_turn(self) -> None:
        """Notes that the CPU had a slice of which it has not heard: nothing but instructions."""
        self._stopping = self.waiting = False

    def step(self, after: Callable[[], None]) -> None:
        """Lets a deferred action run the next instruction alone; then calls ``after``, and goes on."""
        self._after_step = after

    @property
    def stopped(self) -> bool:
        """True if :meth:`stop` was called in the present slice, or in the last one where none runs."""
        return self._stopping

    def stop(self) -> None:
        """Ends the running slice right after the current exit or instruction; nothing if none runs."""
        if self._running:
            self._stopping = True
            self._leave()
        elif self._between:
            self._stopping = True

    def restart(self) -> None:
        """Leaves the translated block after this instruction, does what was deferred, and goes on."""
        if self._running:
            self._restart = True
            self._leave()

    def _leave(self) -> None:
        if self.position is BlockPosition.INSTRUCTION:
            self.registers.stop_after()
        else:
            self.registers.stop()

    @property
    def leaving(self) -> bool:
        """True if the slice is to be left now."""
        return self._stopping or self._restart

    def shorten(self, n: int) -> None:
        """Lets the running slice end at most `n` further instructions from now."""
        if self._running:
            self.registers.limit = min(self.registers.limit, self.registers.counter + n)
        elif not self._between:
            return
        self._deadline = min(self._deadline, self.retired + n)

    def defer(self, action: Callable[[], None]) -> None:
        """Does something that cannot be done amid a block as soon as it is left."""
        if action not in self._deferred:
            self._deferred.append(action)
        self.restart()

    def _run_deferred(self) -> None:
        actions, self._deferred = self._deferred, []
        self._between = True
        try:
            for action in actions:
                action()
        finally:
            self._between = False

    def fail(self, error: BaseException) -> None:
        """Keeps an exception that a hook raised, and leaves: run() raises it."""
        if self._error is None:
            self._error = error
        self._leave()
        self.position = _BETWEEN

    def count_one(self) -> None:
        """Counts the instruction at pc, which a deferred action has done."""
        self.registers.base += 1

    def not_retired(self) -> None:
        """Takes the trapped instruction, which will run again, out of the count."""
        self.registers.counter -= 1
