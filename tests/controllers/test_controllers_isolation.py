# SPDX-License-Identifier: MIT
"""A misbehaving vCPU hurts neither EL2 nor another vCPU's interrupts, under any controller.

What is promised: EL2 survives everything (no Python exception, no hang, its own state stays true), and what
another vCPU has of its own (its timer, its CPU interface, its banked registers) goes on working. What is *not*
promised is what the architecture shares. The vCPUs of one VM trust each other: any of them may turn the VM's
distributor off or send the other an SPI, and RVIC lets any of them mask, clear and signal interrupts of any other.
So vCPU 0 of `fuzz_guest.S` undoes, from time to time, what vCPU 1 may have *told* the controller about it; nothing
else repairs it. Under ``gicv2`` the shared distributor is the physical one, which nobody else uses: the same holds.

Left out are the calls by which vCPU 1 would end the machine or itself: SYSTEM_OFF, SYSTEM_RESET, CPU_OFF and
CPU_SUSPEND (tests/el2/test_el2_psci.py has them).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from random import Random
from struct import Struct

import pytest
from el2_invariants import check
from gic_guest import make_machine
from thorough import ALL

from harness import Machine, StopReason, until
from harness.arch.rvic import RVIC_BASE, RVID_BASE
from harness.build import load
from harness.gic import LAYOUT, Frame
from harness.image import Program

CONTROLLERS = ("rvic", "vgic", "trap", "gicv2")
ROUNDS = 5
STEPS = 100_000 // ROUNDS // (1 if ALL else len(CONTROLLERS))  # in each round
TABLE = 0x4100_0000
END = 0xFF
LOADS_AND_STORES, CALLS = tuple(range(14)), (14, 15, 16)
SLOW_HANDS = 20_000  # ticks of vCPU 0's timer are due every 3,000
FRAMES = {Frame.GICD: 0x0800_0000, Frame.GICC: 0x0801_0000, Frame.GICH: 0x0803_0000, Frame.GICV: 0x0804_0000}
REGISTERS = tuple(base + offset for frame, base in FRAMES.items() for offset in LAYOUT[frame])
ALIASES = tuple(range(0x0803_1000, 0x0803_2000, 4))
DEVICES = (0x0900_0000, 0x0901_0000, 0x0A00_0000, 0x0B00_0000)
FORBIDDEN = frozenset({0x8400_0001, 0xC400_0001, 0x8400_0002, 0x8400_0008, 0x8400_0009})
_ENTRY = Struct("<5Q")


@cache
def program(controller: str) -> Program:
    return load(
        Path(__file__).with_name("fuzz_guest.S"), defines={} if controller == "rvic" else {"IRQ_GICV2": 1}
    )


def an_address(random: Random) -> int:
    """Mostly a register, sometimes beside one; any GIC frame, other devices, holes."""
    match random.randrange(10):
        case 0 | 1 | 2 | 3 | 4:
            address = random.choice(REGISTERS)
        case 5:
            address = random.choice(ALIASES)
        case 6 | 7:
            address = random.randrange(0x0800_0000, 0x0805_0000)
        case 8:
            address = random.choice(DEVICES) + random.randrange(0, 0x1010, 4)
        case _:
            address = random.randrange(0x4000_0000) if random.random() < 0.9 else random.getrandbits(64)
    return address + (random.randrange(8) if random.random() < 0.1 else 0) & (1 << 64) - 1


def a_value(random: Random) -> int:
    match random.randrange(6):
        case 0:
            return random.randrange(1024)
        case 1:
            return 1 << random.randrange(64)
        case 2:
            return random.choice((0, 1, 2, 3, 7, 0x200, 0x207, (1 << 64) - 1))
        case 3:
            return random.randrange(40)
        case _:
            return random.getrandbits(64)


def an_access(random: Random) -> tuple[int, int, int, int, int]:
    if random.random() < 0.02:
        return random.choice((17, 18)), 0, random.randrange(5000), random.randrange(4), 0
    return random.choice(LOADS_AND_STORES), an_address(random), a_value(random), a_value(random), 0


def a_function(random: Random) -> int:
    bases = (RVIC_BASE, RVIC_BASE, RVIC_BASE, RVID_BASE, 0x8400_0000, 0xC400_0000, 0x8000_0000, 0xC600_0000)
    while True:
        function = random.choice(bases) + random.randrange(16 if random.random() < 0.9 else 0x200)
        if random.random() < 0.05:
            function = random.getrandbits(64)
        if function & 0xFFFF_FFFF not in FORBIDDEN:
            return function | (random.getrandbits(32) << 32 if random.random() < 0.05 else 0)


def a_call(random: Random) -> tuple[int, int, int, int, int]:
    if random.random() < 0.02:
        return random.choice((17, 18)), 0, random.randrange(5000), random.randrange(4), 0
    arguments = [random.choice((0, 1, 1, 2, 27, 31, 32, 33, 63, 64, a_value(random))) for _ in range(3)]
    if random.random() < 0.02:  # a pulse for EL2 to deliver
        return 6, 0x0B00_000C, random.randrange(31, 36), 0, 0
    return random.choice(CALLS), *arguments, a_function(random)  # type: ignore[return-value]  # there are three


def misbehave(machine: Machine, controller: str, kind: str, random: Random) -> None:
    """Some steps of vCPU 1; then vCPU 0's timer still ticks."""
    one = an_access if kind == "accesses" else a_call
    table = b"".join(_ENTRY.pack(*one(random)) for _ in range(STEPS))
    machine.memory.write(TABLE, table + _ENTRY.pack(END, 0, 0, 0, 0))
    ticks, began = machine.symbols["ticks"], machine.ticks
    before = machine.memory.u64(ticks)
    stop = machine.run(until.symbol("finished", cpu=1), limit=STEPS * 2000)
    assert stop.reason is StopReason.UNTIL, stop.detail
    during = machine.memory.u64(ticks) - before
    assert during >= (machine.ticks - began) // SLOW_HANDS, "vCPU 0 missed most of its ticks"
    for _ in range(5):
        now = machine.memory.u64(ticks)
        stop = machine.run(until.instructions(30_000))
        assert stop.reason is StopReason.UNTIL, stop.detail
        assert machine.memory.u64(ticks) > now, "vCPU 0's timer has stopped"


@pytest.mark.timeout(600)  # a slow computer needs more than a minute for all of one kind
@pytest.mark.parametrize("kind", ["accesses", "calls"])
@pytest.mark.parametrize("controller", CONTROLLERS)
def test_random_behaviour_of_one_vcpu_hurts_nobody(controller: str, kind: str) -> None:
    """100,000 random accesses, and as many calls; EL2's state is checked between rounds.

    The controllers share them; in CI each has so many of its own (thorough.py).
    """
    random = Random(f"{controller} {kind}")
    with make_machine(controller, 2, ledger=False) as machine:
        for round_ in range(ROUNDS):
            machine.load(program(controller)) if not round_ else restart(machine)
            misbehave(machine, controller, kind, random)
            if controller != "gicv2":
                check(machine)


def restart(machine: Machine) -> None:
    """Let vCPU 1 begin the table again; all that it did to the machine stays."""
    machine.cpus[1].pc = machine.symbols["misbehave"]
