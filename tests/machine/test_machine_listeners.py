# SPDX-License-Identifier: MIT
"""Listeners of a machine: there are two doors for them, and the same is heard behind both."""

from __future__ import annotations

import pytest

from harness import Machine
from harness.trace import Event
from harness.trace.events import Eret, VirqTaken


@pytest.mark.parametrize("controller", ["rvic", "vgic", "trap", "gicv2"])
def test_both_doors_lead_to_the_same_events(controller: str) -> None:
    from harness.library import firmware_dir

    listened: list[Event] = []
    added: list[Event] = []
    without: list[Event] = []
    with Machine(controller=controller) as machine:
        machine.load(firmware_dir() / "tick" / "main.S")
        machine.listen(listened.append)
        machine.events.add(added.append)
        machine.events.add(without.append, exceptions=False)
        machine.run(limit=20_000)
        assert listened == added == without
        assert {VirqTaken, Eret} <= set(map(type, added))
        machine.events.remove(listened.append)
        machine.events.remove(added.append)
        del without[:]
        machine.run(limit=40_000)
        assert not {VirqTaken, Eret} & set(map(type, without)), "nobody who asked for them is left"


def test_a_machine_loads_text_paths_and_programs_alike() -> None:
    from pathlib import Path

    from harness.library import firmware_dir

    path = firmware_dir() / "hello" / "main.S"
    seen = []
    for source in (path, str(path), path.read_text()):
        with Machine(controller="gicv2") as machine:
            program = machine.load(source)
            stop = machine.run(limit=1_000_000)
            seen.append((stop.reason, stop.instructions, machine.console.text, dict(machine.symbols)))
        with Machine(controller="gicv2") as machine:
            machine.load(program)
            machine.run(limit=1_000_000)
            assert machine.console.text == seen[-1][2]
    assert seen[0] == seen[1] == seen[2]
    assert Path(path).is_file()
