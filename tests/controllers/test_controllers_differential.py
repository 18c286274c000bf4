# SPDX-License-Identifier: MIT
"""The same program of GIC accesses gives a guest the same answers from the hardware and from both emulations.

Random programs, seeded: two vCPUs configure, raise, send, acknowledge, nest and end interrupts, and read back
the registers. They let every vCPU run after an interrupt has been raised, and look at the distributor between two
edges of one interrupt, and after a level fell: an emulation sees what a device did when EL2 looks.
"""

from __future__ import annotations

from functools import cache
from random import Random

import pytest
from gic_guest import (
    ABPR,
    BPR,
    CPENDSGIR,
    CTLR,
    DIR,
    EOIR,
    GICC_CTLR,
    HPPIR,
    IAR,
    ICACTIVER,
    ICENABLER,
    ICFGR,
    ICPENDR,
    IGROUPR,
    IPRIORITYR,
    ISACTIVER,
    ISENABLER,
    ISPENDR,
    ITARGETSR,
    LOWER,
    PMR,
    PULSE,
    RAISE,
    RPR,
    SGIR,
    SPENDSGIR,
    Entry,
    GicGuest,
    load32,
    store8,
    store32,
)
from thorough import every

SPIS = tuple(range(40, 48))
EDGES = SPIS[4:]
PPI = 20
GRP0, GRP1, ACK_CTL, FIQ_EN, CBPR, EOI_MODE = 1, 2, 4, 8, 16, 0x200  # of GICC_CTLR
STEPS = 120
PROGRAMS = 12


def priority(random: Random) -> int:
    """Any but the lowest, which no GICC_PMR lets through."""
    return random.randrange(0xF8)


def setup(random: Random) -> list[Entry]:
    """Everything enabled, with random priorities, groups and targets; half of the SPIs edge-triggered."""
    entries = [store32(0, ICFGR + 4 * 2, sum(2 << 2 * (n % 16) for n in EDGES))]
    for cpu in (0, 1):
        entries += [store8(cpu, IPRIORITYR + n, priority(random)) for n in (*range(4), PPI)]
        entries += [
            store32(cpu, ISENABLER, 1 << PPI),
            store32(cpu, IGROUPR, random.getrandbits(4) | 1 << PPI),
        ]
    for n in SPIS:
        entries += [
            store8(0, IPRIORITYR + n, priority(random)),
            store8(0, ITARGETSR + n, random.choice((1, 2))),
        ]
    entries += [store32(0, IGROUPR + 4, random.getrandbits(32)), store32(0, ISENABLER + 4, 0xFFFF_FFFF)]
    return entries


class Program:
    """Runs random steps on one machine, choosing by a generator and by what the GIC answered alone."""

    def __init__(self, controller: str, seed: int, list_registers: int, *, roomy: bool) -> None:
        self.guest = GicGuest(controller, 2, list_registers=list_registers)
        self.random = Random(seed)
        self.roomy = roomy
        self.split = self.random.random() < 0.3
        self.cbpr = [0, 0]
        self.log: list[tuple[str, tuple[int, ...]]] = []
        self.taken: tuple[list[int], list[int]] = ([], [])  # by CPU: acknowledged, priority not dropped
        self.dropped: tuple[list[int], list[int]] = ([], [])  # and not deactivated
        self.guest.execute(setup(self.random))
        if self.split:
            for cpu in (0, 1):
                self.guest.store(GICC_CTLR, 0x207, cpu)

    def run(self) -> list[tuple[str, tuple[int, ...]]]:
        for _ in range(STEPS):
            step = self.random.choices(
                (self.acknowledge, self.end, self.signal, self.change, self.look), (30, 25, 30, 15, 5)
            )[0]
            cpu = self.random.randrange(2)
            step(cpu)
            self.observe(cpu)
        for cpu in (0, 1):
            while self.taken[cpu] or self.dropped[cpu]:
                self.end(cpu)
        return self.log

    def tell(self, what: str, *entries: Entry) -> list[int]:
        """Do it, and let each vCPU run; note the answers and the interrupt inputs."""
        results = self.guest.execute([*entries, *self.guest.everybody()])
        values = [result.value for result in results[: len(entries)]]
        inputs = [level for result in results[-2:] for level in (result.line, result.fiq)]
        self.log.append((what, (*values, *inputs)))
        return values

    def observe(self, cpu: int) -> None:
        words = (ISPENDR, ISPENDR + 4, ISACTIVER, ISACTIVER + 4)
        self.tell(f"cpu {cpu} sees", *(load32(cpu, at) for at in (*words, HPPIR, RPR)))

    def acknowledge(self, cpu: int) -> None:
        (iar,) = self.tell(f"cpu {cpu} IAR", load32(cpu, IAR))
        if iar & 0x3FF < 1020:
            self.taken[cpu].append(iar)

    def end(self, cpu: int) -> None:
        """In the order of nesting; a second step, of the split end, in any order."""
        dropped = self.dropped[cpu]
        if dropped and (not self.taken[cpu] or self.random.random() < 0.5):
            iar = dropped.pop(self.random.randrange(len(dropped)))
            self.tell(f"cpu {cpu} DIR {iar}", store32(cpu, DIR, iar))
        elif self.taken[cpu]:
            iar = self.taken[cpu].pop()
            self.tell(f"cpu {cpu} EOIR {iar}", store32(cpu, EOIR, iar))
            if self.split:
                dropped.append(iar)

    def signal(self, cpu: int) -> None:
        intid = self.random.choice(SPIS)
        match self.random.randrange(6):
            case 0 | 1:
                value = self.random.randrange(4) << 16 | self.random.choice((0, 0, 1, 2)) << 24
                self.tell(f"cpu {cpu} SGIR", store32(cpu, SGIR, value | self.random.randrange(4)))
            case 2 | 3 if intid in EDGES:
                self.tell(f"pulse {intid}", store32(cpu, PULSE, intid))
            case 2 | 3:
                self.tell(f"raise {intid}", store32(cpu, RAISE, intid))
            case 4:
                if intid not in EDGES:
                    self.tell(f"lower {intid}", store32(cpu, LOWER, intid), load32(cpu, ISPENDR + 4))
            case 5:
                bits = self.random.choice((1 << PPI, 1 << intid % 32))
                register = self.random.choice((ISPENDR, ICPENDR)) + (4 if bits == 1 << intid % 32 else 0)
                self.tell(f"cpu {cpu} pending {register:#x} {bits:#x}", store32(cpu, register, bits))

    def change(self, cpu: int) -> None:
        intid, byte = self.random.choice(SPIS), priority(self.random)
        entries = [
            store32(cpu, ICENABLER + 4, 1 << intid % 32),
            store32(cpu, ISENABLER + 4, 0xFFFF_FFFF),
            store8(cpu, IPRIORITYR + intid, byte),
            store8(cpu, ITARGETSR + intid, self.random.choice((1, 2))),
            store32(cpu, CTLR, self.random.choice((0, 1, 2, 3, 3, 3))),
            store32(cpu, PMR, self.random.choice((byte, 0xF8, 0xF8))),
            store8(cpu, CPENDSGIR + byte % 4, 3),
            store8(cpu, SPENDSGIR + byte % 4, 1 + byte % 3),
            store32(cpu, IGROUPR + 4, self.random.getrandbits(32)),
        ]
        entries += [self.control(cpu)] * 2
        if self.roomy or not self.taken[cpu]:
            entries += [store32(cpu, self.random.choice((BPR, ABPR)), byte % 8)] * 2
        if self.roomy:
            register = self.random.choice((ISACTIVER, ICACTIVER))
            entries += [store32(cpu, register + 4, 1 << intid % 32)] * 2
        entry = self.random.choice(entries)
        if entry.address == GICC_CTLR:
            self.cbpr[cpu] = entry.value & CBPR
        self.tell(f"{entry}", entry)

    def control(self, cpu: int) -> Entry:
        """GICC_CTLR: its enables, AckCtl, FIQEn and CBPR."""
        enables = self.random.choice((GRP0, GRP1, GRP0 | GRP1, GRP0 | GRP1, GRP0 | GRP1))
        ack_ctl = self.random.choice((0, ACK_CTL, ACK_CTL, ACK_CTL))
        fiq_en, cbpr = self.random.choice((0, FIQ_EN)), self.random.choice((0, CBPR))
        if not self.roomy and self.taken[cpu]:
            cbpr = self.cbpr[cpu]
        return store32(cpu, GICC_CTLR, enables | ack_ctl | fiq_en | cbpr | EOI_MODE * self.split)

    def look(self, cpu: int) -> None:
        distributor = (IPRIORITYR + 40, ITARGETSR + 44, ISENABLER + 4, CPENDSGIR, CTLR, ICFGR + 8)
        at = self.random.choice((*distributor, GICC_CTLR, PMR, BPR, ABPR))
        self.tell(f"cpu {cpu} reads {at:#x}", load32(cpu, at))


@cache
def hardware(seed: int, *, roomy: bool) -> list[tuple[str, tuple[int, ...]]]:
    """What the physical GIC says."""
    return Program("gicv2", seed, 4, roomy=roomy).run()


@pytest.mark.parametrize("list_registers", [1, 2, 4])
@pytest.mark.parametrize("seed", every(range(PROGRAMS), 3))
def test_a_random_program_sees_one_gic(seed: int, list_registers: int) -> None:
    """IHI 0048B, 5.1: a virtual machine sees a GIC, whatever stands behind it.

    With few list registers the programs write no active bits, and no binary point while something is active:
    GICH_HCR.EOICount does not say which one has ended (docs/deviations.md, `vgic-eoi-count`).
    """
    roomy = list_registers == 4
    program = Program("vgic", seed, list_registers, roomy=roomy)
    assert program.run() == hardware(seed, roomy=roomy)


@pytest.mark.parametrize("seed", every(range(PROGRAMS), 3))
def test_a_random_program_sees_one_gic_that_is_trapped(seed: int) -> None:
    """The same where every access is an exit."""
    assert Program("trap", seed, 4, roomy=True).run() == hardware(seed, roomy=True)


def test_the_programs_are_worth_running() -> None:
    """They take, and nest, SGIs, PPIs and SPIs."""
    logs = [hardware(seed, roomy=True) for seed in range(PROGRAMS)]
    iars = [values[0] for log in logs for what, values in log if what.endswith("IAR")]
    assert {iar & 0x3FF for iar in iars} >= {0, 1, 2, 3, PPI, *SPIS, 1023}
