# SPDX-License-Identifier: MIT
"""Random accesses to the GIC by a guest on two CPUs, here and under QEMU: every value that is read, and ISR_EL1.

Where QEMU is known to differ (docs/deviations.md) an access is not made, or ISR_EL1 not compared; each place says
by which difference. Priorities have eight bits, as QEMU's. A case is a table of 2,000 accesses or a few more:
`python tests/fuzz/fuzz_gic_qemu.py --count 500` makes a million.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random
from struct import Struct
from typing import NamedTuple

from harness import Machine, StopReason, until
from harness.build import load
from harness.gic import Frame, Gic
from harness.image import Program, Segment

sys.path += [str(Path(__file__).parent), str(Path(__file__).parents[1] / "qemu")]

from differential import elf

QEMU = shutil.which("qemu-system-aarch64")
CPUS, EACH = 2, 2_000
TABLE, GICD, GICC, END = 0x4200_0000, 0x0800_0000, 0x0801_0000, 0xFF
ENTRY = Struct("<BBxxIII")
SPIS = (33, 40, 41, 42, 63, 64, 200)
SGIS = (0, 1, 5, 15)
PRIORITIES = (0x00, 0x10, 0x40, 0x41, 0x48, 0x80, 0xA0, 0xF0)
SHOWN = (0x000, 0x080, 0x084, 0x100, 0x104, 0x180, 0x200, 0x204, 0x208, 0x284, 0x300, 0x304, 0x380, 0xC08)
SHOWN += (0xF14, 0xF20)


class Access(NamedTuple):
    """One access: a load where `value` is None."""

    cpu: int
    address: int
    size: int
    value: int | None

    def __str__(self) -> str:
        what = "load" if self.value is None else f"store {self.value:#x}"
        return f"CPU{self.cpu}: {self.address:#010x}, {self.size} bytes: {what}"


class Generator:
    """Makes accesses that QEMU is to answer as the manual does; a model of the GIC goes along."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.model = Gic(CPUS, 288, priority_bits=8)
        self.taken: list[list[int]] = [[] for _ in range(CPUS)]  # and not ended, the last one last
        self.accesses: list[Access] = []
        self.compared: list[bool] = []  # whether ISR_EL1 is, after each access

    def make(self, count: int) -> None:
        """Sets the GIC up, and makes so many accesses."""
        for cpu in range(CPUS):
            for address, value in ((GICD, 3), (GICC, 7), (GICC + 4, 0xFF)):
                self._do(cpu, address, value)
        for spi in SPIS:
            self._do(0, GICD + 0x800 + spi, 1 << self.random.randrange(CPUS), 1)
        cpu = 0
        while len(self.accesses) < count:
            cpu = self.random.randrange(CPUS) if self.random.random() < 0.2 else cpu
            self._one(cpu)

    def _do(self, cpu: int, address: int, value: int | None = None, size: int = 4) -> int:
        frame, offset = (Frame.GICC, address - GICC) if address >= GICC else (Frame.GICD, address - GICD)
        self.accesses.append(Access(cpu, address, size, value))
        read = 0
        if value is None:
            read = self.model.read(frame, cpu, offset, size)
        else:
            self.model.write(frame, cpu, offset, size, value)
        self.compared.append(self._comparable(cpu))
        return read

    # Where the two are known to differ

    def _undecided(self, cpu: int) -> bool:
        """qemu-gic-binary-points: a priority that preempts as a whole or as a group priority, not as both."""
        interface = self.model.interfaces[cpu]
        priority, _, group = interface.hppi
        preempts = priority & interface.preempting[group] < interface.running
        return preempts != (priority < interface.running)

    def _comparable(self, cpu: int) -> bool:
        return not self._undecided(cpu)

    def _may_acknowledge(self, cpu: int) -> bool:
        """qemu-gic-1022 and gic-disabled-group, beside what is undecided."""
        interface = self.model.interfaces[cpu]
        _, intid, group = interface.hppi
        held = intid < 1020 and not interface.signalled
        return not self._undecided(cpu) and not (held and (group or not interface.ctlr >> group & 1))

    def _idle(self, intid: int) -> bool:
        """qemu-gic-retarget; and GICC_EOIR of one whose group has changed since is UNPREDICTABLE (4.4.5)."""
        state = self.model.state(intid)
        taken = any(value & 0x3FF == intid for own in self.taken for value in own)
        return not (state.pending or state.active or taken)

    # Accesses

    def _one(self, cpu: int) -> None:
        random = self.random
        kind = random.choices(
            ("take", "end", "show", "pend", "sgi", "spi", "sgi sources", "interface", "active"),
            (20, 24, 20, 14, 8, 14, 3, 5, 4),
        )[0]
        getattr(self, "_" + kind.replace(" ", "_"))(cpu)

    def _take(self, cpu: int) -> None:
        if self._may_acknowledge(cpu):
            value = self._do(cpu, GICC + 0x00C)
            if value < 1020 or value >= 1024:
                self.taken[cpu].append(value)

    def _end(self, cpu: int) -> None:
        if self.taken[cpu]:
            value = self.taken[cpu].pop()
            self._do(cpu, GICC + 0x010, value)
            if self.random.random() < 0.7:
                self._do(cpu, GICC + 0x1000, value)

    def _show(self, cpu: int) -> None:
        match self.random.randrange(6):
            case 0:
                self._do(cpu, GICC + self.random.choice((0x000, 0x004, 0x008, 0x01C)))
            case 1:
                self._do(cpu, GICC + 0x014)
            case 2:
                self._do(cpu, GICC + self.random.choice((0xD0, 0xE0)) + 4 * self.random.randrange(4))
            case 3:
                signalled, (_, intid, _) = (
                    self.model.interfaces[cpu].signalled,
                    self.model.interfaces[cpu].hppi,
                )
                if signalled and intid >= 16:  # qemu-gic-hppir, qemu-gic-hppir-source
                    self._do(cpu, GICC + 0x018)
            case 4:
                base = self.random.choice((0x400, 0x800))
                self._do(cpu, GICD + base + self.random.choice((*SPIS, *SGIS)), size=1)
            case _:
                self._do(cpu, GICD + self.random.choice(SHOWN))

    def _pend(self, cpu: int) -> None:
        """SPIs alone: qemu-gic-private."""
        spi = self.random.choice(SPIS)
        base = 0x200 if self.random.random() < 0.8 else 0x280
        self._do(cpu, GICD + base + spi // 32 * 4, 1 << spi % 32)

    def _sgi(self, cpu: int) -> None:
        """Neither CPUs that are absent nor the reserved filter: qemu-gic-targets, qemu-gic-sgir."""
        word = self.random.choice((0, 0, 1, 2)) << 24 | self.random.randrange(1 << CPUS) << 16
        self._do(cpu, GICD + 0xF00, word | self.random.choice(SGIS))

    def _sgi_sources(self, cpu: int) -> None:
        """Some source at least: QEMU 7.2 aborts at the acknowledge of an SGI that was made pending from no CPU."""
        base = self.random.choice((0xF10, 0xF20))
        self._do(cpu, GICD + base + self.random.choice(SGIS), self.random.randrange(1, 1 << CPUS), 1)

    def _spi(self, cpu: int) -> None:
        random, spi = self.random, self.random.choice(SPIS)
        match random.randrange(5):
            case 0:
                self._do(cpu, GICD + 0x400 + random.choice((*SPIS, *SGIS)), random.choice(PRIORITIES), 1)
            case 1 | 2:
                word = (0x100 if random.random() < 0.8 else 0x180) + spi // 32 * 4
                self._do(cpu, GICD + word, 1 << spi % 32)
            case 3 if self._idle(spi):
                self._do(cpu, GICD + 0x800 + spi, 1 << random.randrange(CPUS), 1)
            case 4 if self._idle(spi):
                register = GICD + 0x080 + spi // 32 * 4
                old = self.model.read(Frame.GICD, cpu, register - GICD, 4)
                self._do(cpu, register, old ^ 1 << spi % 32)

    def _interface(self, cpu: int) -> None:
        random = self.random
        match random.randrange(3):
            case 0:
                self._do(cpu, GICC + 0x004, random.choice((*PRIORITIES, *[0xFF] * 12)))
            case 1 if not self.taken[cpu]:
                self._do(cpu, GICC, random.choice((1, 3, 3, 7, 7, 7, 0xF, 0x207, 0x20F)))
            case 2 if not self.taken[cpu]:
                self._do(cpu, GICC + 0x008, point := random.randrange(7))
                self._do(cpu, GICC + 0x01C, random.choice((point + 1, random.randrange(8))))

    def _active(self, cpu: int) -> None:
        """GICD_ICACTIVERn alone: qemu-gic-active."""
        spi = self.random.choice(SPIS)
        self._do(cpu, GICD + 0x380 + spi // 32 * 4, 1 << spi % 32)


@cache
def guest() -> Program:
    """The interpreter of tables."""
    return load(Path(__file__).with_name("gic_guest.S"))


def table(accesses: list[Access]) -> bytes:
    """The accesses as the guest reads them."""
    rows = bytearray()
    for cpu, address, size, value in accesses:
        rows += ENTRY.pack(cpu, (2 if size == 1 else 0) + (value is not None), address, value or 0, 0)
    return bytes(rows) + ENTRY.pack(END, 0, 0, 0, 0)


def here(program: Program, size: int) -> bytes:
    """The table after the guest ran in a machine of ours."""
    with Machine(cpus=CPUS, controller="gicv2", like_qemu=True, quantum=50, ledger=False) as machine:
        machine.load(program)
        stop = machine.run(until.symbol("finished", cpu=0), limit=1000 * size)
        assert stop.reason is StopReason.UNTIL, stop.detail
        return machine.memory.read(TABLE, size)


def under_qemu(program: Program) -> bytes:
    """The table after the guest ran under QEMU."""
    assert QEMU is not None, "qemu-system-aarch64 is not installed"
    with tempfile.TemporaryDirectory() as directory:
        kernel = Path(directory) / "kernel"
        kernel.write_bytes(elf(program))
        command = [QEMU, "-M", "virt,gic-version=2", "-cpu", "cortex-a72", "-smp", str(CPUS), "-m", "128M"]
        command += ["-display", "none", "-nodefaults", "-semihosting", "-kernel", str(kernel)]
        subprocess.run(command, cwd=directory, timeout=120, check=True, stdin=subprocess.DEVNULL)
        return (Path(directory) / "results").read_bytes()


def compare(generator: Generator) -> None:
    """AssertionError where the two differ."""
    accesses = generator.accesses
    rows = table(accesses)
    segment = Segment(TABLE, rows, len(rows), executable=False)
    program = replace(guest(), segments=(*guest().segments, segment))
    size = ENTRY.size * len(accesses)
    ours, theirs = (list(ENTRY.iter_unpack(data)) for data in (here(program, size), under_qemu(program)))
    for n, (mine, his) in enumerate(zip(ours, theirs, strict=True)):
        last = slice(5 if generator.compared[n] else 4)
        if mine[last] != his[last]:
            past = "\n".join(
                f"  {accesses[k]}: {ours[k][3]:#x}, {theirs[k][3]:#x}; ISR_EL1 {ours[k][4]:#x}, {theirs[k][4]:#x}"
                for k in range(max(0, n - 15), n + 1)
            )
            raise AssertionError(f"access {n}: ours, QEMU's\n{past}")


def one(random: Random, accesses: int = EACH) -> Counter[str]:
    """Makes the accesses of one table; AssertionError where the two differ."""
    generator = Generator(random)
    generator.make(accesses)
    compare(generator)
    loads = sum(access.value is None for access in generator.accesses)
    stores = len(generator.accesses) - loads
    return Counter({"loads": loads, "stores": stores, "values of ISR_EL1": sum(generator.compared)})


if __name__ == "__main__":
    from campaign import main

    sys.exit(main("GIC accesses here and under QEMU", one, count=10))
