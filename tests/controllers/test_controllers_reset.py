# SPDX-License-Identifier: MIT
"""A system reset (DEN0022, 5.11): nothing of EL2's or the GIC's state outlives it, wherever it comes."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import Machine
from harness.trace.events import Event

FIRMWARE = Path(__file__).parents[2] / "firmware"
LENGTH = 12_000  # instructions that are compared


def events(machine: Machine) -> list[Event]:
    """What happens from now on, by ticks from now."""
    start, seen = machine.ticks, []
    machine.listen(lambda event: seen.append(event._replace(tick=event.tick - start)))
    machine.run(limit=LENGTH)
    return seen


@pytest.mark.parametrize("firmware", ["spi", "ipi"])
@pytest.mark.parametrize("controller", ["rvic", "vgic", "trap", "gicv2"])
def test_after_a_reset_everything_happens_as_the_first_time(controller: str, firmware: str) -> None:
    def make() -> Machine:
        machine = Machine(cpus=2, controller=controller)
        machine.load(FIRMWARE / firmware / "main.S")
        return machine

    with make() as machine:
        first = events(machine)
    assert len(first) > 50
    with make() as machine:
        for length in (7_001, 9_002, 11_003, 11_104, 11_205):
            machine.run(limit=length)
            machine.reset()
        assert events(machine) == first
