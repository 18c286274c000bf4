# SPDX-License-Identifier: MIT
"""Interrupt inputs of a PE while EL2 or devices are at work: no vCPU is shown a level that does not last."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from harness import Machine
from harness.asm import assemble
from harness.trace.events import Event, VirqLowered, VirqRaised

FIRMWARE = Path(__file__).parents[2] / "firmware"
WAITS = """
_start: ldr x0, =0x08000000
        mov w1, #1
        str w1, [x0]            // GICD_CTLR
        mov w2, #0x300
        str w2, [x0, #0x104]    // GICD_ISENABLER1: SPI 8 and 9
        mov w2, #2
        strb w2, [x0, #0x828]   // GICD_ITARGETSR: SPI 8 to CPU1, SPI 9 to CPU0
        strb w1, [x0, #0x829]
        mov x1, #1
        adr x2, both
        ldr x0, =0xc4000003
        hvc #0                  // CPU_ON
both:   ldr x3, =0x08010000
        mov w1, #0xff
        str w1, [x3, #4]
        mov w1, #1
        str w1, [x3]
1:      wfi
        b 1b
"""


def lines(seen: list[Event]) -> list[tuple[int, int, bool]]:
    """(tick, CPU, level) of each change that is shown."""
    return [
        (e.tick, e.cpu, isinstance(e, VirqRaised)) for e in seen if isinstance(e, VirqRaised | VirqLowered)
    ]


@pytest.mark.parametrize("firmware", ["spi", "ipi"])
def test_list_registers_are_seen_when_el2_is_done_with_them(firmware: str) -> None:
    """EL2 takes back what the guest has not acknowledged and presents it anew; the line stays high meanwhile."""
    with Machine(cpus=2, controller="vgic") as machine:
        seen: list[Event] = []
        machine.listen(seen.append)
        machine.load(FIRMWARE / firmware / "main.S")
        machine.run(limit=60_000)
    shown = lines(seen)
    assert len(shown) > 50
    for cpu in (0, 1):
        own = [(tick, level) for tick, shown_to, level in shown if shown_to == cpu]
        fell_and_rose = [a for a, b in pairwise(own) if a[0] == b[0] and b[1]]
        assert fell_and_rose == []


def test_what_comes_of_one_tick_is_seen_at_its_end_in_the_order_of_the_cpus() -> None:
    with Machine(cpus=2, controller="gicv2", memory="2M") as machine:
        machine.load(assemble(WAITS))
        seen: list[Event] = []
        machine.listen(seen.append)
        for spi in (8, 9):
            machine.at(5_000, f"spi={spi}")
        machine.run(limit=3_000)
        assert lines(seen) == [(5_000, 0, True), (5_000, 1, True)]
