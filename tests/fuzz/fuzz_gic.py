# SPDX-License-Identifier: MIT
"""Random accesses to a GICv2, of all its CPUs, against the oracle: every value that is read, and every output.

Accesses are words and bytes of the distributor and of the CPU interfaces, and moves of input lines, on machines of
1 to 8 CPUs. A case is one machine and 2,000 accesses: `python tests/fuzz/fuzz_gic.py --count 500` makes a million.
A failure shows the last of them.
"""

from __future__ import annotations

import sys
from collections import Counter, deque
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random
from typing import NamedTuple

from harness.gic import Frame, Gic

sys.path += [str(Path(__file__).parent), str(Path(__file__).parents[1] / "gic")]

from gic_registers import INTIDS, Registers

EACH = 2000  # accesses to one machine
D, C = Frame.GICD, Frame.GICC
LINES = (20, 27, 33, 40, 41, 63)
PRIORITIES = (0x00, 0x40, 0x48, 0x50, 0x80, 0xA0, 0xF0, 0xF8)
# How often what is accessed: (weight, frame, first offset, bytes, may be written).
TARGETS = (
    (22, C, 0x00C, 4), (26, C, 0x010, 4), (4, C, 0x1000, 4), (3, C, 0x020, 4), (2, C, 0x024, 4),
    (4, C, 0x014, 4), (4, C, 0x018, 4), (2, C, 0x028, 4), (2, C, 0x000, 4), (2, C, 0x004, 4),
    (1, C, 0x008, 4), (1, C, 0x01C, 4), (1, C, 0x0D0, 4), (1, C, 0x0E0, 4), (1, C, 0x030, 0xA0),
    (1, D, 0x000, 16), (2, D, 0x080, 8), (6, D, 0x100, 8), (1, D, 0x180, 8), (8, D, 0x200, 8), (2, D, 0x280, 8),
    (1, D, 0x300, 8), (5, D, 0x380, 8), (5, D, 0x400, INTIDS), (8, D, 0x820, INTIDS - 32), (1, D, 0x800, 32),
    (3, D, 0xC00, 16), (9, D, 0xF00, 4), (2, D, 0xF10, 16), (2, D, 0xF20, 16), (1, D, 0x000, 0x1000),
)  # fmt: skip
WEIGHTS = [weight for weight, *_ in TARGETS]


class Access(NamedTuple):
    """One access; of a line's move, `frame` is None, `offset` the INTID and `value` the level."""

    cpu: int
    frame: Frame | None
    offset: int
    size: int
    value: int | None

    def __str__(self) -> str:
        if self.frame is None:
            return f"CPU{self.cpu}: line {self.offset} = {self.value}"
        what = "read" if self.value is None else f"write {self.value:#x}"
        return f"CPU{self.cpu}: {self.frame.value} + {self.offset:#x}, {self.size} bytes: {what}"


def _value(random: Random, frame: Frame, offset: int, cpus: int, taken: list[int]) -> int:
    """A value that does something at this register, or any; `taken` is what the CPU has not ended."""
    pick = random.random()
    if taken and frame is C and offset in (0x010, 0x024, 0x1000) and pick < 0.8:
        return taken.pop() if offset == 0x010 else taken[-1]
    if pick < 0.1:
        return random.getrandbits(32)
    if frame is C:
        if offset == 0x000:
            return random.choice((1, 3, 3, 7, 0xF, 0x17, 0x1F, 0x203, 0x207))
        if offset == 0x004:
            return random.choice((*PRIORITIES, *[0xFF] * 20))
        if offset in (0x010, 0x024, 0x1000):
            return random.choice((0, 1, 5, 15, *LINES, 1022, 1023)) | random.randrange(cpus) << 10
        return random.choice((0, 0, 0, 1 << random.randrange(32)))
    if offset < 0x010:
        return random.choice((*[3] * 8, 1, 2, 0))
    if 0x400 <= offset < 0x800:
        return sum(random.choice(PRIORITIES) << 8 * n for n in range(4))
    if 0x800 <= offset < 0xC00 or 0xF10 <= offset < 0xF30:
        return random.getrandbits(32) | random.getrandbits(32)
    if offset == 0xF00:
        return (
            random.choice((0, 0, 0, 1, 2, 3)) << 24
            | random.getrandbits(8) << 16
            | random.choice((0, 1, 5, 15))
        )
    return sum(1 << n % 32 for n in LINES) & random.getrandbits(32) | (pick > 0.9) * random.getrandbits(32)


def traffic(random: Random, cpus: int, taken: list[list[int]]) -> Iterator[Access]:
    """Accesses for ever, the first of which make it likely that interrupts come; `taken` is what each CPU read."""
    for cpu in range(cpus):
        yield Access(cpu, D, 0x000, 4, 3)
        yield Access(cpu, C, 0x000, 4, random.choice((1, 3, 7, 0xF)))
        yield Access(cpu, C, 0x004, 4, 0xFF)
        yield Access(cpu, D, 0x100, 4, 0xFFFF_FFFF)
    yield Access(0, D, 0x104, 4, 0xFFFF_FFFF)
    while True:
        cpu = random.randrange(cpus)
        if random.random() < 0.15:
            yield Access(cpu, None, random.choice(LINES), 0, random.randrange(2))
            continue
        _, frame, first, span = random.choices(TARGETS, WEIGHTS)[0]
        size = random.choice((4, 4, 4, 1)) if span > 4 else 4
        offset = first + random.randrange(span) & -size
        commands = (frame is C and offset in (0x010, 0x024, 0x1000)) or offset == 0xF00
        write = random.random() < (
            0.95 if commands else 0.05 if frame is C and offset in (0x00C, 0x020) else 0.5
        )
        value = _value(random, frame, offset & ~3, cpus, taken[cpu]) >> 8 * (offset & 3) if write else None
        yield Access(cpu, frame, offset, size, value if value is None else value & (1 << 8 * size) - 1)


class Pair:
    """The model and the oracle; each access is done to both."""

    def __init__(self, cpus: int) -> None:
        self.model = Gic(cpus, INTIDS)
        self.oracle = Registers(cpus)
        self.taken: list[list[int]] = [[] for _ in range(cpus)]  # and not ended, the last one last

    def do(self, access: Access) -> str | None:
        """What the two differ in after an access; None if in nothing."""
        cpu, frame, offset, size, value = access
        oracle = self.oracle
        if frame is None:
            self.model.set_line(offset, bool(value), cpu)
            oracle.set_line(offset, bool(value), cpu)
        elif value is not None:
            self.model.write(frame, cpu, offset, size, value)
            (oracle.write_distributor if frame is D else oracle.write_interface)(cpu, offset, size, value)
        else:
            expected = (oracle.read_distributor if frame is D else oracle.read_interface)(cpu, offset, size)
            found = self.model.read(frame, cpu, offset, size)
            if frame is C and offset in (0x00C, 0x020) and size == 4 and found < 1020:
                self.taken[cpu].append(found)
            if found != expected:
                return f"reads {found:#x}, the manual says {expected:#x}"
        irq, fiq = oracle.outputs()
        for name, wires, levels in (("nIRQ", self.model.irq, irq), ("nFIQ", self.model.fiq, fiq)):
            found = sum(wire.level << n for n, wire in enumerate(wires))
            if found != levels:
                return f"{name} of the CPUs is {found:#b}, the manual says {levels:#b}"
        return None


def one(random: Random, accesses: int = EACH) -> Counter[str]:
    """Makes accesses to one machine; AssertionError where the model is wrong."""
    tried: Counter[str] = Counter()
    cpus = random.choice((1, 2, 3, 8))
    pair, last = Pair(cpus), deque[Access](maxlen=12)
    for access in islice(traffic(random, cpus, pair.taken), accesses):
        last.append(access)
        wrong = pair.do(access)
        assert wrong is None, f"{cpus} CPUs: {wrong}\n" + "\n".join(map(str, last))
        tried[
            "moves of lines" if access.frame is None else "reads" if access.value is None else "writes"
        ] += 1
    tried["interrupts taken"] += pair.oracle.acknowledged
    return tried


if __name__ == "__main__":
    from campaign import main

    sys.exit(main("GIC accesses", one, count=50))
