# SPDX-License-Identifier: MIT
"""Time of a hypercall by its parts, each measured by itself on the harness's own objects."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from statistics import median
from typing import NamedTuple

from harness.bench import guests, subjects
from harness.bench.timing import cost, interleave
from harness.machine import Machine
from harness.rvic import Calls, Config, VmInterrupts

NS = 1e9
_SAMPLES = 5


class HypercallCost(NamedTuple):
    """Nanoseconds of the parts of a hypercall."""

    exit: float  # out of Unicorn, into an empty callback, and back, with the guest's own instructions
    read: float  # x0 to x3 through the register view
    write: float  # x0 to x3 through the register view
    model: float  # one call of Signal, Acknowledge, ClearMasked in the RVIC model, their mean
    line: float  # one change of HCR_EL2.VI


def measure_hypercall(machine: Machine, calls: int) -> HypercallCost:
    """Measures all of them; the machine's registers x0 to x3 are overwritten."""
    guest = guests.smccc_version()
    bare = subjects.bare(guest, subjects.empty)
    (exits,) = interleave([partial(bare.run, calls * guest.loop)], _SAMPLES)
    x, pe = machine.cpus[0].x, machine.cpus[0].pe
    model = _model()

    def read() -> None:
        x[0], x[1], x[2], x[3]

    def write() -> None:
        x[0] = x[1] = x[2] = x[3] = 0

    def line() -> None:
        pe.virq = True
        pe.virq = False

    return HypercallCost(
        median(exits) / calls * NS,
        cost(read, calls) * NS,
        cost(write, calls) * NS,
        cost(partial(_cycle, model), calls) / subjects.CALLS_PER_CYCLE * NS,
        cost(line, calls) / 2 * NS,
    )


def _model() -> Calls:
    calls = Calls(VmInterrupts(Config()), 0, _line_low)
    calls.enable(0, 0, 0)
    calls.clear_masked(0, guests.INTID, 0)
    return calls


def _cycle(calls: Calls) -> None:
    calls.signal(0, guests.INTID, 0)
    calls.acknowledge(0, 0, 0)
    calls.clear_masked(0, guests.INTID, 0)


def _line_low(_vcpu: int, _intid: int) -> bool:
    return False


def breakdown(total: float, known: Mapping[str, float], rest: str) -> str:
    """Returns the parts of a total of nanoseconds in words, the largest first; ``rest`` names the remainder."""
    parts = {**known, rest: max(0.0, total - sum(known.values()))}
    ordered = sorted(parts.items(), key=lambda item: -item[1])
    return ", ".join(f"{name} {ns:.0f} ns ({ns / total:.0%})" for name, ns in ordered)
