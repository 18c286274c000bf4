# SPDX-License-Identifier: MIT
"""The PMU without the host's clock (DDI 0487, D13.4): a cycle is an instruction retired."""

from __future__ import annotations

import pytest
from engine_rig import RAM, Rig

from harness.arch.esr import EC

START = "mov x1, #1\nmsr pmcr_el0, x1\nmov x2, #0x80000000\nmsr pmcntenset_el0, x2\n"
VBAR = RAM + 0x1_0000


def test_it_counts_instructions(rig: Rig) -> None:
    rig.go(START + "mrs x3, pmccntr_el0\nnop\nnop\nmrs x4, pmccntr_el0\nhvc #0")
    assert rig.pe.x[4] - rig.pe.x[3] == 3


@pytest.mark.parametrize("stop", ["msr pmcr_el0, xzr", "msr pmcntenclr_el0, x2"])
def test_it_stands_still_when_it_is_disabled(rig: Rig, stop: str) -> None:
    rig.go(START + f"{stop}\nmrs x3, pmccntr_el0\nnop\nmrs x4, pmccntr_el0\nhvc #0")
    assert rig.pe.x[4] == rig.pe.x[3] > 0


def test_it_can_be_written_and_reset(rig: Rig) -> None:
    rig.go(
        "mov x1, #77\nmsr pmccntr_el0, x1\nmrs x3, pmccntr_el0\n"
        "mov x1, #4\nmsr pmcr_el0, x1\nmrs x4, pmccntr_el0\nhvc #0"
    )
    assert (rig.pe.x[3], rig.pe.x[4]) == (77, 0)


def test_it_goes_on_from_what_is_written(rig: Rig) -> None:
    rig.go(START + "nop\nnop\nmov x5, #100\nmsr pmccntr_el0, x5\nnop\nmrs x3, pmccntr_el0\nhvc #0")
    assert rig.pe.x[3] == 102


def test_it_wraps_at_64_bits(rig: Rig) -> None:
    rig.go(START + "mov x5, #-1\nmsr pmccntr_el0, x5\nnop\nmrs x3, pmccntr_el0\nhvc #0")
    assert rig.pe.x[3] == 1


def test_reset_of_the_pe_stops_it(rig: Rig) -> None:
    rig.go(START + "nop\nhvc #0")
    rig.pe.reset(RAM, 0)
    rig.go("mrs x3, pmccntr_el0\nnop\nmrs x4, pmccntr_el0\nhvc #0")
    assert (rig.pe.x[3], rig.pe.x[4]) == (0, 0)


@pytest.mark.parametrize("instruction", ["mrs x3, pmccntr_el0", "msr pmccntr_el0, x3"])
def test_el0_needs_permission(rig: Rig, instruction: str) -> None:
    """PMUSERENR_EL0.EN: without it EC 0x18 (D17.5.16)."""
    rig.load("mrs x8, esr_el1\nhvc #0", VBAR + 0x400)
    rig.go(
        f"movz x9, #{VBAR >> 16}, lsl #16\nmsr vbar_el1, x9\nmsr spsr_el1, xzr\n"
        f"adr x9, user\nmsr elr_el1, x9\neret\nuser: {instruction}\nnop"
    )
    assert rig.pe.x[8] >> 26 == EC.SYSREG


def test_event_counters_do_not_count_the_hosts_cycles(rig: Rig) -> None:
    rig.go(
        "mov x1, #0x11\nmsr pmevtyper0_el0, x1\nmov x1, #1\nmsr pmcntenset_el0, x1\nmsr pmcr_el0, x1\n"
        "mov x2, #1000\nspin: subs x2, x2, #1\nb.ne spin\nmrs x3, pmevcntr0_el0\nmrs x4, pmceid0_el0\nhvc #0",
        limit=5000,
    )
    assert rig.pe.x[3] == 0
    assert not rig.pe.x[4] >> 0x11 & 1


def test_no_register_of_random_numbers(rig: Rig) -> None:
    """RNDR would be the host's chance: hidden on the model that has it."""
    pe = rig.add(model="max")
    rig.load("mrs x8, esr_el1\nmrs x9, elr_el1\nhvc #0", VBAR + 0x200)
    rig.load(
        f"movz x9, #{VBAR >> 16}, lsl #16\nmsr vbar_el1, x9\nmrs x7, id_aa64isar0_el1\nmrs x3, s3_3_c2_c4_0\nhvc #1"
    )
    pe.run(100)
    assert pe.x[7] >> 60 == 0
    assert pe.x[8] == 1 << 25
    assert pe.x[9] == RAM + 12
