# SPDX-License-Identifier: MIT
"""Run of a guest, with what is shown of it: ``rvic run``."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from harness.cli.given import given_options
from harness.cli.interrupted import InterruptedRunError
from harness.cli.life import FirstLife
from harness.cli.live import LiveConsoles
from harness.cli.pace import Pace
from harness.cli.progress import Progress, terminal_for_progress
from harness.cli.run_options import RunOptions
from harness.cli.screen import Screen
from harness.cli.serial import STDIO, connected
from harness.cli.show import show_life, show_summary, show_title
from harness.cli.tracing import Formatter, LiveTrace
from harness.errors import ConfigError, GuestError
from harness.files import mode_of
from harness.machine.machine import Machine
from harness.options import MachineOptions
from harness.run.stimulus import parse_at
from harness.run.stop import Stop
from harness.scenario.find import find_guest
from harness.scenario.manifest import Manifest
from harness.scenario.prepare import prepare
from harness.scenario.report import Report, examine
from harness.scenario.tables import Start, StimulusSpec
from harness.trace.events import Event
from harness.trace.text import TextWriter


def run_command(guest: str | None, given: Mapping[str, Any]) -> int:
    """Runs ``rvic run`` with what was typed; returns the exit status."""
    options = RunOptions(**given_options(RunOptions, given))
    stdio = given.get("serial") == STDIO
    machine = given_options(MachineOptions, {**given, "serial": None} if stdio else given)
    if options.cc is not None and options.toolchain is not None:
        raise ConfigError("--toolchain and --cc both say who builds the guest: give one of them")
    manifest = _find(guest, options.bios).with_machine(**machine).with_limit(options.limit)
    manifest = manifest.with_toolchain(options.cc or options.toolchain)
    manifest = manifest.with_start(
        initrd=options.initrd, append=options.append, dtb=options.dtb, flash=options.flash
    )
    if options.no_stimuli:
        manifest = manifest.without_stimuli()
    if options.dump_dtb is not None:
        return _dump_device_tree(manifest, Path(options.dump_dtb))
    return run_guest(manifest, at=options.at, trace=options.trace, as_json=options.as_json, stdio=stdio)


def _find(guest: str | None, bios: str | os.PathLike[str] | None) -> Manifest:
    """Returns the guest to run: by its name or path, or firmware for the flash."""
    if bios is None:
        if guest is None:
            raise ConfigError("missing argument: the name or path of a guest, or --bios with firmware")
        return find_guest(guest)
    if guest is not None:
        raise ConfigError("either a guest or --bios, not both: firmware loads a guest itself")
    file = Path(bios)
    if mode_of(file) is None:
        raise GuestError("no such file", file=str(file))
    return Manifest(name=file.stem, source=file, start=Start(bios=True))


def _dump_device_tree(manifest: Manifest, file: Path) -> int:
    """Writes the device tree that the guest would find; returns 0, for nothing can be unmet."""
    with prepare(manifest) as machine:
        tree = machine.device_tree
    if tree is None:
        raise ConfigError("this guest gets no device tree: there is no room for one in its memory")
    try:
        file.write_bytes(tree)
    except OSError as error:
        raise ConfigError(f"{file}: cannot be written: {error.strerror}") from None
    return 0


def run_guest(
    manifest: Manifest,
    *,
    at: Iterable[str] = (),
    trace: bool = False,
    as_json: bool = False,
    stdio: bool = False,
    screen: Screen | None = None,
) -> int:
    """Runs a guest and shows what came of it; returns the exit status.

    ``stdio`` connects the UART to the standard input and output: the guest's own words appear as they are said,
    on stderr if the output is JSON, and no default limit ends the run, for there is somebody who can. The status
    is 0 if the guest met its expectations, else its own exit code (its low byte, or 1 where that is 0), or 1 if
    it did not exit. InterruptedRunError, once all is shown, if a signal ended it.
    """
    limit = None if stdio and manifest.run.limit is None else manifest.limit
    stimuli = tuple(StimulusSpec(*parse_at(text)) for text in at)
    with prepare(manifest.with_stimuli(stimuli), on_reset="restart") as machine:
        screen = screen or Screen.of_stdout()
        formatter = Formatter.of(machine, None if as_json else screen.width)
        if as_json:
            if trace:
                machine.listen(TextWriter(sys.stderr, names=formatter.names, symbols=formatter.symbols))
            with connected(machine, stdio=stdio, live=None if trace else sys.stderr):
                stop = _silent(machine, limit, progress=not trace and not stdio)
            from harness.cli.as_json import to_json

            report = examine(machine, stop, manifest)
            print(to_json(report))
            return status(report)
        show_title(screen, manifest)
        screen.flush()
        with connected(machine, stdio=stdio, live=None if trace else sys.stdout):
            stop = (_traced if trace else _untraced)(machine, limit, screen, formatter)
        report = examine(machine, stop, manifest)
        show_summary(screen, report, formatter.names)
        return status(report)


def status(report: Report) -> int:
    """Returns the exit status of a run, 0 to 255; InterruptedRunError for one that a signal ended."""
    if report.stop.signal is not None:
        raise InterruptedRunError(report.stop.signal)
    if report.met:
        return 0
    return (report.stop.code or 0) & 0xFF or 1


def _watch(machine: Machine, turn: Callable[[], object]) -> None:
    """Lets a turn come between slices that are short enough for it."""
    pace = Pace(machine)

    def both() -> None:
        pace.turn()
        turn()

    machine.attendance.turn = both


def _traced(machine: Machine, limit: int | None, screen: Screen, formatter: Formatter) -> Stop:
    """Runs with every event shown as it happens."""
    screen.line()
    live = LiveTrace(screen, machine, formatter)
    machine.listen(live)
    _watch(machine, live.turn)
    try:
        return machine.run(limit=limit)
    finally:
        live.finish()


def _silent(machine: Machine, limit: int | None, *, progress: bool) -> Stop:
    """Runs with nothing shown but its progress."""
    line = Progress(machine, limit, terminal_for_progress() if progress else None)
    _watch(machine, line.turn)
    try:
        return machine.run(limit=limit)
    finally:
        line.clear()


def _untraced(machine: Machine, limit: int | None, screen: Screen, formatter: Formatter) -> Stop:
    """Runs, its consoles shown as the guest prints, then shows the life of the first interrupt."""
    life = FirstLife()

    def listen(event: Event) -> None:
        life(event)
        if life.done:
            machine.unlisten(listen)  # heard enough: the rest of the run goes at full speed

    machine.listen(listen)
    terminal = machine.attendance.terminal
    progress = Progress(machine, limit, terminal_for_progress() if terminal is None else None)
    consoles = LiveConsoles.of(machine, screen, progress.clear)

    def turn() -> None:
        consoles.turn()
        progress.turn(open_line=consoles.open_line)

    _watch(machine, turn)
    try:
        stop = machine.run(limit=limit)
    finally:
        progress.clear()
        if terminal is not None:
            terminal.show()
            if machine.console and machine.console.since(len(machine.console) - 1) != b"\n":
                screen.line()  # which ends the guest's
        consoles.finish()
    if life.intid is not None:
        show_life(screen, life, formatter)
    return stop
