# SPDX-License-Identifier: MIT
"""Same guest, same stimuli, same seed: the same trace, byte for byte, however the machine is run."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from harness import Machine, StopReason, until
from harness.build import load
from harness.engine.backends import absence
from harness.image import Program
from harness.library import firmware_dir
from harness.trace import JsonLinesWriter

RUNS = 20
WORK = {"tick": (1, 30_000), "ipi": (2, 30_000), "spi": (2, 40_000)}  # vCPUs, instructions
WHOLE = pytest.mark.parametrize("name", list(WORK))
BACKENDS = [each for each in ("c", "view", "api") if absence(each) is None]


@cache
def program(name: str) -> Program:
    return load(firmware_dir() / name / "main.S")


def machine_with(name: str, **options: object) -> Machine:
    machine = Machine(cpus=WORK[name][0], memory="32M", ack_order="random", seed=7, **options)  # type: ignore[arg-type]
    machine.load(program(name))
    machine.at(5_000, "spi=9")
    machine.at(5_000, "uart=x")
    return machine


def trace(name: str, *pieces: int, **options: object) -> str:
    """The trace as JSON Lines, and how it ended; `pieces` are the limits of the runs, the last again and again."""
    budget = WORK[name][1]
    out = io.StringIO()
    with machine_with(name, **options) as machine:
        machine.listen(JsonLinesWriter(out))
        turn = 0
        while machine.instructions < budget:
            piece = pieces[min(turn, len(pieces) - 1)] if pieces else budget
            turn += 1
            stop = machine.run(limit=min(piece, budget - machine.instructions))
            if stop.reason is not StopReason.LIMIT:
                break
        state = [(cpu.pc, cpu.pstate, *cpu.x[:]) for cpu in machine.cpus]
        print(stop.reason, machine.ticks, machine.console.text, state, file=out)
    return out.getvalue()


@cache
def expected(name: str) -> str:
    return trace(name)


@WHOLE
def test_twenty_runs_give_one_trace(name: str) -> None:
    assert len(expected(name).splitlines()) > 500
    for n in range(RUNS - 1):
        assert trace(name, backend=BACKENDS[n % len(BACKENDS)]) == expected(name)


@WHOLE
def test_a_whole_run_is_the_same_with_each_register_backend(name: str) -> None:
    traces = set()
    for backend in BACKENDS:
        out = io.StringIO()
        with machine_with(name, backend=backend) as machine:
            machine.listen(JsonLinesWriter(out))
            assert machine.run(limit=10_000_000).reason is StopReason.POWER_OFF
        traces.add(out.getvalue())
    assert len(traces) == 1


@WHOLE
@pytest.mark.parametrize("pieces", [(1, 2, 3, 997), (5_000, 1, 4_999), (13, 250)], ids=str)
def test_a_run_in_pieces_is_one_run(name: str, pieces: tuple[int, ...]) -> None:
    assert trace(name, *pieces) == expected(name)


@WHOLE
def test_stepping_is_running(name: str) -> None:
    """One instruction at a time, from the start and amid interrupts, changes nothing."""
    assert trace(name, *([1] * 600), 7_000, *([1] * 600), 30_000) == expected(name)


@pytest.mark.parametrize("name", ["ipi", "spi"])
def test_conditions_do_not_disturb(name: str) -> None:
    """Stops at every vIRQ and every few instructions, and no event more or less."""
    budget = WORK[name][1]
    out = io.StringIO()
    with machine_with(name) as machine:
        machine.listen(JsonLinesWriter(out))
        stops = 0
        while machine.instructions < budget:
            limit = budget - machine.instructions
            stop = machine.run(until.irq_taken(), until.symbol("rvic_handle_irq"), limit=limit)
            stops += stop.reason is StopReason.UNTIL
    assert stops > 50
    lines = expected(name).splitlines()
    assert out.getvalue().splitlines() == lines[: len(out.getvalue().splitlines())]
    assert len(out.getvalue().splitlines()) == sum(line.startswith("{") for line in lines)


@WHOLE
def test_whether_anybody_listens_does_not_matter(name: str) -> None:
    def end(*, ledger: bool) -> tuple[object, ...]:
        with machine_with(name, ledger=ledger) as machine:
            machine.run(limit=WORK[name][1])
            return machine.ticks, machine.instructions, [(cpu.pc, *cpu.x[:]) for cpu in machine.cpus]

    assert end(ledger=False) == end(ledger=True)


def test_the_hash_seed_of_python_does_not_matter() -> None:
    """Neither sets nor dicts of anything hashed by address or by a salted hash decide an order."""
    script = (
        "import hashlib, test_machine_determinism as t;"
        "print(hashlib.sha256(''.join(t.trace(n) for n in t.WORK).encode()).hexdigest())"
    )
    here = str(Path(__file__).parent)
    found = set()
    for seed in ("1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join([here, *sys.path])}
        result = subprocess.run(
            [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
        )
        found.add(result.stdout.strip())
    assert found == {hashlib.sha256("".join(expected(name) for name in WORK).encode()).hexdigest()}
