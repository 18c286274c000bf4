# SPDX-License-Identifier: MIT
"""Conditions of a run, armed while it goes on, and the exceptions that a trace wants to show."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Protocol, TypeVar, runtime_checkable

from harness.board.clock import Clock
from harness.board.console import Console
from harness.engine import PE
from harness.errors import ConfigError
from harness.image import Symbols
from harness.trace import Events
from harness.trace.events import Eret, Event, Mmio, VirqTaken

Disarm = Callable[[], None]
Met = Callable[[int], None]
"""Called with the vCPU that met the condition."""
VirqWatcher = Callable[[PE], None]
_Entry = TypeVar("_Entry")


@runtime_checkable
class Condition(Protocol):
    """Something that a run waits for."""

    @property
    def description(self) -> str:
        """Sentence for ``Stop.detail``: what has happened when the condition is met."""
        ...

    def arm(self, conditions: Conditions, met: Met) -> Disarm:
        """Watches for it; returns how to stop watching."""
        ...


def check_conditions(conditions: Iterable[object]) -> None:
    """Raises ConfigError unless each is something that a run can wait for."""
    for condition in conditions:
        if not isinstance(condition, Condition):
            raise ConfigError(f'run({condition!r}): a condition is needed, such as until.symbol("ready")')


class Conditions:
    """Conditions that are armed for the present run; ``met`` is the first that was met, and by which vCPU.

    ``pes`` and ``symbols()``, the names of what is loaded, are for conditions to look at.
    """

    def __init__(
        self,
        pes: Sequence[PE],
        clock: Clock,
        events: Events,
        console: Console,
        symbols: Callable[[], Symbols],
    ) -> None:
        self.pes = pes
        self.symbols = symbols
        self._clock = clock
        self._events = events
        self._printed = console
        self.met: tuple[Condition, int] | None = None
        self._virq: list[VirqWatcher] = []
        self._traced = False
        events.on_exceptions = self._trace
        self._ticks: list[tuple[int, Met]] = []
        self._counts: list[tuple[int, Met]] = []
        self._texts: list[tuple[str, Met]] = []
        self._seen = -1  # how long the console's output was at the last look

    @contextmanager
    def armed(self, conditions: tuple[Condition, ...]) -> Iterator[None]:
        """Watches for the conditions, and stops watching on the way out, whatever happens."""
        self.met = None
        self._seen = -1
        with ExitStack() as armed:
            for condition in conditions:
                armed.callback(condition.arm(self, self._met(condition)))
            yield

    def _met(self, condition: Condition) -> Met:
        def met(cpu: int) -> None:
            if self.met is None:
                self.met = condition, cpu
            running = self._clock.running
            if running is not None:
                running.stop()

        return met

    @property
    def instructions(self) -> int:
        """Instructions retired by all PEs since they were made."""
        return sum(pe.retired for pe in self.pes)

    # Exceptions

    def _trace(self, wanted: bool) -> None:
        """Emits VirqTaken and Eret events from now on, or no longer."""
        self._traced = wanted
        self._watch_exceptions()

    def on_virq(self, watcher: VirqWatcher) -> Disarm:
        """Calls ``watcher(pe)`` at the first instruction of each virtual IRQ's vector."""
        self._virq.append(watcher)
        self._watch_exceptions()

        def disarm() -> None:
            self._virq.remove(watcher)
            self._watch_exceptions()

        return disarm

    def _watch_exceptions(self) -> None:
        on_virq = self._virq_taken if self._traced or self._virq else None
        on_eret = self._returning if self._traced else None
        for pe in self.pes:
            watch = partial(pe.watch_exceptions, on_virq, on_eret)
            if pe.running:
                pe.defer(watch)  # amid an instruction, or an exit
            else:
                watch()

    def _virq_taken(self, pe: PE, vector: int) -> None:
        if self._traced and self._events.active:
            elr = pe.sysreg["ELR_EL1"]
            self._events.emit(VirqTaken(self._clock.now(), pe.index, elr, vector))
        for watcher in tuple(self._virq):
            watcher(pe)

    def _returning(self, pe: PE) -> None:
        if self._events.active:
            self._events.emit(Eret(self._clock.now(), pe.index, pe.pc, pe.sysreg["ELR_EL1"]))

    # Things looked at between slices

    def on_tick(self, when: int, met: Met) -> Disarm:
        """Reports when the system counter reaches a tick."""
        return _listed(self._ticks, (when, met))

    def on_instructions(self, count: int, met: Met) -> Disarm:
        """Reports when so many more instructions are retired."""
        return _listed(self._counts, (self.instructions + count, met))

    def on_console(self, text: str, met: Met) -> Disarm:
        """Reports when the console's output contains a text, at the access that completed it."""
        listed = _listed(self._texts, (text, met))
        self._events.add(self._accessed, exceptions=False)

        def disarm() -> None:
            self._events.remove(self._accessed)
            listed()

        return disarm

    def next_tick(self) -> int | None:
        """Returns the tick at which the loop must look again."""
        return min((when for when, _ in self._ticks), default=None)

    def instructions_left(self) -> int | None:
        """Returns the number of instructions after which the loop must look again."""
        first = min((count for count, _ in self._counts), default=None)
        return None if first is None else first - self.instructions

    def look(self) -> None:
        """Looks at what has no hook of its own."""
        for when, met in self._ticks:
            if self._clock.now() >= when:
                met(0)
        for count, met in self._counts:
            if self.instructions >= count:
                met(0)
        self.console_written(0)

    def console_written(self, cpu: int) -> None:
        """Looks at the console's output, if it has grown since the last look."""
        if not self._texts or len(self._printed) == self._seen:
            return
        longest = max(len(text) for text, _ in self._texts)
        text = self._printed.since(max(0, self._seen - 4 * longest)).decode("utf-8", "replace")
        self._seen = len(self._printed)
        for wanted, met in self._texts:
            if wanted in text:
                met(cpu)

    def _accessed(self, event: Event) -> None:
        if isinstance(event, Mmio):
            self.console_written(event.cpu)


def _listed(items: list[_Entry], entry: _Entry) -> Disarm:
    items.append(entry)
    return lambda: items.remove(entry)
