# SPDX-License-Identifier: MIT
"""What the ``machine`` fixture opens, and what is told of it when its test fails."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import pytest

from harness.asm import assemble
from harness.errors import HarnessError
from harness.machine.machine import Machine
from harness.machine.naming import names_of
from harness.scenario.manifest import Manifest, find_guest
from harness.scenario.scenario import Report, prepare
from harness.trace.events import Event
from harness.trace.text import format_event

CONSOLE_LINES: Final = 15


def _is_the_users(error: pytest.ExceptionInfo[BaseException]) -> bool:
    """Whether pytest is to hide our frame: a bug of ours shows it."""
    return isinstance(error.value, HarnessError)


class Machines:
    """The machines that one test has opened, each with its last ``events`` events kept."""

    def __init__(self, directory: Path, *, events: int) -> None:
        self._directory = directory
        self._events = events
        self._open: list[tuple[str, Machine, deque[Event]]] = []

    def open(self, source: str | Path, **options: Any) -> Machine:
        """A machine with the guest loaded; see ``MachineFactory``."""
        __tracebackhide__ = _is_the_users
        try:
            return self._load(source, options)
        except HarnessError as error:
            raise error.with_traceback(None) from None  # the test's own line is where the mistake is

    def _load(self, source: str | Path, options: dict[str, Any]) -> Machine:
        if isinstance(source, str) and "\n" in source:
            machine = _load_text(source, options)
            name = "assembly text"
        else:
            manifest = self._find(source)
            machine = _load(manifest, options)
            name = manifest.name
        last: deque[Event] = deque(maxlen=self._events)
        if self._events:
            machine.events.add(last.append)
        self._open.append((name, machine, last))
        return machine

    def sections(self) -> list[tuple[str, str]]:
        """For each machine a title and what a person wants to see of it: events, registers, console."""
        return [(f"rvic: {name}", _state(machine, last)) for name, machine, last in self._open]

    def close(self) -> None:
        """Close every machine."""
        for _, machine, _ in self._open:
            machine.close()

    def _find(self, source: str | Path) -> Manifest:
        """A file named as such is just that file, for its test drives it; all else is as ``rvic run`` has it."""
        beside = self._directory / source
        place = beside if beside.exists() else Path(source)
        if place.is_file() and place.suffix != ".toml":
            return Manifest(name=place.stem, source=place)
        return find_guest(place if place.exists() else source)


def last_events(manifest: Manifest, count: int) -> list[str]:
    """The last events of a guest's run, from a run of its own."""
    last: deque[Event] = deque(maxlen=count)
    if not count:
        return []
    with prepare(manifest, on_reset="restart") as machine:
        machine.events.add(last.append)
        machine.run(limit=manifest.limit)
        return _lines(machine, last)


def describe(report: Report, events: list[str]) -> str:
    """Why a guest failed: what did not come out, how it stopped, its console's end, its last events."""
    parts = [f"{report.name} did not meet its expectations"]
    parts += [f"  {expectation}" for expectation in report.unmet]
    parts += [f"stopped: {report.stop.reason.value} after {report.instructions} instructions"]
    parts += [f"  {line}" for line in report.stop.detail.splitlines()]
    parts += _console_tail(report.console)
    if events:
        parts += ["last events:", *(f"  {line}" for line in events)]
    return "\n".join(parts)


def _load(manifest: Manifest, options: dict[str, Any]) -> Machine:
    backend, toolchain = options.pop("backend", None), options.pop("toolchain", None)
    return prepare(manifest.with_machine(**options).with_toolchain(toolchain), backend=backend)


def _load_text(text: str, options: dict[str, Any]) -> Machine:
    machine = Machine(**options)
    try:
        machine.load(assemble(text))
    except BaseException:
        machine.close()
        raise
    return machine


def _state(machine: Machine, last: deque[Event]) -> str:
    parts = [f"tick {machine.ticks}, {machine.instructions} instructions"]
    for cpu in machine.cpus:
        place = machine.symbols.lookup(cpu.pc)
        parts.append(f"CPU{cpu.index} pc={cpu.pc:#x}" + (f" ({place})" if place else ""))
    parts += _console_tail(machine.console.text)
    if last:
        parts += ["last events:", *(f"  {line}" for line in _lines(machine, last))]
    return "\n".join(parts)


def _console_tail(console: str) -> list[str]:
    lines = console.splitlines()
    if not lines:
        return ["console: nothing"]
    title = (
        "console:"
        if len(lines) <= CONSOLE_LINES
        else f"console (last {CONSOLE_LINES} of {len(lines)} lines):"
    )
    return [title, *(f"  {line}" for line in lines[-CONSOLE_LINES:])]


def _lines(machine: Machine, events: Iterable[Event]) -> list[str]:
    names = names_of(machine)
    symbols = machine.symbols
    return [format_event(event, names, symbols) for event in events]
