# SPDX-License-Identifier: MIT
"""Run of a guest as its manifest asks, and the report of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from msgspec import Struct

from harness.machine.machine import Machine
from harness.run.stop import Stop
from harness.rvic import Order
from harness.scenario.expectations import Expectation, expectations
from harness.scenario.manifest import Manifest
from harness.scenario.prepare import prepare
from harness.trace.ledger import Ledger


class CpuState(Struct, frozen=True):
    """Virtual CPU where the run stopped: whether PSCI has it on, and its general-purpose registers."""

    on: bool
    pc: int
    x: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """Outcome of a run; a value, usable after its machine is closed."""

    name: str
    stop: Stop
    instructions: int
    ticks: int
    console: str
    cpus: tuple[CpuState, ...]
    symbols: dict[str, int]
    ledger: Ledger
    expectations: tuple[Expectation, ...]
    seed: int
    random_order: bool  # the one thing that the seed decides
    virtconsole: str | None = None
    console_dropped: int = 0  # bytes at its beginning, after very long runs
    virtconsole_dropped: int = 0
    deviations: dict[str, int] = field(default_factory=dict)  # met, by name, and how often

    @property
    def met(self) -> bool:
        """True if everything came out as it had to."""
        return all(expectation.met for expectation in self.expectations)

    @property
    def unmet(self) -> tuple[Expectation, ...]:
        """Expectations that did not come out."""
        return tuple(expectation for expectation in self.expectations if not expectation.met)


def examine(machine: Machine, stop: Stop, manifest: Manifest) -> Report:
    """Returns the report of a run that has just stopped."""
    return Report(
        name=manifest.name,
        stop=stop,
        instructions=machine.instructions,
        ticks=machine.ticks,
        console=machine.console.text,
        cpus=tuple(CpuState(cpu.on, cpu.pc, tuple(cpu.x[:])) for cpu in machine.cpus),
        symbols=dict(machine.symbols),
        ledger=machine.ledger,
        expectations=tuple(expectations(machine, stop, manifest)),
        seed=machine.config.seed,
        random_order=machine.config.order is Order.RANDOM,
        virtconsole=machine.virtconsole.text if machine.virtconsole is not None else None,
        console_dropped=machine.console.dropped,
        virtconsole_dropped=machine.virtconsole.dropped if machine.virtconsole is not None else 0,
        deviations=machine.deviations_met,
    )


def run(manifest: Manifest) -> Report:
    """Runs a guest as its manifest says, and reports."""
    with prepare(manifest, on_reset="restart") as machine:
        return examine(machine, machine.run(limit=manifest.limit), manifest)
