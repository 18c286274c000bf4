# SPDX-License-Identifier: MIT
"""``rvic run``."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from harness.cli.as_json import to_json
from harness.cli.life import FirstLife
from harness.cli.screen import Screen
from harness.cli.show import show_life, show_summary, show_title
from harness.cli.tracing import Formatter, LiveTrace
from harness.errors import ConfigError, GuestError
from harness.guest.manifest import Manifest, Start, StimulusSpec, find_guest
from harness.machine.machine import Machine
from harness.machine.scenario import examine, prepare
from harness.machine.stimulus import parse_at
from harness.machine.stop import Stop
from harness.trace.events import Event
from harness.trace.text import TextWriter


def find(guest: str | None, bios: Path | None) -> Manifest:
    """The guest to run: by its name or path, or firmware for the flash."""
    if bios is not None:
        if guest is not None:
            raise ConfigError("either a guest or --bios, not both: firmware loads a guest itself")
        if not bios.is_file():
            raise GuestError("no such file", file=str(bios))
        return Manifest(name=bios.stem, source=bios, start=Start(bios=True))
    if guest is None:
        raise ConfigError("missing argument: the name or path of a guest, or --bios with firmware")
    return find_guest(guest)


def dump_device_tree(manifest: Manifest, file: Path) -> int:
    """Write the device tree that the guest would find; 0, for nothing can be unmet."""
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
    backend: str | None = None,
    screen: Screen | None = None,
) -> int:
    """Run a guest and show what came of it; 0 if it met its expectations, else 1."""
    stimuli = tuple(StimulusSpec(*parse_at(text)) for text in at)
    with prepare(manifest.with_stimuli(stimuli), backend=backend) as machine:
        formatter = Formatter.of(machine)
        if as_json:
            if trace:
                machine.listen(TextWriter(sys.stderr, names=formatter.names, symbols=formatter.symbols))
            report = examine(machine, machine.run(limit=manifest.run.limit), manifest)
            print(to_json(report))
            return 0 if report.met else 1
        screen = screen or Screen.of_stdout()
        show_title(screen, manifest)
        stop = (_traced if trace else _untraced)(machine, manifest, screen, formatter)
        report = examine(machine, stop, manifest)
        show_summary(screen, report, formatter.names)
        return 0 if report.met else 1


def _traced(machine: Machine, manifest: Manifest, screen: Screen, formatter: Formatter) -> Stop:
    """Run with every event shown as it happens."""
    screen.line()
    live = LiveTrace(screen, machine, formatter)
    machine.listen(live)
    try:
        return machine.run(limit=manifest.run.limit)
    finally:
        live.finish()


def _untraced(machine: Machine, manifest: Manifest, screen: Screen, formatter: Formatter) -> Stop:
    """Run, then show the console and the life of the first interrupt."""
    life = FirstLife()

    def listen(event: Event) -> None:
        life(event)
        if life.done:
            machine.events.remove(listen)  # heard enough: the rest of the run goes at full speed

    machine.listen(listen)
    try:
        stop = machine.run(limit=manifest.run.limit)
    finally:
        if machine.console:
            screen.line()
            screen.verbatim(machine.console.text)
    if life.taken:
        show_life(screen, life, formatter)
    return stop
