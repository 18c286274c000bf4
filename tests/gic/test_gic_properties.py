# SPDX-License-Identifier: MIT
"""What holds under any traffic (IHI 0048B, chapter 3), against an oracle that states the manual a second time."""

from __future__ import annotations

import copy
import pickle
import random
from collections import Counter

import pytest
from gic_manual import ACK_CTL, CBPR, EOI_MODE, FIQ_EN, GRP0, GRP1, Driver, driver, levels
from gic_oracle import OTHER_GROUP, SPURIOUS, Oracle
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.gic import Frame, Gic

CPUS = 3
SPIS = range(32, 64)
LINES = st.sampled_from([20, 27, 33, 40, 63])
INTIDS = st.sampled_from([0, 5, 20, 27, 33, 40, 63])
CPU = st.integers(0, CPUS - 1)
PRIORITY = st.sampled_from([0x00, 0x40, 0x48, 0x50, 0x80, 0xF0, 0xF8])

STEP = st.one_of(
    st.tuples(st.just("line"), CPU, LINES, st.booleans()),
    st.tuples(st.just("pulse"), CPU, LINES),
    st.tuples(st.just("sgi"), CPU, st.sampled_from([0, 5]), st.integers(0, 7)),
    st.tuples(st.just("ack"), CPU),
    st.tuples(st.just("ack"), CPU),
    st.tuples(st.just("eoi"), CPU, INTIDS),
    st.tuples(st.just("eoi last"), CPU),
    st.tuples(st.just("dir"), CPU, INTIDS),
    st.tuples(st.just("priority"), CPU, INTIDS, PRIORITY),
    st.tuples(st.just("enable"), CPU, LINES, st.booleans()),
    st.tuples(st.just("pend"), CPU, LINES, st.booleans()),
    st.tuples(st.just("active"), CPU, INTIDS, st.booleans()),
    st.tuples(st.just("group 1"), CPU, INTIDS),
    st.tuples(st.just("edge"), CPU, LINES),
    st.tuples(st.just("targets"), CPU, st.sampled_from([33, 40, 63]), st.integers(0, 7)),
    st.tuples(st.just("pmr"), CPU, PRIORITY),
    st.tuples(st.just("bpr"), CPU, st.integers(2, 7), st.integers(3, 7)),
    st.tuples(st.just("ctlr"), CPU, st.integers(0, 31), st.booleans()),
    st.tuples(st.just("forward"), CPU, st.integers(0, 3)),
)
Step = tuple[object, ...]


class Pair:
    """The model and the oracle under the same traffic."""

    def __init__(self) -> None:
        self.model = driver(CPUS, ctlr=GRP0 | GRP1, intids=64)
        self.oracle = Oracle(CPUS, SPIS)
        self.taken: list[list[int]] = [[] for _ in range(CPUS)]

    def apply(self, what: str, cpu: int, *args: int) -> None:
        getattr(self, "do_" + what.replace(" ", "_"))(cpu, *args)

    def do_line(self, cpu: int, intid: int, level: int) -> None:
        self.model.gic.set_line(intid, bool(level), cpu)
        self.oracle.set_line(intid, bool(level), cpu)

    def do_pulse(self, cpu: int, intid: int) -> None:
        self.do_line(cpu, intid, True)
        self.do_line(cpu, intid, False)

    def do_sgi(self, cpu: int, intid: int, targets: int) -> None:
        self.model.sgi(intid, targets, cpu)
        self.oracle.sgi(cpu, targets, intid)

    def do_ack(self, cpu: int) -> None:
        value = self.model.ack(cpu)
        assert value == self.oracle.acknowledge(cpu)
        if value < OTHER_GROUP:
            self.taken[cpu].append(value)

    def do_eoi(self, cpu: int, intid: int) -> None:
        self.model.eoi(intid, cpu)
        self.oracle.end(cpu, intid)

    def do_eoi_last(self, cpu: int) -> None:
        if self.taken[cpu]:
            self.do_eoi(cpu, self.taken[cpu].pop() & 0x3FF)

    def do_dir(self, cpu: int, intid: int) -> None:
        self.model.dir(intid, cpu)
        self.oracle.deactivate(cpu, intid)

    def do_priority(self, cpu: int, intid: int, priority: int) -> None:
        self.model.set_byte("GICD_IPRIORITYR", intid, priority, cpu)
        self.oracle.find(intid, cpu).priority = priority

    def do_enable(self, cpu: int, intid: int, on: int) -> None:
        self.model.set_bit("GICD_ISENABLER" if on else "GICD_ICENABLER", intid, cpu)
        self.oracle.find(intid, cpu).enabled = bool(on)

    def do_pend(self, cpu: int, intid: int, on: int) -> None:
        self.model.set_bit("GICD_ISPENDR" if on else "GICD_ICPENDR", intid, cpu)
        self.oracle.find(intid, cpu).latch = bool(on)

    def do_active(self, cpu: int, intid: int, on: int) -> None:
        self.model.set_bit("GICD_ISACTIVER" if on else "GICD_ICACTIVER", intid, cpu)
        self.oracle.find(intid, cpu).active = bool(on)

    def do_group_1(self, cpu: int, intid: int) -> None:
        self.model.set_group1(intid, cpu)
        self.oracle.find(intid, cpu).group = 1

    def do_edge(self, cpu: int, intid: int) -> None:
        self.model.set_edge(intid, cpu)
        self.oracle.find(intid, cpu).edge = True

    def do_targets(self, cpu: int, intid: int, targets: int) -> None:
        self.model.set_byte("GICD_ITARGETSR", intid, targets, cpu)
        self.oracle.find(intid, cpu).targets = {n for n in range(CPUS) if targets >> n & 1}

    def do_pmr(self, cpu: int, priority: int) -> None:
        self.model.write("GICC_PMR", priority, cpu=cpu)
        self.oracle.cpus[cpu].pmr = priority

    def do_bpr(self, cpu: int, bpr: int, abpr: int) -> None:
        if self.oracle.cpus[cpu].running:
            return  # software sets the binary points before it takes interrupts
        self.model.write("GICC_BPR", bpr, cpu=cpu)
        self.model.write("GICC_ABPR", abpr, cpu=cpu)
        self.oracle.cpus[cpu].bpr, self.oracle.cpus[cpu].abpr = bpr, abpr

    def do_ctlr(self, cpu: int, bits: int, eoi_mode: int) -> None:
        c = self.oracle.cpus[cpu]
        if c.running:
            bits, eoi_mode = bits & ~CBPR | CBPR * c.cbpr, c.eoi_mode
        self.model.write("GICC_CTLR", bits | EOI_MODE * eoi_mode, cpu=cpu)
        c.groups = {group for group in (0, 1) if bits >> group & 1}
        c.ack_ctl, c.fiq_en, c.cbpr = bool(bits & ACK_CTL), bool(bits & FIQ_EN), bool(bits & CBPR)
        c.eoi_mode = bool(eoi_mode)

    def do_forward(self, cpu: int, bits: int) -> None:
        self.model.write("GICD_CTLR", bits, cpu=cpu)
        self.oracle.groups = {group for group in (0, 1) if bits >> group & 1}

    def agree(self) -> None:
        """Outputs, highest pending, running priority, and every interrupt's pending and active bits."""
        model, oracle = self.model, self.oracle
        assert (model.irq, model.fiq) == oracle.outputs()
        for cpu in range(CPUS):
            assert model.read("GICC_RPR", cpu=cpu) == oracle.rpr(cpu)
            assert model.read("GICC_HPPIR", cpu=cpu) == oracle.shown(cpu, oracle.best(cpu))
            for n in range(2):
                found = [oracle.find(32 * n + k, cpu) for k in range(32)]
                assert model.read("GICD_ISPENDR", n, cpu) == sum(i.pending << k for k, i in enumerate(found))
                assert model.read("GICD_ISACTIVER", n, cpu) == sum(i.active << k for k, i in enumerate(found))


@settings(derandomize=True, deadline=None, max_examples=150)
@given(st.lists(STEP, min_size=20, max_size=80))
def test_the_model_agrees_with_the_manual_said_twice(steps: list[tuple[str, int]]) -> None:
    """3.2, 3.3: IAR is the highest-priority pending interrupt, RPR follows activations, outputs follow both."""
    pair = Pair()
    for step in steps:
        pair.apply(*step)
        pair.agree()


@settings(derandomize=True, deadline=None, max_examples=60)
@given(st.lists(STEP, max_size=30), st.lists(STEP, max_size=10))
def test_a_copy_lives_on_alike(before: list[tuple[str, int]], after: list[tuple[str, int]]) -> None:
    """A deep copy and a pickle are equal, and go the same way afterwards; a change makes them differ."""
    pair = Pair()
    for step in before:
        pair.apply(*step)
    copies = [copy.deepcopy(pair), copy.deepcopy(pair)]
    copies[1].model.gic = pickle.loads(pickle.dumps(pair.model.gic))
    for step in after:
        pair.apply(*step)
        for other in copies:
            other.apply(*step)
            other.agree()
    assert copies[0].model.gic == copies[1].model.gic == pair.model.gic
    copies[0].model.write("GICC_PMR", 0x10)
    copies[1].model.write("GICC_PMR", 0x20)
    assert copies[0].model.gic != copies[1].model.gic


def test_random_traffic_loses_and_doubles_nothing() -> None:
    """3.2.3, 3.2.4: of 20,000 edges on four SPIs for all CPUs, each is taken exactly once, somewhere."""
    rng = random.Random(3)
    d = driver(CPUS, ctlr=GRP0 | EOI_MODE)
    spis = [40, 41, 42, 43]
    for intid in spis:
        d.set_edge(intid)
        d.set_byte("GICD_ITARGETSR", intid, 0b111)
        d.set_byte("GICD_IPRIORITYR", intid, 0x40 + 0x20 * (intid & 1))
    raised, taken = Counter[int](), Counter[int]()
    held: list[list[int]] = [[] for _ in range(CPUS)]
    waiting: set[int] = set()  # priority dropped, still active
    for _ in range(20_000):
        intid, cpu = rng.choice(spis), rng.randrange(CPUS)
        if not d.bit("GICD_ISPENDR", intid):
            d.pulse(intid)
            raised[intid] += 1
        if rng.random() < 0.5:
            value = d.ack(cpu)
            if value != SPURIOUS:
                taken[value] += 1
                held[cpu].append(value)
        elif held[cpu]:
            value = held[cpu].pop()
            d.eoi(value, cpu)
            waiting.add(value)
        if waiting and rng.random() < 0.5:
            value = min(waiting)
            waiting.remove(value)
            d.dir(value, rng.randrange(CPUS))
    still = {intid: int(d.bit("GICD_ISPENDR", intid)) for intid in spis}
    assert {intid: taken[intid] + still[intid] for intid in spis} == raised
    assert min(taken.values()) > 500


def test_hardware_interrupts_reach_the_guest_once_each() -> None:
    """5.2.3: under list registers fewer than interrupts, every edge is taken by EL2 once and by the guest once."""
    rng = random.Random(5)
    d = driver(ctlr=GRP0 | EOI_MODE, list_registers=3)
    d.write("GICH_HCR", 1)
    d.write("GICV_CTLR", GRP0)
    d.write("GICV_PMR", 0xF8)
    spis = range(40, 48)
    for intid in spis:
        d.set_edge(intid)
        d.set_byte("GICD_IPRIORITYR", intid, 0x80)
    raised, taken = Counter[int](), Counter[int]()
    handling: list[int] = []
    for _ in range(20_000):
        intid = rng.choice(spis)
        match rng.randrange(4):
            case 0 if not d.bit("GICD_ISPENDR", intid):
                d.pulse(intid)
                raised[intid] += 1
            case 1 if d.irq and d.read("GICH_ELRSR"):
                free = d.read("GICH_ELRSR")
                value = d.ack()
                d.eoi(value)
                priority = rng.choice((0x40, 0x80, 0xC0))
                lr = 1 << 31 | 1 << 28 | priority << 20 | value << 10 | value
                d.write("GICH_LR", lr, (free & -free).bit_length() - 1)
            case 2 if d.virq:
                handling.append(d.read("GICV_IAR"))
                taken[handling[-1]] += 1
            case 3 if handling:
                d.write("GICV_EOIR", handling.pop())
    pending = {lr & 0x3FF for lr in (d.read("GICH_LR", n) for n in range(3)) if lr >> 28 & 3 == 1}
    assert all(raised[n] == taken[n] + (n in pending) + d.bit("GICD_ISPENDR", n) for n in spis)
    assert min(taken[n] for n in spis) > 50
    assert d.read("GICH_HCR") == 1, "no end missed its list register"


def outputs(gic: Gic) -> tuple[int, ...]:
    return tuple(levels(wires) for wires in (gic.irq, gic.fiq, gic.virq, gic.vfiq, gic.maintenance))


def expected_outputs(gic: Gic) -> tuple[int, ...]:
    """All outputs computed afresh, by a copy that is made to look again."""
    again = copy.deepcopy(gic)
    for cpu in range(gic.config.cpus):
        again.write(Frame.GICC, cpu, 0x004, 4, again.read(Frame.GICC, cpu, 0x004, 4))
        again.write(Frame.GICV, cpu, 0x004, 4, again.read(Frame.GICV, cpu, 0x004, 4))
    return outputs(again)


@pytest.mark.parametrize(("cpus", "intids", "list_registers"), [(1, 32, 1), (3, 96, 4), (8, 1020, 64)])
def test_random_accesses_raise_nothing(cpus: int, intids: int, list_registers: int) -> None:
    """Whatever a guest does, the model answers: 100,000 accesses in all, of every frame and size, and lines."""
    rng = random.Random(cpus)
    gic = Gic(cpus, intids, list_registers=list_registers)
    frames = list(Frame)
    for n in range(34_000):
        frame, cpu, size = rng.choice(frames), rng.randrange(cpus), rng.choice((1, 2, 4, 4, 4, 4, 8))
        end = rng.choice((0x20, 0x200, 0x1010, 0x20000))
        offset = rng.randrange(end) & (-size if rng.random() < 0.9 else -1)
        if rng.random() < 0.5:
            value = gic.read(frame, cpu, offset, size)
            assert 0 <= value < 1 << 8 * size
        else:
            gic.write(frame, cpu, offset, size, rng.getrandbits(64) & rng.getrandbits(64))
        if rng.random() < 0.2:
            gic.set_line(rng.randrange(16, intids), rng.random() < 0.5, cpu)
        if n % 500 == 0:
            assert outputs(gic) == expected_outputs(gic)


@settings(derandomize=True, deadline=None, max_examples=100)
@given(
    st.lists(
        st.tuples(st.integers(16, 1019), st.sampled_from(range(0, 0xF8, 8))),
        max_size=8,
        unique_by=lambda p: p[0],
    ),
    st.integers(2, 7),
)
def test_a_guest_takes_its_list_registers_by_priority(interrupts: list[tuple[int, int]], bpr: int) -> None:
    """5.2: every virtual interrupt exactly once, most urgent first; RPR is each one's group priority."""
    d = Driver(Gic(list_registers=8))
    d.write("GICH_HCR", 1)
    d.write("GICV_CTLR", GRP0)
    d.write("GICV_PMR", 0xF8)
    d.write("GICV_BPR", bpr)
    for n, (intid, priority) in enumerate(interrupts):
        d.write("GICH_LR", 1 << 28 | priority << 20 | intid, n)
    seen = []
    for _ in interrupts:
        intid = d.read("GICV_IAR")
        assert d.read("GICV_RPR") == dict(interrupts)[intid] >> bpr + 1 << bpr + 1
        d.write("GICV_EOIR", intid)
        seen.append(intid)
    assert d.virq == 0
    assert sorted(seen) == sorted(intid for intid, _ in interrupts)
    assert [dict(interrupts)[intid] for intid in seen] == sorted(priority for _, priority in interrupts)
    assert d.read("GICH_ELRSR") == 0xFF
