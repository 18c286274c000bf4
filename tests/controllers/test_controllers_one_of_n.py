# SPDX-License-Identifier: MIT
"""An SPI for two vCPUs goes to one that takes it, once (IHI 0048B, 3.2.3), whichever controller the guest has.

What differs is docs/deviations.md's `vgic-one-of-n`: a GIC signals all targets, list registers one of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random

import pytest
from el2_invariants import check
from gic_guest import (
    GICC_CTLR,
    ISPENDR,
    ITARGETSR,
    PMR,
    RPR,
    SPURIOUS,
    Action,
    Entry,
    GicGuest,
    load32,
    store32,
)

SPI, URGENT = 40, 41
BOTH, OPEN = 0b11, 0xF8
EVERY = pytest.mark.parametrize("controller", ["vgic", "trap", "gicv2"])


def make(controller: str, cpus: int = 2, *, list_registers: int = 4, secondaries: bool = True) -> GicGuest:
    """An edge for both vCPUs, and a more urgent one for vCPU 0."""
    guest = GicGuest(controller, cpus, list_registers=list_registers, secondaries=secondaries)
    guest.configure(SPI, edge=True)
    guest.store_byte(ITARGETSR + SPI, BOTH)
    guest.configure(URGENT, priority=0x40, edge=True)
    return guest


def mask(guest: GicGuest) -> None:
    guest.store(PMR, 0)


def disable_the_group(guest: GicGuest) -> None:
    guest.store(GICC_CTLR, 0b110)


def be_in_a_handler(guest: GicGuest) -> None:
    guest.pulse(URGENT)
    assert guest.acknowledge() == URGENT


def lines(guest: GicGuest) -> list[bool]:
    """ISR_EL1.I of each vCPU."""
    return [guest.do(load32(cpu, RPR)).line for cpu in range(guest.cpus)]


@EVERY
@pytest.mark.parametrize("not_ready", [mask, disable_the_group, be_in_a_handler])
def test_the_one_that_would_take_it_gets_it(controller: str, not_ready: Callable[[GicGuest], object]) -> None:
    """3.3: a mask, a disabled group or a running priority holds it back at vCPU 0."""
    guest = make(controller)
    not_ready(guest)
    guest.pulse(SPI)
    assert lines(guest) == [False, True]
    assert guest.acknowledge(1) == SPI
    guest.end(SPI, 1)
    if controller != "gicv2":
        check(guest.machine)


@EVERY
def test_one_made_pending_by_a_store_goes_the_same_way(controller: str) -> None:
    guest = make(controller)
    mask(guest)
    guest.set_bit(ISPENDR, SPI)
    assert lines(guest) == [False, True]


@EVERY
def test_it_wakes_the_one_that_waits(controller: str) -> None:
    guest = make(controller)
    mask(guest)
    guest.do(Entry(1, Action.WAIT), *[load32(0, PMR)] * 4)
    assert guest.machine.cpus[1].waiting
    guest.pulse(SPI)
    assert guest.do(Entry(1, Action.TAKEN)).value == SPI


@EVERY
def test_with_none_ready_it_waits_for_the_first(controller: str) -> None:
    guest = make(controller)
    mask(guest)
    guest.store(PMR, 0, 1)
    guest.pulse(SPI)
    assert lines(guest) == [False, False]
    guest.store(PMR, OPEN)
    assert lines(guest) == [True, False]
    assert guest.acknowledge() == SPI


@EVERY
def test_it_is_not_left_to_a_vcpu_that_is_off(controller: str) -> None:
    guest = make(controller)
    guest.do(Entry(1, Action.LEAVE), *[load32(0, PMR)] * 4)
    assert not guest.machine.cpus[1].on
    mask(guest)
    guest.pulse(SPI)
    guest.store(PMR, OPEN)
    assert guest.line(0)
    assert guest.acknowledge() == SPI


@EVERY
def test_a_target_that_will_not_take_it_any_more_gives_it_up_at_its_next_exit(controller: str) -> None:
    """Here it reads a register of the distributor."""
    guest = make(controller)
    guest.pulse(SPI)
    mask(guest)
    guest.do(load32(0, ISPENDR), *guest.everybody())
    assert lines(guest) == [False, True]
    assert guest.bit(ISPENDR, SPI)
    assert guest.load(ITARGETSR + SPI) & 0xFF == BOTH
    assert guest.acknowledge(1) == SPI
    assert guest.acknowledge() == SPURIOUS


@pytest.mark.parametrize(
    ("controller", "list_registers"), [("vgic", 1), ("vgic", 2), ("vgic", 4), ("trap", 4), ("gicv2", 4)]
)
def test_random_masks_lose_and_double_nothing(controller: str, list_registers: int) -> None:
    """Four edges, taken and ended by either vCPU while both change their masks: each is taken once."""
    spis = range(40, 44)
    random, raised, taken = Random(7), Counter[int](), Counter[int]()
    guest = make(controller, list_registers=list_registers)
    for intid in spis:
        guest.configure(intid, priority=0x40, edge=True)
        guest.store_byte(ITARGETSR + intid, BOTH)
    held: tuple[list[int], list[int]] = ([], [])
    for step in range(300):
        cpu, intid = random.randrange(2), random.choice(spis)
        match random.randrange(8):
            case 0 | 1 if not guest.bit(ISPENDR, intid, cpu):
                guest.pulse(intid, cpu)
                raised[intid] += 1
            case 2:
                guest.store(PMR, random.choice((0, 0x60, OPEN, OPEN)), cpu)
            case 3 | 4 | 5 if (iar := guest.acknowledge(cpu)) != SPURIOUS:
                held[cpu].append(iar)
                taken[iar] += 1
            case 6 | 7 if held[cpu]:
                guest.end(held[cpu].pop(), cpu)
        if controller != "gicv2" and not step % 10:
            guest.execute(guest.everybody())  # no kick in flight
            check(guest.machine)
    for cpu in (0, 1):
        guest.execute([store32(cpu, PMR, OPEN), *guest.everybody()])
        while held[cpu]:
            guest.end(held[cpu].pop(), cpu)
    while rest := [*guest.drain(0), *guest.drain(1)]:
        taken.update(rest)
    assert taken == raised
    assert raised.total() > 20, "too little happened"
