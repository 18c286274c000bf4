# SPDX-License-Identifier: MIT
"""Turns of the vCPUs: in a row while nothing happens, one long slice while the others sleep, and the same order."""

from __future__ import annotations

import io
from functools import cache
from itertools import cycle, pairwise

import pytest

from harness import Machine, StopReason
from harness.asm import assemble
from harness.build import load
from harness.engine import PE
from harness.image import Program
from harness.library import firmware_dir
from harness.machine.parts import GUEST_DEFINES
from harness.options import ControllerKind
from harness.trace import JsonLinesWriter
from harness.trace.events import Event, Mmio

QUANTUM = 1000
LOG = 0x4100_0000
START = """
#include "psci.inc"
    .macro start cpu, entry
    ldr     w0, =PSCI_CPU_ON
    mov     x1, #\\cpu
    adr     x2, \\entry
    mov     x3, #0
    hvc     #0
    .endm
"""
WAKES = f"""{START}
_start:
    start   1, sleeper
    start   2, stream
    start   3, waiter
    mov     x5, #1
1:  mov     x6, #1543
    mul     x6, x6, x5
2:  subs    x6, x6, #1
    b.ne    2b
    sev
    add     x5, x5, #1
    cmp     x5, #12
    b.ne    1b
    b       .

sleeper:                            // notes when each SEV reaches it
    ldr     x1, ={LOG:#x}
1:  wfe
    mrs     x2, cntvct_el0
    str     x2, [x1], #8
    b       1b

stream:                             // wakes by its event stream: each 8,192 ticks
    ldr     x1, ={LOG + 4096:#x}
    mov     x2, #0xc4
    msr     cntkctl_el1, x2
1:  wfe
    mrs     x2, cntvct_el0
    str     x2, [x1], #8
    b       1b

waiter: wfi
    b       waiter
"""


@cache
def firmware(name: str, controller: str) -> Program:
    defines = GUEST_DEFINES[ControllerKind(controller)]
    return load(firmware_dir() / name / "main.S", defines=defines)


def end(program: Program, budget: int, *pieces: int, **options: object) -> str:
    """The trace and the end of a run of so many instructions, in pieces of these lengths, in turn."""
    out = io.StringIO()
    lengths = cycle(pieces or (budget,))
    with Machine(memory="32M", **options) as machine:  # type: ignore[arg-type]
        machine.load(program)
        machine.listen(JsonLinesWriter(out))
        while machine.instructions < budget:
            stop = machine.run(limit=min(next(lengths), budget - machine.instructions))
            if stop.reason is not StopReason.LIMIT:
                break
        state = [(cpu.pc, cpu.pstate, *cpu.x[:]) for cpu in machine.cpus]
        print(stop.reason, machine.ticks, state, machine.memory.read(LOG, 8192).hex(), file=out)
    return out.getvalue()


@pytest.mark.parametrize("controller", ["rvic", "vgic", "trap", "gicv2"])
@pytest.mark.parametrize("name", ["ipi", "spi"])
def test_wakes_under_every_controller_are_exact(name: str, controller: str) -> None:
    """In short pieces no slice is long and no turns are given in a row."""
    program = firmware(name, controller)
    whole = end(program, 60_000, cpus=4, controller=controller, quantum=37)
    assert len(whole.splitlines()) > 300
    assert end(program, 60_000, 13, 250, 1, cpus=4, controller=controller, quantum=37) == whole


@pytest.mark.parametrize("quantum", [1, 7, 64, QUANTUM])
def test_events_reach_who_waits_for_them_at_the_end_of_a_turn(quantum: int) -> None:
    program = assemble(WAKES)
    whole = end(program, 150_000, cpus=4, quantum=quantum)
    assert end(program, 150_000, 97, cpus=4, quantum=quantum) == whole


def slices(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """The slices from now on: the CPU, and how many instructions it was given."""
    seen: list[tuple[int, int]] = []
    run = PE.run

    def noted(pe: PE, count: int) -> int:
        seen.append((pe.index, count))
        return run(pe, count)

    monkeypatch.setattr(PE, "run", noted)
    return seen


def test_one_that_runs_alone_has_one_slice(monkeypatch: pytest.MonkeyPatch) -> None:
    code = f"{START}_start: start 1, waiter\n start 2, waiter\n start 3, sleeper\n b .\n"
    with Machine(cpus=4, memory="32M") as machine:
        machine.load(assemble(f"{code}waiter: wfi\n b waiter\nsleeper: wfe\n b sleeper"))
        machine.run(limit=10 * QUANTUM)
        seen = slices(machine, monkeypatch)
        machine.run(limit=500 * QUANTUM)
    assert seen == [(0, 500 * QUANTUM)]


def test_turns_in_a_row_are_a_quantum_each() -> None:
    """However the engine gives them: an instruction of each CPU in two is an addition to x20."""
    with Machine(cpus=3, memory="32M") as machine:
        machine.load(
            assemble(f"{START}_start: start 1, loop\n start 2, loop\nloop: add x20, x20, #1\n b loop")
        )
        machine.run(limit=10 * QUANTUM)
        added = [[cpu.x[20] for cpu in machine.cpus]]
        for turns in (1, 1, 1, 3 * 17):
            machine.run(limit=turns * QUANTUM)
            added.append([cpu.x[20] for cpu in machine.cpus])
    grown = [[b - a for a, b in zip(*pair, strict=True)] for pair in pairwise(added)]
    assert grown[3] == [17 * QUANTUM // 2] * 3
    assert [sum(each) for each in zip(*grown[:3], strict=True)] == [QUANTUM // 2] * 3
    assert grown[0] != grown[1] != grown[2] != grown[0]


def test_what_a_listener_schedules_comes_at_its_tick() -> None:
    """However long the slice is in which it does so."""
    code = "_start: ldr x1, =0x09000000\n mov w2, #65\n str w2, [x1]\n1: add x3, x3, #1\n b 1b"
    acted: list[int] = []
    with Machine(memory="32M") as machine:
        machine.load(assemble(code))

        def heard(event: Event) -> None:
            if isinstance(event, Mmio):
                machine.at(event.tick + 777, lambda m: acted.append(m.ticks - event.tick))

        machine.listen(heard)
        machine.run(limit=100_000)
    assert acted == [777]
