# SPDX-License-Identifier: MIT
"""Priority masking, grouping, preemption and the two groups (IHI 0048B, 3.3 and 4.4)."""

from __future__ import annotations

import pytest
from gic_manual import ACK_CTL, CBPR, EOI_MODE, FIQ_EN, GRP0, GRP1, OTHER_GROUP, SPURIOUS, Driver, driver

BOTH_GROUPS = GRP0 | GRP1


def pend(d: Driver, intid: int, priority: int) -> None:
    d.set_byte("GICD_IPRIORITYR", intid, priority)
    d.gic.set_line(intid, True)


@pytest.mark.parametrize(("pmr", "taken"), [(0x00, False), (0x80, False), (0x88, True), (0xFF, True)])
def test_priority_mask(pmr: int, taken: bool) -> None:
    """3.3.2: only a priority higher (a value lower) than PMR is signalled; HPPIR shows it all the same."""
    d = driver()
    d.write("GICC_PMR", pmr)
    pend(d, 50, 0x80)
    assert d.irq == int(taken)
    assert d.read("GICC_HPPIR") == 50
    assert d.ack() == (50 if taken else SPURIOUS)


@pytest.mark.parametrize(
    ("bits", "written", "kept"),
    [(4, 0xFF, 0xF0), (5, 0xFF, 0xF8), (6, 0x87, 0x84), (7, 0xFF, 0xFE), (8, 0x01, 0x01)],
)
def test_implemented_priority_bits(bits: int, written: int, kept: int) -> None:
    """3.3: unimplemented low bits are RAZ/WI in GICD_IPRIORITYR and GICC_PMR."""
    d = driver(priority_bits=bits)
    d.set_byte("GICD_IPRIORITYR", 40, written)
    d.write("GICC_PMR", written)
    assert d.gic.state(40).priority == kept
    assert d.read("GICC_PMR") == kept


@pytest.mark.parametrize(("bits", "minimum"), [(4, 3), (5, 2), (6, 1), (7, 0), (8, 0)])
def test_minimum_binary_points(bits: int, minimum: int) -> None:
    """4.4.3, 4.4.8: a value below the minimum becomes it; ABPR's is one higher."""
    d = driver(priority_bits=bits)
    for value in range(8):
        d.write("GICC_BPR", value)
        d.write("GICC_ABPR", value)
        assert d.read("GICC_BPR") == max(value, minimum)
        assert d.read("GICC_ABPR") == max(value, minimum + 1)


@pytest.mark.parametrize(
    ("binary_point", "active", "pending", "preempts"),
    [
        (2, 0x80, 0x80, False),
        (2, 0x80, 0x78, True),
        (3, 0x88, 0x80, False),
        (3, 0x80, 0x78, True),
        (4, 0x98, 0x80, False),
        (4, 0x80, 0x78, True),
        (5, 0xB8, 0x80, False),
        (5, 0x80, 0x78, True),
        (6, 0xF0, 0x80, False),
        (6, 0x80, 0x78, True),
        (7, 0xF0, 0x00, False),
    ],
)
def test_preemption(binary_point: int, active: int, pending: int, preempts: bool) -> None:
    """3.3.3: group priority, bits [7:BPR+1], preempts; with 7 nothing does. Sub-priority only orders the queue."""
    d = driver()
    d.write("GICC_BPR", binary_point)
    pend(d, 50, active)
    assert d.ack() == 50
    pend(d, 51, pending)
    assert d.irq == int(preempts)
    assert d.ack() == (51 if preempts else SPURIOUS)
    if not preempts and pending < active:
        d.eoi(50)
        assert d.ack() == 51, "the more urgent first, once the other is done"


@pytest.mark.parametrize(
    ("abpr", "bpr", "ctlr", "preempts"),
    [
        (3, 7, 0, True),
        (7, 2, 0, False),
        (3, 7, CBPR, False),
        (7, 2, CBPR, True),
    ],
)
def test_group_1_has_its_own_binary_point(abpr: int, bpr: int, ctlr: int, preempts: bool) -> None:
    """4.4.8: ABPR divides Group 1's priorities unless CBPR gives BPR to both; ABPR n splits as BPR n-1."""
    d = driver(ctlr=BOTH_GROUPS | ACK_CTL | ctlr)
    d.write("GICC_ABPR", abpr)
    d.write("GICC_BPR", bpr)
    for intid in (50, 51):
        d.set_group1(intid)
    pend(d, 50, 0xC8)
    assert d.ack() == 50
    pend(d, 51, 0xC0)
    assert d.irq == int(preempts)


@pytest.mark.parametrize(
    ("enabled", "taken"), [(GRP0, SPURIOUS), (GRP1, 50), (BOTH_GROUPS, 50), (0, SPURIOUS)]
)
def test_a_group_disabled_in_the_cpu_interface_hides_the_other(enabled: int, taken: int) -> None:
    """4.4.1, 4.4.4: it signals the highest-priority pending interrupt if that one's group is enabled, or none."""
    d = driver(ctlr=enabled | ACK_CTL)
    d.set_group1(50)
    pend(d, 50, 0x10)
    pend(d, 51, 0x80)
    assert d.irq == (taken == 50)
    assert d.read("GICC_HPPIR") == 50, "whatever is signalled (IMPLEMENTATION DEFINED, 4.4.7)"
    assert d.ack() == taken
    d.set_byte("GICD_IPRIORITYR", 50, 0x90)
    if enabled == GRP0:
        assert d.ack() == 51


def test_a_disabled_group_is_spurious_before_it_is_another_group() -> None:
    """4.4.4: 1023, not 1022, for Group 1 that the interface does not signal."""
    d = driver()
    d.set_group1(50)
    pend(d, 50, 0x80)
    assert d.ack() == SPURIOUS
    d.write("GICC_CTLR", BOTH_GROUPS)
    assert d.ack() == OTHER_GROUP


def test_running_priority_nests() -> None:
    """4.4.6: RPR is the highest active priority, 0xFF when idle; each EOIR uncovers the one below."""
    d = driver()
    assert d.read("GICC_RPR") == 0xFF
    for intid, priority in ((50, 0xC0), (51, 0x80), (52, 0x40)):
        pend(d, intid, priority)
        assert d.ack() == intid
        assert d.read("GICC_RPR") == priority
    assert d.read("GICC_APR") == 1 << 0x18 | 1 << 0x10 | 1 << 0x08
    for intid, below in ((52, 0x80), (51, 0xC0), (50, 0xFF)):
        d.gic.set_line(intid, False)
        d.eoi(intid)
        assert d.read("GICC_RPR") == below


def test_active_priorities_are_per_group() -> None:
    """4.4.12, 4.4.13: Group 0 in APR, Group 1 in NSAPR; both count for RPR; both can be restored."""
    d = driver(ctlr=BOTH_GROUPS | ACK_CTL)
    d.set_group1(50)
    pend(d, 50, 0x80)
    pend(d, 51, 0x40)
    assert d.ack() == 51
    d.eoi(51)
    d.gic.set_line(51, False)
    assert d.ack() == 50
    assert (d.read("GICC_APR"), d.read("GICC_NSAPR")) == (0, 1 << 0x10)
    d.write("GICC_NSAPR", 0)
    assert d.read("GICC_RPR") == 0xFF
    d.write("GICC_APR", 1 << 0x10)
    assert d.read("GICC_RPR") == 0x80


def test_active_priorities_of_eight_bits_fill_four_registers() -> None:
    """4.4.12: 128 preemption levels."""
    d = driver(priority_bits=8)
    pend(d, 50, 0xFC)
    assert d.ack() == 50
    assert [d.read("GICC_APR", n) for n in range(4)] == [0, 0, 0, 1 << 30]
    assert d.read("GICC_RPR") == 0xFC


# What each register gives for a highest-priority pending interrupt of each group (4.4.4, 4.4.7, 4.4.9, 4.4.11)
SEEN = [
    (0, 0, 50, SPURIOUS),
    (0, ACK_CTL, 50, SPURIOUS),
    (1, 0, OTHER_GROUP, 50),
    (1, ACK_CTL, 50, 50),
]


@pytest.mark.parametrize(("group", "ack_ctl", "plain", "aliased"), SEEN)
def test_which_group_a_register_shows(group: int, ack_ctl: int, plain: int, aliased: int) -> None:
    """1022 where only Group 1 is pending and AckCtl is 0; the aliased registers show Group 1 alone."""
    for iar, hppir, expected in (("GICC_IAR", "GICC_HPPIR", plain), ("GICC_AIAR", "GICC_AHPPIR", aliased)):
        d = driver(ctlr=BOTH_GROUPS | ack_ctl)
        if group:
            d.set_group1(50)
        pend(d, 50, 0x80)
        assert d.read(hppir) == expected
        assert d.read(iar) == expected
        assert d.gic.state(50).active == (expected == 50)


def test_nothing_pending_is_1023_in_both() -> None:
    d = driver(ctlr=BOTH_GROUPS)
    for register in ("GICC_IAR", "GICC_AIAR", "GICC_HPPIR", "GICC_AHPPIR"):
        assert d.read(register) == SPURIOUS


def test_1022_needs_sufficient_priority() -> None:
    """4.4.4: a masked interrupt gives 1023 whatever its group."""
    d = driver(ctlr=BOTH_GROUPS)
    d.set_group1(50)
    pend(d, 50, 0x80)
    d.write("GICC_PMR", 0x40)
    assert d.ack() == SPURIOUS
    assert d.read("GICC_HPPIR") == OTHER_GROUP


@pytest.mark.parametrize(
    ("group", "fiq_en", "irq", "fiq"), [(0, 0, 1, 0), (0, FIQ_EN, 0, 1), (1, 0, 1, 0), (1, FIQ_EN, 1, 0)]
)
def test_fiqen(group: int, fiq_en: int, irq: int, fiq: int) -> None:
    """4.4.1: Group 0 by FIQ if FIQEn, Group 1 always by IRQ."""
    d = driver(ctlr=BOTH_GROUPS | fiq_en)
    if group:
        d.set_group1(50)
    pend(d, 50, 0x80)
    assert (d.irq, d.fiq) == (irq, fiq)


def test_aeoir_ends_group_1_only() -> None:
    """4.4.10."""
    d = driver(ctlr=BOTH_GROUPS)
    pend(d, 50, 0x80)
    assert d.ack() == 50
    d.write("GICC_AEOIR", 50)
    assert d.gic.state(50).active
    d.eoi(50)
    d.gic.set_line(50, False)
    d.set_group1(51)
    pend(d, 51, 0x80)
    assert d.read("GICC_AIAR") == 51
    d.write("GICC_AEOIR", 51)
    assert not d.gic.state(51).active
    assert d.read("GICC_RPR") == 0xFF


def test_an_sgi_in_hppir_names_its_source() -> None:
    """4.4.7."""
    d = driver(2)
    d.sgi(4, 1, cpu=1)
    assert d.read("GICC_HPPIR") == 4 | 1 << 10
    assert d.irq == 1, "reading it takes nothing"


def test_dropped_priority_lets_a_threaded_interrupt_wait() -> None:
    """3.2.1: many interrupts of one priority may be active at once with EOImode 1."""
    d = driver(ctlr=GRP0 | EOI_MODE)
    for intid in (50, 51, 52):
        d.gic.set_line(intid, True)
        assert d.ack() == intid
        d.eoi(intid)
    assert d.read("GICD_ISACTIVER", 1) == 0b111 << 18
    assert d.ack() == SPURIOUS
