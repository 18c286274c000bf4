# SPDX-License-Identifier: MIT
"""Software increments of the event counters (DDI 0487, D13.5.3 and D17.5.15)."""

from __future__ import annotations

import random

import pytest
from engine_rig import RAM, Rig
from thorough import ALL

from harness.arch.esr import EC

VBAR = RAM + 0x1_0000
ENABLE = "mov x1, #1\nmsr pmcr_el0, x1\nmov x1, #15\nmsr pmcntenset_el0, x1\n"
INCREMENT = "mov x1, #1\nmsr pmswinc_el0, x1\n"


def each(kind: int) -> str:
    return f"movz x1, #{kind & 0xFFFF}\nmovk x1, #{kind >> 16}, lsl #16\n" + "".join(
        f"msr pmevtyper{n}_el0, x1\n" for n in range(4)
    )


def test_it_counts_what_pmceid0_announces(rig: Rig) -> None:
    """PMCEID0_EL0 bit 0 is SW_INCR: each write counts one."""
    rig.go(f"{each(0)}{ENABLE}{INCREMENT}{INCREMENT}mrs x0, pmevcntr0_el0\nmrs x2, pmceid0_el0\nhvc #0")
    assert (rig.pe.x[0], rig.pe.x[2]) == (2, 1)


def test_one_write_counts_in_each_counter_named(rig: Rig) -> None:
    rig.go(
        f"{each(0)}{ENABLE}mov x1, #0b1010\nmsr pmswinc_el0, x1\nmov x1, #3\nmsr pmselr_el0, x1\n"
        "mrs x2, pmevcntr0_el0\nmrs x3, pmevcntr1_el0\nmrs x4, pmevcntr2_el0\nmrs x5, pmxevcntr_el0\nhvc #0"
    )
    assert rig.pe.x[2:6].tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize(
    "why",
    [
        "msr pmcr_el0, xzr",
        "mov x1, #1\nmsr pmcntenclr_el0, x1",
        "mov x1, #1\nmsr pmevtyper0_el0, x1",
        "mov x1, #0x80000000\nmsr pmevtyper0_el0, x1",
    ],
    ids=["PMCR.E", "PMCNTEN", "another event", "P"],
)
def test_it_does_not_count(rig: Rig, why: str) -> None:
    rig.go(f"{each(0)}{ENABLE}{why}\n{INCREMENT}mrs x0, pmevcntr0_el0\nhvc #0")
    assert rig.pe.x[0] == 0


def test_it_overflows_at_32_bits(rig: Rig) -> None:
    """D13.6.1: the counter wraps and PMOVSCLR_EL0 says so, until that is cleared."""
    rig.go(
        f"{each(0)}{ENABLE}mov w1, #-1\nmsr pmevcntr2_el0, x1\nmov x1, #4\nmsr pmswinc_el0, x1\n"
        "mrs x2, pmevcntr2_el0\nmrs x3, pmovsclr_el0\nmsr pmovsclr_el0, x1\nmrs x4, pmovsset_el0\nhvc #0"
    )
    assert rig.pe.x[2:5].tolist() == [0, 4, 0]


def test_pmcr_p_resets_the_counters(rig: Rig) -> None:
    rig.go(f"{each(0)}{ENABLE}{INCREMENT}mov x1, #3\nmsr pmcr_el0, x1\nmrs x0, pmevcntr0_el0\nhvc #0")
    assert rig.pe.x[0] == 0


@pytest.mark.parametrize(
    ("permission", "kind", "count"),
    [(0, 0, None), (1, 0, 1), (2, 0, 1), (4, 0, None), (1, 1 << 30, 0), (1, 1 << 31, 1)],
    ids=["none", "EN", "SW", "CR", "EN, U", "EN, P"],
)
def test_el0(rig: Rig, permission: int, kind: int, count: int | None) -> None:
    """PMUSERENR_EL0.EN or SW lets EL0 write PMSWINC_EL0; PMEVTYPERn_EL0.U filters EL0."""
    rig.pe.sysreg["VBAR_EL1"] = VBAR
    rig.load("mrs x8, esr_el1\nmrs x9, pmevcntr0_el0\nhvc #0", VBAR + 0x400)
    rig.go(
        f"{each(kind)}{ENABLE}mov x1, #{permission}\nmsr pmuserenr_el0, x1\nmsr spsr_el1, xzr\n"
        f"adr x9, user\nmsr elr_el1, x9\neret\nuser: {INCREMENT}svc #0"
    )
    assert rig.pe.x[8] >> 26 == (EC.SYSREG if count is None else EC.SVC64)
    assert rig.pe.x[9] == (count or 0)


def test_random_increments_agree_with_the_manual(rig: Rig) -> None:
    """Any sequence of enables, events, filters and increments, against D17.5.15 written out as a model."""
    for seed in range(200 if ALL else 12):
        rng = random.Random(seed)
        counts, kinds, enabled, on, overflowed = [0] * 4, [0] * 4, 0, False, 0
        source = f"{each(0)}mov x1, #15\nmsr pmcntenclr_el0, x1\nmov x1, #6\nmsr pmcr_el0, x1\n"
        source += "mov w1, #-1\nmsr pmovsclr_el0, x1\n"
        for _ in range(30):
            n, mask = rng.randrange(4), rng.randrange(16)
            match rng.randrange(6):
                case 0:
                    on = rng.random() < 0.8
                    source += f"mov x1, #{int(on)}\nmsr pmcr_el0, x1\n"
                case 1:
                    enabled |= mask
                    source += f"mov x1, #{mask}\nmsr pmcntenset_el0, x1\n"
                case 2:
                    enabled &= ~(1 << n)
                    source += f"mov x1, #{1 << n}\nmsr pmcntenclr_el0, x1\n"
                case 3:
                    kinds[n] = rng.choice([0, 0, 0, 8, 1 << 31, 1 << 30])
                    source += f"mov x1, #{kinds[n]}\nmsr pmevtyper{n}_el0, x1\n"
                case 4:
                    counts[n] = rng.choice([0, 0xFFFF_FFFE, 0xFFFF_FFFF])
                    source += f"mov x1, #{counts[n]}\nmsr pmevcntr{n}_el0, x1\n"
                case _:
                    source += f"mov x1, #{mask}\nmsr pmswinc_el0, x1\n"
                    for k in range(4):
                        if on and mask & enabled & 1 << k and not kinds[k] & 0x8000_FFFF:
                            counts[k] = counts[k] + 1 & 0xFFFF_FFFF
                            overflowed |= (not counts[k]) << k
        rig.pe.pc = RAM
        rig.go(
            source
            + "".join(f"mrs x{n + 2}, pmevcntr{n}_el0\n" for n in range(4))
            + "mrs x6, pmovsset_el0\nhvc #0"
        )
        assert rig.pe.x[2:7].tolist() == [*counts, overflowed], seed
