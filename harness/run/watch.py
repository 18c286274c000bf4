# SPDX-License-Identifier: MIT
"""What a run watches for: its conditions, and the exceptions a trace wants to show."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, TypeVar

from harness.engine import PE
from harness.run.until import Condition, Disarm, Met
from harness.trace.events import Eret, Event, Mmio, VirqTaken

if TYPE_CHECKING:
    from harness.machine.machine import Machine

VirqWatcher = Callable[[PE], None]
_Entry = TypeVar("_Entry")


class Watches:
    """The conditions armed for the present run; ``met`` is the first that was met, and by which vCPU."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.met: tuple[Condition, int] | None = None
        self._virq: list[VirqWatcher] = []
        self._traced = False
        self._ticks: list[tuple[int, Met]] = []
        self._instructions: list[tuple[int, Met]] = []
        self._console: list[tuple[str, Met]] = []
        self._console_seen = -1

    @contextmanager
    def armed(self, conditions: tuple[Condition, ...]) -> Iterator[None]:
        """Watch for the conditions, and stop watching on the way out, whatever happens."""
        self.met = None
        self._console_seen = -1
        with ExitStack() as armed:
            for condition in conditions:
                armed.callback(condition.arm(self._machine, self._met(condition)))
            yield

    def _met(self, condition: Condition) -> Met:
        def met(cpu: int) -> None:
            if self.met is None:
                self.met = condition, cpu
            running = self._machine.clock.running
            if running is not None:
                running.stop()

        return met

    # Exceptions

    def trace(self) -> None:
        """Emit VirqTaken and Eret events from now on."""
        self._traced = True
        self._watch_exceptions()

    def virq(self, watcher: VirqWatcher) -> Disarm:
        """Call ``watcher(pe)`` at the first instruction of each virtual IRQ's vector."""
        self._virq.append(watcher)
        self._watch_exceptions()

        def disarm() -> None:
            self._virq.remove(watcher)
            self._watch_exceptions()

        return disarm

    def _watch_exceptions(self) -> None:
        on_virq = self._on_virq if self._traced or self._virq else None
        on_eret = self._on_eret if self._traced else None
        for cpu in self._machine.cpus:
            cpu.pe.watch_exceptions(on_virq, on_eret)

    def _on_virq(self, pe: PE, vector: int) -> None:
        events = self._machine.events
        if self._traced and events.active:
            elr = pe.sysreg["ELR_EL1"]
            events.emit(VirqTaken(self._machine.ticks, pe.index, elr, vector))
        for watcher in tuple(self._virq):
            watcher(pe)

    def _on_eret(self, pe: PE) -> None:
        events = self._machine.events
        if events.active:
            events.emit(Eret(self._machine.ticks, pe.index, pe.pc, pe.sysreg["ELR_EL1"]))

    # Things looked at between slices

    def tick(self, when: int, met: Met) -> Disarm:
        """Report when the system counter reaches a tick."""
        return _listed(self._ticks, (when, met))

    def instructions(self, count: int, met: Met) -> Disarm:
        """Report when the machine has retired so many instructions."""
        return _listed(self._instructions, (count, met))

    def console(self, text: str, met: Met) -> Disarm:
        """Report when the console's output contains a text, at the access that completed it."""
        listed = _listed(self._console, (text, met))
        self._machine.events.add(self._on_access)

        def disarm() -> None:
            self._machine.events.remove(self._on_access)
            listed()

        return disarm

    def next_tick(self) -> int | None:
        """Tick at which the loop must look again."""
        return min((when for when, _ in self._ticks), default=None)

    def next_instruction(self) -> int | None:
        """Count of instructions at which the loop must look again."""
        return min((count for count, _ in self._instructions), default=None)

    def poll(self) -> None:
        """Look at what has no hook of its own."""
        machine = self._machine
        for when, met in self._ticks:
            if machine.ticks >= when:
                met(0)
        for count, met in self._instructions:
            if machine.instructions >= count:
                met(0)
        self.console_written(0)

    def console_written(self, cpu: int) -> None:
        """Look at the console's output, if it has grown since the last look."""
        console = self._machine.console
        if not self._console or len(console) == self._console_seen:
            return
        self._console_seen = len(console)
        text = console.text
        for wanted, met in self._console:
            if wanted in text:
                met(cpu)

    def _on_access(self, event: Event) -> None:
        if isinstance(event, Mmio):
            self.console_written(event.cpu)


def _listed(items: list[_Entry], entry: _Entry) -> Disarm:
    items.append(entry)
    return lambda: items.remove(entry)
