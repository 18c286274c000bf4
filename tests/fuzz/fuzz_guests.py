# SPDX-License-Identifier: MIT
"""Fuzzer of guests: whatever code does, its run ends with a Stop, at or before its limit, and the same each time.

A case is a machine with options of its own that runs several guests (random_guest.py), reset between them, so that
each finds what the one before it left in RAM and in the models. After each, EL2's own state is true. Some cases run
twice and must leave the same trace: once more as they are, with the other way to the registers, or in pieces.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any, Final

from random_guest import CODE, DATA, STUB, VECTORS, random_image

from harness import Machine, StopReason
from harness.arch.virt import RAM_BASE
from harness.image import Program, Segment, Symbols
from harness.trace.jsonl import encode_event
from harness.trace.text import format_event

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1] / "controllers"))
from el2_invariants import check  # of another directory of tests

GUESTS: Final = 8
"""Guests of one machine."""
LIMIT: Final = 1000
"""Instructions of each."""
_STUB: Final = Program(
    STUB, (Segment(STUB, (0x1400_0400).to_bytes(4, "little"), 4, True),), Symbols({}, ((STUB, CODE),)), "flat"
)


@dataclass(frozen=True)
class Case:
    """One machine's options, and what its guests are made from."""

    options: dict[str, Any]
    guests: list[tuple[bytes, bytes, bytes]]
    stimuli: list[tuple[int, str]]


def make_case(random: Random) -> Case:
    """Returns a case: everything that can be chosen is."""
    cpus = random.choice((1, 1, 1, 2, 2, 3, 8))
    options: dict[str, Any] = {
        "cpus": cpus,
        "controller": random.choice(("rvic", "rvic", "vgic", "trap", "gicv2")),
        "cpu": random.choice(("cortex-a53", "cortex-a72", "max", "max")),
        "memory": random.choice(("4M", "8M", "64M")),
        "quantum": random.choice((1, 7, 100, 1000)),
        "profile": random.choice(("spec", "kvm")),
        "ack_order": random.choice(("fifo", "lowest", "random")),
        "list_registers": random.choice((1, 2, 4)),
        "ticks_per_instruction": random.choice((1, 1, 10)),
        "on_reset": random.choice(("stop", "restart")),
        "like_qemu": random.random() < 0.2,
        "virtconsole": random.random() < 0.3,
        "serial": random.choice((None, "string:abc")),
    }
    stimuli = [
        (random.randrange(1, LIMIT * GUESTS), random.choice(("spi=1", "spi=7", "spi=20", "uart=x")))
        for _ in range(random.randrange(4))
    ]
    return Case(options, [random_image(random) for _ in range(GUESTS)], stimuli)


def run_case(
    case: Case, *, listens: bool = True, pieces: int | None = None, **other: Any
) -> tuple[Counter[str], str, bool]:
    """Runs the guests of a case; returns why each stopped, and the digest of all their events, if it listens.

    With ``pieces`` no run is longer than that many instructions. And it says if a page has been code and data too
    often: what runs of such a page until IC IVAU may depend on the pieces (`code-by-page`).
    """
    digest = sha256()
    outcomes: Counter[str] = Counter()
    mixed = False
    with Machine(**(case.options | other)) as machine:
        if listens:
            names, symbols = machine.names, machine.symbols
            machine.listen(lambda event: digest.update(encode_event(event).encode()))
            machine.listen(lambda event: digest.update(format_event(event, names, symbols).encode()))
        for tick, stimulus in case.stimuli:
            machine.at(tick, stimulus)
        for number, parts in enumerate(case.guests):
            machine.load(_STUB) if not number else machine.reset()
            for address, data in zip((CODE, VECTORS, DATA), parts, strict=True):
                machine.memory.write(address, data)
            reason = _run(machine, pieces)
            outcomes[reason] += 1
            mixed |= bool(machine.memory.stage2.mixed)
            digest.update(f"{reason} {machine.ticks} {machine.instructions}".encode())
            if machine.controller != "gicv2":
                check(machine)
        if listens:
            for cpu in machine.cpus:
                digest.update(repr([cpu.pc, cpu.pstate, *(cpu.x[n] for n in range(31))]).encode())
            digest.update(machine.memory.read(RAM_BASE, 1 << 20))
        machine.ledger.to_dict()
    return outcomes, digest.hexdigest(), mixed


def _run(machine: Machine, pieces: int | None) -> str:
    left = LIMIT
    while True:
        stop = machine.run(limit=min(left, pieces or left))
        assert 0 <= stop.instructions <= left, stop
        assert stop.detail, stop
        left -= stop.instructions
        if stop.reason is not StopReason.LIMIT or left <= 0:
            return stop.reason.value


def one(random: Random) -> Counter[str]:
    """Tries one case."""
    case = make_case(random)
    again = random.choice(_AGAIN)
    if again is None:
        return run_case(case, listens=False)[0]
    if "pieces" in again:
        case.options["restarts"] = LIMIT  # they are counted in each run
    outcomes, digest, mixed = run_case(case)
    repeated = run_case(case, **again)
    if "pieces" in again and mixed:
        return outcomes + Counter({"again with pieces, on which its code may depend": 1})
    assert repeated == (outcomes, digest, mixed), f"another trace with {again}"
    return outcomes + Counter({f"again with {next(iter(again), 'nothing else')}": 1})


_AGAIN: Final = (
    *({}, {"backend": "api"}, {"backend": "view"}, {"pieces": 1}, {"pieces": 17}, {"pieces": 300}),
    *[None] * 25,
)


if __name__ == "__main__":
    from campaign import main

    sys.exit(main(f"machines with {GUESTS} random guests each", one, count=1000))
