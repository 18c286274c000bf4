# SPDX-License-Identifier: MIT
"""Slices end where a device acts next: an interrupt comes at its very tick, however long the guest would run on."""

from __future__ import annotations

import pytest

from harness import Machine
from harness.arch.rvic import RVIC_BASE, RvicCall
from harness.asm import assemble
from harness.trace.events import Event, Mmio, PhysicalIrq, SysregTrap

DELAY = 777
TIMER, SPI = 27, 40
ARM = {
    "virtual timer": (
        27,
        f"mov x1, #{DELAY}\n msr cntv_tval_el0, x1\n mov x1, #1\narm: msr cntv_ctl_el0, x1",
    ),
    "physical timer": (
        30,
        f"mov x1, #{DELAY}\n msr cntp_tval_el0, x1\n mov x1, #1\narm: msr cntp_ctl_el0, x1",
    ),
    "test device": (
        SPI,
        f"ldr x2, =0x0b000000\n mov w1, #{DELAY}\n str w1, [x2, #0x14]\n mov w1, #{SPI}\narm: str w1, [x2, #0x18]",
    ),
}


@pytest.mark.parametrize("source", ARM)
def test_an_interrupt_comes_at_its_tick(source: str) -> None:
    intid, arm = ARM[source]
    code = f"_start: ldr x0, ={RVIC_BASE + RvicCall.ENABLE:#x}\n hvc #0\n {arm}\n b ."
    with Machine(memory="2M") as machine:
        machine.load(assemble(code))
        seen: list[Event] = []
        machine.listen(seen.append)
        machine.run(limit=3 * DELAY)
    (irq,) = [event for event in seen if isinstance(event, PhysicalIrq)]
    assert irq.physical == intid
    assert irq.pc == machine_loop(code)
    if source == "test device":
        armed = next(event.tick for event in reversed(seen) if isinstance(event, Mmio))
        assert irq.tick == armed + DELAY
    elif source == "physical timer":
        armed = [event.tick for event in seen if isinstance(event, SysregTrap)]
        assert irq.tick == armed[0] + DELAY
    else:
        assert irq.tick == 4 + DELAY  # ENABLE, its HVC, MOV, and the MSR of the 32-bit value


def machine_loop(code: str) -> int:
    """The address of the instruction after the one at `arm`."""
    return assemble(code).symbols["arm"] + 4


def test_a_timer_that_is_due_already_interrupts_the_next_instruction() -> None:
    """The guest writes its virtual timer without an exit: the CPU's nIRQ itself ends the slice."""
    setup = "mov x1, #1\n msr cntv_cval_el0, xzr\narm: msr cntv_ctl_el0, x1"
    code = f"_start: ldr x0, ={RVIC_BASE + RvicCall.ENABLE:#x}\n hvc #0\n {setup}\n1: add x2, x2, #1\n b 1b"
    with Machine(memory="2M") as machine:
        machine.load(assemble(code))
        seen: list[Event] = []
        machine.listen(seen.append)
        machine.run(limit=100)
    (irq,) = [event for event in seen if isinstance(event, PhysicalIrq)]
    assert (irq.physical, irq.tick, irq.pc) == (TIMER, 5, machine_loop(code))
