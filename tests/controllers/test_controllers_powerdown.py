# SPDX-License-Identifier: MIT
"""A vCPU in a powerdown state (DEN0022, 5.4) is on no CPU: its interrupts are as they were when it comes back.

Under ``vgic`` EL2 has taken its virtual CPU interface out of GICH, which the CPU may lose (IHI 0048B, 5.3).
"""

from __future__ import annotations

import pytest
from el2_invariants import check
from gic_guest import (
    GICC_CTLR,
    HPPIR,
    ICENABLER,
    IPRIORITYR,
    ISACTIVER,
    ISENABLER,
    ISPENDR,
    PMR,
    RPR,
    GicGuest,
)

from harness import Machine, StopReason
from harness.arch.gic import Lr
from harness.asm import assemble
from harness.trace.events import PowerChange

LOW, MIDDLE, HIGH = 43, 42, 41
PRIORITIES = {LOW: 0xC0, MIDDLE: 0xA0, HIGH: 0x40}
IDLE = 0xFF
EVERY = pytest.mark.parametrize("controller", ["vgic", "trap", "gicv2"])


def make(controller: str, *, list_registers: int = 4) -> GicGuest:
    """Three edges for vCPU 1, of different priorities."""
    guest = GicGuest(controller, 2, list_registers=list_registers)
    for intid, priority in PRIORITIES.items():
        guest.configure(intid, priority=priority, target=1, edge=True)
    return guest


def power_down(guest: GicGuest) -> None:
    """vCPU 1 suspends, and its CPU loses what it holds of the vCPU."""
    guest.suspend(1)
    assert guest.machine.cpus[1].waiting
    if guest.controller == "vgic":
        virtual = guest.machine.board.gic.virtual
        assert virtual[1].hcr == 0, "EL2 has turned the virtual interface off"
        assert not any(lr & Lr.STATE for lr in virtual[1].lrs), "EL2 has left list registers behind"
        virtual[1].reset()


def came_back(guest: GicGuest) -> bool:
    return not guest.machine.cpus[1].waiting


@EVERY
def test_an_interrupt_active_at_powerdown_is_ended_after_it(controller: str) -> None:
    guest = make(controller)
    guest.pulse(MIDDLE)
    assert guest.acknowledge(1) == MIDDLE
    power_down(guest)
    guest.pulse(HIGH)
    assert came_back(guest)
    assert [e.what for e in guest.events if isinstance(e, PowerChange)][-1] == "resumed"
    assert guest.load(RPR, 1) == PRIORITIES[MIDDLE]
    assert guest.acknowledge(1) == HIGH
    assert guest.load(RPR, 1) == PRIORITIES[HIGH]
    guest.end(HIGH, 1)
    assert guest.load(RPR, 1) == PRIORITIES[MIDDLE]
    assert guest.bit(ISACTIVER, MIDDLE)
    guest.end(MIDDLE, 1)
    assert guest.load(RPR, 1) == IDLE
    assert not guest.bit(ISACTIVER, MIDDLE)
    guest.pulse(MIDDLE)
    assert guest.line(1)
    assert guest.drain(1) == [MIDDLE]
    if controller != "gicv2":
        check(guest.machine)


@EVERY
def test_what_the_guest_told_its_cpu_interface_stays(controller: str) -> None:
    guest = make(controller)
    guest.start_cpu(1, ctlr=0x207, pmr=0x80)
    power_down(guest)
    guest.pulse(HIGH)
    assert came_back(guest)
    assert (guest.load(GICC_CTLR, 1), guest.load(PMR, 1)) == (0x207, 0x80)


@EVERY
def test_what_cannot_preempt_wakes_nobody_and_is_not_lost(controller: str) -> None:
    guest = make(controller)
    guest.pulse(MIDDLE)
    assert guest.acknowledge(1) == MIDDLE
    power_down(guest)
    guest.pulse(LOW)
    assert not came_back(guest)
    guest.pulse(HIGH)
    assert came_back(guest)
    assert guest.acknowledge(1) == HIGH
    guest.end(HIGH, 1)
    guest.end(MIDDLE, 1)
    assert guest.drain(1) == [LOW]


@EVERY
def test_another_vcpu_changes_what_wakes_it(controller: str) -> None:
    """What is in a list register when the vCPU leaves is still the distributor's to change."""
    guest = make(controller)
    guest.store(PMR, 0x80, 1)
    guest.pulse(LOW)  # pending, and below the mask
    power_down(guest)
    guest.set_bit(ICENABLER, LOW)
    guest.store_byte(IPRIORITYR + LOW, 0x10)
    assert guest.bit(ISPENDR, LOW)
    assert not came_back(guest)
    guest.set_bit(ISENABLER, LOW)
    assert guest.load(HPPIR, 1) == LOW
    assert came_back(guest)
    assert guest.drain(1) == [LOW]


@EVERY
def test_an_sgi_wakes_it(controller: str) -> None:
    guest = make(controller)
    power_down(guest)
    guest.sgi(0, 5, targets=0b10)
    assert came_back(guest)
    assert guest.drain(1) == [5]


@pytest.mark.parametrize("list_registers", [1, 2])
def test_active_interrupts_without_a_list_register_stay_too(list_registers: int) -> None:
    """GICH_HCR.EOICount and its maintenance interrupt work as before (5.3.1)."""
    guest = make("vgic", list_registers=list_registers)
    nested = (LOW, MIDDLE, HIGH)
    for intid in nested:
        guest.pulse(intid)
        assert guest.acknowledge(1) == intid
    power_down(guest)
    guest.sgi(0, 5, targets=0b10)
    assert came_back(guest)
    assert guest.drain(1) == [5]
    for intid in reversed(nested):
        assert guest.bit(ISACTIVER, intid)
        guest.end(intid, 1)
        assert not guest.bit(ISACTIVER, intid)
    assert guest.load(RPR, 1) == IDLE
    check(guest.machine)


SLEEP = """
        ldr x0, =0x08010004     // GICC_PMR
        mov w1, #0x80
        str w1, [x0]
        ldr x0, =0xc4000001     // CPU_SUSPEND
        mov w1, #0x10000
        adr x2, .
        hvc #0
"""
LOOK = """
        ldr x0, =0x08010004
        ldr w19, [x0]
        ldr x0, =0x84000008     // SYSTEM_OFF
        hvc #0
"""


@EVERY
def test_a_guest_loaded_while_its_cpu_is_down_finds_the_interface_there(controller: str) -> None:
    with Machine(memory="2M", controller=controller) as machine:
        machine.load(assemble(f"_start: {SLEEP}"))
        assert machine.run(limit=100).reason is StopReason.IDLE
        machine.load(assemble(f"_start: {LOOK}"))
        assert machine.run(limit=100).reason is StopReason.POWER_OFF
        assert machine.cpus[0].x[19] == 0x80
