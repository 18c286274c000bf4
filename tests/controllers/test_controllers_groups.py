# SPDX-License-Identifier: MIT
"""Two groups, their enables and their binary points, whichever controller a guest has (IHI 0048B, 3.3 and 4.4)."""

from __future__ import annotations

import pytest
from el2_invariants import check
from gic_guest import (
    BPR,
    GICC_CTLR,
    HPPIR,
    ICENABLER,
    IGROUPR,
    IPRIORITYR,
    ISACTIVER,
    PMR,
    SPURIOUS,
    GicGuest,
    load32,
)

GRP0, GRP1, ACK_CTL = 1, 2, 4
MODELS = [("vgic", 1), ("vgic", 2), ("vgic", 4), ("trap", 4), ("gicv2", 4)]
EVERY = pytest.mark.parametrize(("controller", "list_registers"), MODELS)


def make(controller: str, list_registers: int, cpus: int = 1) -> GicGuest:
    return GicGuest(controller, cpus, list_registers=list_registers)


def finish(guest: GicGuest) -> None:
    if guest.controller != "gicv2":
        check(guest.machine)


@EVERY
def test_what_the_cpu_interface_disables_hides_what_it_enables(controller: str, list_registers: int) -> None:
    """4.4.1: more urgent interrupts of Group 1 than there are list registers, while only Group 0 is signalled."""
    guest = make(controller, list_registers)
    urgent, other = range(40, 46), 50
    guest.store(IGROUPR + 4, sum(1 << intid % 32 for intid in urgent))
    for intid in (*urgent, other):
        guest.configure(intid, priority=0x10 if intid in urgent else 0x80, edge=True)
    guest.store(GICC_CTLR, GRP0 | ACK_CTL)
    for intid in (*urgent, other):
        guest.pulse(intid)
    assert not guest.line()
    assert guest.load(HPPIR) == urgent[0]
    assert guest.acknowledge() == SPURIOUS
    guest.store(ICENABLER + 4, sum(1 << intid % 32 for intid in urgent))
    assert guest.line()
    assert guest.acknowledge() == other
    finish(guest)


@EVERY
def test_a_group_that_comes_to_be_enabled_is_taken_in_order(controller: str, list_registers: int) -> None:
    guest = make(controller, list_registers)
    urgent = list(range(40, 46))
    guest.store(IGROUPR + 4, sum(1 << intid % 32 for intid in urgent))
    for intid in (*urgent, 50):
        guest.configure(intid, priority=0x10 if intid in urgent else 0x80, edge=True)
    guest.store(GICC_CTLR, GRP0 | ACK_CTL)
    for intid in (50, *reversed(urgent)):
        guest.pulse(intid)
    guest.store(GICC_CTLR, GRP0 | GRP1 | ACK_CTL)
    assert guest.drain() == [*urgent, 50]
    finish(guest)


@EVERY
def test_groups_nest_by_their_own_binary_points(controller: str, list_registers: int) -> None:
    """4.4.8: with BPR 7 any Group 0 preempts Group 1, however urgent; and it ends first, list register or not."""
    guest = make(controller, list_registers)
    outer, inner, third = 40, 41, 42
    guest.store(IGROUPR + 4, 1 << outer % 32)
    guest.store(BPR, 7)
    for intid, priority in ((outer, 0x60), (inner, 0xC0), (third, 0xD0)):
        guest.configure(intid, priority=priority, edge=True)
    guest.pulse(outer)
    assert guest.acknowledge() == outer
    guest.pulse(inner)
    assert guest.acknowledge() == inner
    guest.pulse(third)
    guest.end(inner)
    assert guest.load(ISACTIVER + 4) == 1 << outer % 32
    assert guest.line()
    assert guest.acknowledge() == third
    guest.end(third)
    guest.end(outer)
    assert guest.load(ISACTIVER + 4) == 0
    finish(guest)


@EVERY
def test_equal_priorities_go_by_intid_also_when_one_comes_again(controller: str, list_registers: int) -> None:
    """3.3: here the lowest is first, whichever list register it is in."""
    guest = make(controller, list_registers, 2)
    sgi, spi = 3, 40
    guest.store_byte(IPRIORITYR + sgi, 0x80)
    guest.configure(spi, priority=0x80, edge=True)
    guest.pulse(spi)
    guest.sgi(1, sgi, targets=1)
    guest.do(load32(0, PMR))
    assert guest.acknowledge() == sgi | 1 << 10
    guest.sgi(1, sgi, targets=1)
    guest.end(sgi | 1 << 10)
    assert guest.drain() == [sgi | 1 << 10, spi]
    finish(guest)
