# SPDX-License-Identifier: MIT
"""Inactive, pending, active, active and pending: every transition of the figure in IHI 0048B, 3.2.4."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from gic_manual import EOI_MODE, GRP0, SPURIOUS, Driver, driver

INACTIVE, PENDING, ACTIVE, BOTH = (False, False), (True, False), (False, True), (True, True)
SGI, PPI_EDGE, PPI_LEVEL, SPI_EDGE, SPI_LEVEL = 3, 20, 27, 40, 41

Step = Callable[[Driver, int], object]


def machine(ctlr: int = GRP0) -> Driver:
    d = driver(2, ctlr=ctlr)
    d.set_edge(PPI_EDGE)
    d.set_edge(SPI_EDGE)
    return d


def state(d: Driver, intid: int) -> tuple[bool, bool]:
    """(pending, active), as the registers show it."""
    return d.bit("GICD_ISPENDR", intid), d.bit("GICD_ISACTIVER", intid)


def raise_(d: Driver, intid: int) -> None:
    """The interrupt's own way to become pending."""
    if intid < 16:
        d.sgi(intid, 1)
    elif intid in (PPI_EDGE, SPI_EDGE):
        d.pulse(intid)
    else:
        d.gic.set_line(intid, True)


def withdraw(d: Driver, intid: int) -> None:
    """The interrupt's own way to be no longer pending."""
    if intid < 16:
        d.set_byte("GICD_CPENDSGIR", intid, 0xFF)
    elif intid in (PPI_EDGE, SPI_EDGE):
        d.set_bit("GICD_ICPENDR", intid)
    else:
        d.gic.set_line(intid, False)


def take(d: Driver, intid: int) -> None:
    assert d.ack() == intid


def end(d: Driver, intid: int) -> None:
    d.eoi(intid)


def pend_latch(d: Driver, intid: int) -> None:
    """By software."""
    if intid < 16:
        d.set_byte("GICD_SPENDSGIR", intid, 1)
    else:
        d.set_bit("GICD_ISPENDR", intid)


def unpend_latch(d: Driver, intid: int) -> None:
    if intid < 16:
        d.set_byte("GICD_CPENDSGIR", intid, 1)
    else:
        d.set_bit("GICD_ICPENDR", intid)


def set_active(d: Driver, intid: int) -> None:
    d.set_bit("GICD_ISACTIVER", intid)


def clear_active(d: Driver, intid: int) -> None:
    d.set_bit("GICD_ICACTIVER", intid)


ANY = (SGI, PPI_EDGE, PPI_LEVEL, SPI_EDGE, SPI_LEVEL)
PULSED = (SGI, PPI_EDGE, SPI_EDGE)
LEVEL = (PPI_LEVEL, SPI_LEVEL)
TRANSITIONS: list[tuple[str, tuple[int, ...], list[Step], Step, tuple[bool, bool]]] = [
    ("A1 inactive to pending", ANY, [], raise_, PENDING),
    ("A1 by software", ANY, [], pend_latch, PENDING),
    ("A2 active to active and pending", PULSED, [raise_, take], raise_, BOTH),
    ("A2 by software", ANY, [set_active], pend_latch, BOTH),
    ("B1 pending to inactive", ANY, [raise_], withdraw, INACTIVE),
    ("B1 by software", ANY, [pend_latch], unpend_latch, INACTIVE),
    ("B1 a line that falls leaves the latch", LEVEL, [raise_, pend_latch], withdraw, PENDING),
    ("B1 a latch that clears leaves the line", LEVEL, [raise_, pend_latch], unpend_latch, PENDING),
    ("B2 active and pending to active", PULSED, [raise_, take, raise_], withdraw, ACTIVE),
    ("B2 the line falls in the handler", LEVEL, [raise_, take], withdraw, ACTIVE),
    ("C pending to active", PULSED, [raise_], take, ACTIVE),
    ("C by software's latch", ANY, [pend_latch], take, ACTIVE),
    ("D pending to active and pending", LEVEL, [raise_], take, BOTH),
    ("D by ISACTIVER", ANY, [raise_], set_active, BOTH),
    ("E1 active to inactive", PULSED, [raise_, take], end, INACTIVE),
    ("E1 the line fell before", LEVEL, [raise_, take, withdraw], end, INACTIVE),
    ("E1 by ICACTIVER", ANY, [set_active], clear_active, INACTIVE),
    ("E2 active and pending to pending", PULSED, [raise_, take, raise_], end, PENDING),
    ("E2 the line is still high", LEVEL, [raise_, take], end, PENDING),
    ("E2 by ICACTIVER", ANY, [raise_, set_active], clear_active, PENDING),
]


@pytest.mark.parametrize(
    ("intid", "before", "step", "after"),
    [
        pytest.param(intid, before, step, after, id=f"{title}, {intid}")
        for title, intids, before, step, after in TRANSITIONS
        for intid in intids
    ],
)
def test_transition(intid: int, before: list[Step], step: Step, after: tuple[bool, bool]) -> None:
    """3.2.4: the state after the step, as ISPENDR and ISACTIVER show it, and the outputs that follow from it."""
    d = machine()
    for action in before:
        action(d, intid)
    step(d, intid)
    assert state(d, intid) == after
    assert (d.bit("GICD_ICPENDR", intid), d.bit("GICD_ICACTIVER", intid)) == after
    assert d.gic.state(intid)[1:3] == after
    assert d.irq == (1 if after == PENDING else 0)


def test_an_edge_while_active_is_taken_again() -> None:
    """3.2.4: active and pending; further edges merge into the one pending state."""
    d = machine()
    d.pulse(SPI_EDGE)
    assert d.ack() == SPI_EDGE
    d.pulse(SPI_EDGE)
    d.pulse(SPI_EDGE)
    d.eoi(SPI_EDGE)
    assert d.ack() == SPI_EDGE
    d.eoi(SPI_EDGE)
    assert d.ack() == SPURIOUS


def test_a_line_already_high_is_no_edge() -> None:
    d = machine()
    d.gic.set_line(SPI_EDGE, True)
    take(d, SPI_EDGE)
    d.gic.set_line(SPI_EDGE, True)
    assert state(d, SPI_EDGE) == ACTIVE


def test_a_withdrawn_level_is_spurious() -> None:
    """3.2.5: 1023 when the interrupt went before the acknowledge."""
    d = machine()
    d.gic.set_line(SPI_LEVEL, True)
    d.gic.set_line(SPI_LEVEL, False)
    assert d.irq == 0
    assert d.ack() == SPURIOUS


def test_ispendr_of_a_level_lasts_until_the_acknowledge() -> None:
    """4.3.7, 4.3.8: software's latch is used up; the line was never high."""
    d = machine()
    pend_latch(d, SPI_LEVEL)
    take(d, SPI_LEVEL)
    end(d, SPI_LEVEL)
    assert state(d, SPI_LEVEL) == INACTIVE


def test_eoimode_splits_priority_drop_from_deactivation() -> None:
    """3.2.1: after EOIR others of that priority may come; the same interrupt only after DIR."""
    d = machine(GRP0 | EOI_MODE)
    d.gic.set_line(SPI_LEVEL, True)
    take(d, SPI_LEVEL)
    d.pulse(SPI_EDGE)
    assert d.irq == 0
    d.eoi(SPI_LEVEL)
    assert state(d, SPI_LEVEL) == BOTH
    take(d, SPI_EDGE)
    d.eoi(SPI_EDGE)
    assert d.irq == 0
    d.dir(SPI_LEVEL)
    assert state(d, SPI_LEVEL) == PENDING
    take(d, SPI_LEVEL)


def test_another_cpu_may_deactivate_an_spi() -> None:
    """3.2.1: the two halves need not be on one processor."""
    d = machine(GRP0 | EOI_MODE)
    d.pulse(SPI_EDGE)
    take(d, SPI_EDGE)
    d.eoi(SPI_EDGE)
    d.dir(SPI_EDGE, cpu=1)
    assert state(d, SPI_EDGE) == INACTIVE


def test_dir_without_eoimode_does_nothing() -> None:
    """4.4.15: UNPREDICTABLE; ignored here."""
    d = machine()
    d.pulse(SPI_EDGE)
    take(d, SPI_EDGE)
    d.dir(SPI_EDGE)
    assert state(d, SPI_EDGE) == ACTIVE


@pytest.mark.parametrize("value", [1023, 1022, 1020, 288, 1019])
def test_ending_what_does_not_exist_is_ignored(value: int) -> None:
    """4.4.5: a spurious INTID has no effect; nor has one that does not exist, here."""
    d = machine(GRP0)
    d.pulse(SPI_EDGE)
    take(d, SPI_EDGE)
    running = d.read("GICC_RPR")
    d.eoi(value)
    d.dir(value)
    assert d.read("GICC_RPR") == running


def test_eoir_with_nothing_active_changes_nothing() -> None:
    """4.4.5: UNPREDICTABLE; here another CPU cannot end what this one took."""
    d = machine()
    d.pulse(SPI_EDGE)
    take(d, SPI_EDGE)
    d.eoi(SPI_EDGE, cpu=1)
    assert state(d, SPI_EDGE) == ACTIVE
