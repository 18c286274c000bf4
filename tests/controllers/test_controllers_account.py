# SPDX-License-Identifier: MIT
"""The ledger's account of whole guests: one rule under every controller, whatever else comes meanwhile."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from thorough import ALL

from harness import Machine, StopReason
from harness.asm import assemble

TICK = Path(__file__).parents[2] / "firmware" / "tick" / "main.S"
COSTS = {"rvic": 4, "vgic": 1, "trap": 3, "gicv2": 0}
GIC = [name for name in COSTS if name != "rvic"]
SPI = 40
# Takes SPI 8, made pending by a store, and ends it by the stores that {ends} makes to GICC_EOIR.
HANDLER = """
_start: adr x0, vectors
        msr vbar_el1, x0
        ldr x1, =0x08000000
        ldr x2, =0x08010000
        mov w0, #1
        str w0, [x1]            // GICD_CTLR
        str w0, [x2]            // GICC_CTLR
        mov w0, #0xff
        str w0, [x2, #4]        // GICC_PMR
        mov w0, #1
        strb w0, [x1, #0x828]   // GICD_ITARGETSR
        mov w0, #0x100
        str w0, [x1, #0x104]    // GICD_ISENABLER
        str w0, [x1, #0x204]    // GICD_ISPENDR
        msr daifclr, #2
        nop
        ldr x0, =0x84000008
        hvc #0                  // SYSTEM_OFF
irq:    {acknowledge}
        {ends}
        eret
        .balign 2048
vectors:
        .rept 16
        b irq
        .balign 128
        .endr
"""
ACKNOWLEDGE = "ldr w3, [x2, #0xc]"
END = "str w3, [x2, #0x10]\n"


def counts(controller: str, ends: str, acknowledge: str = ACKNOWLEDGE) -> dict[int, int]:
    """How often each INTID was handled, by the ledger."""
    with Machine(controller=controller, memory="2M") as machine:
        machine.load(assemble(HANDLER.format(acknowledge=acknowledge, ends=ends)))
        stop = machine.run(limit=1000)
        assert stop.reason is StopReason.POWER_OFF, stop.detail
        return {intid: machine.ledger.per_interrupt(intid).count for intid in machine.ledger.intids()}


@pytest.mark.parametrize("controller", GIC)
@pytest.mark.parametrize(
    ("ends", "handled"),
    [
        (END, {SPI: 1}),
        (END + END, {SPI: 1}),
        ("mov w3, #27\n" + END, {}),
        ("mov w4, #27\n str w4, [x2, #0x10]\n" + END, {SPI: 1}),
        ("strb w3, [x2, #0x10]\n mov w3, #27\n" + END, {}),
        ("uxtw x3, w3\n str x3, [x2, #0x10]\n", {SPI: 1}),
    ],
    ids=["once", "twice", "another", "another-first", "byte", "eight-bytes"],
)
def test_what_was_acknowledged_is_counted_once(controller: str, ends: str, handled: dict[int, int]) -> None:
    """IHI 0048B, 4.4.5: GICC_EOIR names what GICC_IAR gave, or it is the guest's error and ends nothing."""
    assert counts(controller, ends) == handled


@pytest.mark.parametrize("controller", GIC)
def test_two_words_of_the_cpu_interface_may_be_loaded_at_once(controller: str) -> None:
    """GICC_BPR and GICC_IAR as eight bytes, which an interconnect splits."""
    assert counts(controller, END, "ldr x3, [x2, #8]\n lsr x3, x3, #32") == {SPI: 1}


@pytest.mark.parametrize("controller", COSTS)
def test_an_interrupt_that_the_guest_never_gets_takes_no_exit_of_another(controller: str) -> None:
    """An SPI that is disabled comes amid the guest's sleep, which its timer ends."""
    with Machine(controller=controller, memory="8M") as machine:
        machine.load(TICK)
        machine.at(11_400, "spi=20")
        machine.run(limit=100_000)
        cost = machine.ledger.per_interrupt(27)
    assert (cost.count, cost.switches) == (100, (COSTS[controller],) * 100)


@pytest.mark.parametrize("seed", range(100 if ALL else 1))
@pytest.mark.parametrize("controller", COSTS)
def test_no_foreign_interrupt_at_any_time_changes_the_account_of_the_timer(
    controller: str, seed: int
) -> None:
    chosen = random.Random(seed)
    with Machine(controller=controller, memory="8M") as machine:
        machine.load(TICK)
        for _ in range(50):
            drive = chosen.choice(["pulse", "high", "low"])
            machine.at(chosen.randrange(12_000, 1_000_000), f"spi={chosen.randrange(8, 24)}:{drive}")
        machine.run(limit=100_000)
        cost = machine.ledger.per_interrupt(27)
        total = sum(one.world_switches for one in machine.ledger.occurrences)
        assert machine.ledger.total == total + machine.ledger.in_flight + machine.ledger.unattributed
    assert cost.switches == (COSTS[controller],) * 100
