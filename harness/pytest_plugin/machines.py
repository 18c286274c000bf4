# SPDX-License-Identifier: MIT
"""Machines of the ``machine`` fixture, and the report on them when their test fails."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any, Concatenate, Final, ParamSpec

import pytest

from harness.arguments import path
from harness.boot.loader import is_text
from harness.declaration import checked_values, option
from harness.errors import HarnessError
from harness.image import Program
from harness.machine.machine import Machine
from harness.options import MachineOptions
from harness.run.conditions import Condition
from harness.run.stop import Stop, StopReason
from harness.scenario.find import find_guest
from harness.scenario.manifest import Manifest
from harness.scenario.prepare import prepare
from harness.scenario.report import Report
from harness.trace.events import Event
from harness.trace.text import format_event
from harness.wording import plural

CONSOLE_LINES: Final = 15

P = ParamSpec("P")


def _is_the_users(error: pytest.ExceptionInfo[BaseException]) -> bool:
    """Returns True for an error whose frames in here pytest is to hide; a bug of ours shows them."""
    return isinstance(error.value, HarnessError)


class FixtureOptions(MachineOptions, kw_only=True, frozen=True):
    """Options of the fixture: those of a machine, and who builds its guest."""

    toolchain: Annotated[
        str | os.PathLike[str] | None,
        option("Builder of a source: auto, zig, gcc, clang, or a compiler's path."),
    ] = None


def _takes(
    options: Callable[P, FixtureOptions],
) -> Callable[[Callable[..., Machine]], Callable[Concatenate[Any, str | Path | Program, P], Machine]]:
    """Gives a method the keyword arguments that a struct of options declares, for type checkers."""
    return lambda method: method


class FixtureMachine(Machine):
    """Machine whose every run ends: one that is given no limit, and reaches ``default_limit``, fails the test."""

    default_limit: int | None = None

    def run(self, *conditions: Condition, limit: int | None = None) -> Stop:
        """Runs as :meth:`Machine.run` does."""
        __tracebackhide__ = True
        if limit is not None or self.default_limit is None:
            return super().run(*conditions, limit=limit)
        stop = super().run(*conditions, limit=self.default_limit)
        if stop.reason is StopReason.LIMIT:
            advice = "give run() a limit, or pytest another rvic_limit"
            pytest.fail(f"the run did not end: {stop.detail}; {advice}", pytrace=True)
        return stop


class MachineFactory:
    """Fixture ``machine``: makes the machines of one test, and keeps the last ``events`` events of each.

    ``limit`` is that of a run which is given none, in instructions; None for none.
    """

    def __init__(self, directory: Path, *, events: int, limit: int | None = None) -> None:
        self._directory = directory
        self._events = events
        self._limit = limit
        self._open: list[tuple[str, Machine, deque[Event]]] = []

    @_takes(FixtureOptions)
    def __call__(self, source: str | Path | Program, **options: Any) -> Machine:
        """Returns a machine with the guest loaded; it is closed when the test ends.

        ``source`` is assembly text (it has a newline), a Program, a path (from the test's own directory, else
        from the working directory), a directory with a ``guest.toml``, or the name of a firmware. A guest with a
        ``guest.toml`` named by its directory, manifest or firmware name gets the machine and the stimuli
        that it asks for; ``options`` are those of ``Machine`` and come first.
        """
        __tracebackhide__ = _is_the_users
        try:
            if not isinstance(source, Program) and not is_text(source):
                path("machine: source", source)
            return self._load(source, checked_values(FixtureOptions, options))
        except HarnessError as error:
            raise error.with_traceback(None) from None  # the test's own line is where the mistake is

    def _load(self, source: str | os.PathLike[str] | Program, options: dict[str, Any]) -> Machine:
        toolchain = options.pop("toolchain", None)
        if isinstance(source, Program) or is_text(source):
            machine = _loaded(source, options, toolchain)
            name = "a program" if isinstance(source, Program) else "assembly text"
        else:
            manifest = self._find(source)
            manifest = manifest.with_machine(**options).with_toolchain(toolchain)
            prepared = prepare(manifest, kind=FixtureMachine)
            assert isinstance(prepared, FixtureMachine)
            machine = prepared
            name = manifest.name
        machine.default_limit = self._limit
        last: deque[Event] = deque(maxlen=self._events)
        if self._events:
            machine.events.add(last.append, exceptions=False)
        self._open.append((name, machine, last))
        return machine

    def sections(self) -> list[tuple[str, str]]:
        """Returns for each machine a title and its last events, registers and console."""
        return [(f"rvic: {name}", _state(machine, last)) for name, machine, last in self._open]

    def close(self) -> None:
        """Closes every machine."""
        for _, machine, _ in self._open:
            machine.close()

    def _find(self, source: str | os.PathLike[str]) -> Manifest:
        """Returns a guest: a file named as such is just that file, for its test drives it; else as ``rvic run``."""
        beside = self._directory / source
        place = beside if beside.exists() else Path(source)
        if place.is_file() and place.suffix != ".toml":
            return Manifest(name=place.stem, source=place)
        return find_guest(place if place.exists() else os.fspath(source))


def last_events(manifest: Manifest, count: int) -> list[str]:
    """Returns the last events of a guest's run, from a run of its own."""
    last: deque[Event] = deque(maxlen=count)
    if not count:
        return []
    with prepare(manifest, on_reset="restart") as machine:
        machine.events.add(last.append)
        machine.run(limit=manifest.limit)
        return _lines(machine, last)


def describe(report: Report, events: list[str]) -> str:
    """Returns why a guest failed: what did not come out, how it stopped, its console's end, its last events."""
    parts = [f"{report.name} did not meet its expectations"]
    parts += [f"  {expectation}" for expectation in report.unmet]
    parts += [f"stopped: {report.stop.reason.value} after {plural(report.instructions, 'instruction')}"]
    parts += [f"  {line}" for line in report.stop.detail.splitlines()]
    parts += _deviations(report.deviations)
    parts += _console_tail(report.console)
    if events:
        parts += ["last events:", *(f"  {line}" for line in events)]
    return "\n".join(parts)


def _loaded(
    source: str | Program, options: dict[str, Any], toolchain: str | os.PathLike[str] | None
) -> FixtureMachine:
    machine = FixtureMachine(**options)
    try:
        machine.load(source, toolchain=toolchain)
    except BaseException:
        machine.close()
        raise
    return machine


def _state(machine: Machine, last: deque[Event]) -> str:
    parts = [f"tick {machine.ticks}, {plural(machine.instructions, 'instruction')}"]
    for cpu in machine.cpus:
        place = machine.symbols.lookup(cpu.pc)
        parts.append(f"CPU{cpu.index} pc={cpu.pc:#x}" + (f" ({place})" if place else ""))
    parts += _deviations(machine.deviations_met)
    parts += _console_tail(machine.console.text)
    if last:
        parts += ["last events:", *(f"  {line}" for line in _lines(machine, last))]
    return "\n".join(parts)


def _deviations(met: dict[str, int]) -> list[str]:
    return [f"deviation from Arm's architecture: {name}, {plural(n, 'time')}" for name, n in met.items()]


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
    return [format_event(event, machine.names, machine.symbols) for event in events]
