# SPDX-License-Identifier: MIT
"""Group 0 comes as an FIQ where GICC_CTLR.FIQEn is set, whichever controller a guest has (IHI 0048B, 4.4.1)."""

from __future__ import annotations

import pytest
from el2_invariants import check
from gic_guest import (
    GICC_CTLR,
    ICPENDR,
    IGROUPR,
    ISENABLER,
    ISPENDR,
    PMR,
    SGIR,
    SPURIOUS,
    TAKEN_BY_FIQ,
    TIMER_PPI,
    Action,
    Entry,
    GicGuest,
    load32,
    store32,
    taken,
)

SPI, SGI = 40, 3
GRP0, BOTH_GROUPS, FIQ_EN = 1, 7, 8
EVERY = pytest.mark.parametrize("controller", ["vgic", "trap", "gicv2"])


def make(controller: str, cpus: int = 1, *, edge: bool = True) -> GicGuest:
    """Everything is Group 0 and signalled by FIQ; an SPI for vCPU 0."""
    guest = GicGuest(controller, cpus)
    guest.configure(SPI, edge=edge)
    for cpu in range(cpus):
        guest.store(GICC_CTLR, BOTH_GROUPS | FIQ_EN, cpu)
    return guest


def inputs(guest: GicGuest, cpu: int = 0) -> tuple[bool, bool]:
    """ISR_EL1.I and F."""
    result = guest.do(load32(cpu, PMR))
    return result.line, result.fiq


@EVERY
def test_an_spi_is_an_fiq(controller: str) -> None:
    guest = make(controller)
    assert inputs(guest) == (False, False)
    guest.pulse(SPI)
    assert inputs(guest) == (False, True)
    assert guest.take() == [SPI | TAKEN_BY_FIQ]
    assert inputs(guest) == (False, False)
    assert guest.acknowledge() == SPURIOUS
    if controller != "gicv2":
        check(guest.machine)


@EVERY
def test_a_level_that_falls_lowers_it(controller: str) -> None:
    """And one that is made pending by hand, and not any more."""
    guest = make(controller, edge=False)
    guest.raise_line(SPI)
    assert inputs(guest) == (False, True)
    guest.lower_line(SPI)
    assert not guest.bit(ISPENDR, SPI)
    assert inputs(guest) == (False, False)
    guest.set_bit(ISPENDR, SPI)
    assert inputs(guest) == (False, True)
    guest.set_bit(ICPENDR, SPI)
    assert inputs(guest) == (False, False)


@EVERY
def test_group_1_stays_an_irq(controller: str) -> None:
    guest = make(controller)
    guest.store(IGROUPR + 4, 1 << SPI % 32)
    guest.pulse(SPI)
    assert inputs(guest) == (True, False)
    assert guest.take() == [SPI]


@EVERY
def test_the_enable_moves_what_is_pending_from_one_input_to_the_other(controller: str) -> None:
    guest = make(controller)
    guest.pulse(SPI)
    for fiq_en in (0, FIQ_EN, 0):
        guest.store(GICC_CTLR, GRP0 | fiq_en)
        assert inputs(guest) == (not fiq_en, bool(fiq_en))
    assert guest.take() == [SPI]


@EVERY
def test_an_sgi_is_an_fiq_of_another_vcpu(controller: str) -> None:
    """It has to be kicked out of the guest, and to see it on its way back."""
    guest = make(controller, 2)
    guest.sgi(0, SGI, targets=0b10)
    assert inputs(guest, 1) == (False, True)
    assert guest.take(1) == [SGI | TAKEN_BY_FIQ]


@EVERY
def test_the_timer_is_an_fiq(controller: str) -> None:
    """A PPI, behind which a physical interrupt stands."""
    guest = make(controller)
    guest.store(ISENABLER, 1 << TIMER_PPI)
    guest.do(Entry(0, Action.TIMER, 0, 1))
    assert inputs(guest) == (False, True)
    assert guest.acknowledge() == TIMER_PPI
    guest.do(Entry(0, Action.TIMER, 0, 0))
    guest.end(TIMER_PPI)
    assert inputs(guest) == (False, False)


@EVERY
def test_an_fiq_ends_wfi(controller: str) -> None:
    guest = make(controller, 2)
    guest.do(Entry(1, Action.WAIT), *[load32(0, PMR)] * 4)
    assert guest.machine.cpus[1].waiting
    guest.do(store32(0, SGIR, 0b10 << 16 | SGI), *[load32(0, PMR)] * 4)
    assert not guest.machine.cpus[1].waiting
    assert taken(guest.do(Entry(1, Action.TAKEN)).value) == [SGI | TAKEN_BY_FIQ]


@EVERY
def test_an_fiq_that_is_there_already_makes_wfi_go_on(controller: str) -> None:
    """DDI 0487, D1.6.2: whatever PSTATE.F says."""
    guest = make(controller)
    guest.pulse(SPI)
    assert guest.do(Entry(0, Action.WAIT), Entry(0, Action.TAKEN)).value == SPI | TAKEN_BY_FIQ


@EVERY
def test_an_fiq_ends_a_powerdown_state_and_is_there_afterwards(controller: str) -> None:
    """DEN0022, 5.4: the PE comes back from reset, the GIC does not."""
    guest = make(controller, 2)
    guest.suspend(1)
    assert guest.machine.cpus[1].waiting
    guest.sgi(0, SGI, targets=0b10)
    assert not guest.machine.cpus[1].waiting
    assert inputs(guest, 1) == (False, True)
    assert guest.take(1) == [SGI | TAKEN_BY_FIQ]


@EVERY
def test_an_fiq_waits_for_a_vcpu_that_comes_on(controller: str) -> None:
    """The GIC is not part of a PE: CPU_ON leaves it."""
    guest = GicGuest(controller, 2, secondaries=False)
    guest.power_on(1)
    guest.start_cpu(1, ctlr=BOTH_GROUPS | FIQ_EN)
    guest.do(Entry(1, Action.LEAVE), *[load32(0, PMR)] * 4)
    assert not guest.machine.cpus[1].on
    guest.sgi(0, SGI, targets=0b10)
    guest.power_on(1)
    assert inputs(guest, 1) == (False, True)


@EVERY
def test_a_reset_of_the_system_leaves_no_fiq(controller: str) -> None:
    """DEN0022, 5.11."""
    guest = make(controller)
    guest.pulse(SPI)
    guest.machine.reset()
    vcpu = guest.machine.hypervisor.vcpus[0]
    assert not vcpu.pe.vfiq
    assert not guest.machine.hypervisor.controller.has_interrupt(vcpu)
