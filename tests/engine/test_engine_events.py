# SPDX-License-Identifier: MIT
"""WFE, SEV, SEVL and the event register (DDI 0487, D1.6.1)."""

from __future__ import annotations

import pytest
from engine_rig import RAM, Rig

from harness.arch.esr import EC

VBAR = RAM + 0x1_0000
CLEAR = "sevl\nwfe\n"  # the register is clear afterwards


def asleep(rig: Rig, source: str) -> bool:
    """Whether the PE waits in the WFE that ends the source."""
    rig.load(source + "\nwfe\nhvc #0")
    rig.pe.run(100)
    return rig.pe.event_register.asleep


def test_a_wfe_without_an_event_waits_behind_itself(rig: Rig) -> None:
    rig.load(CLEAR + "nop\nwfe\nhvc #0")
    assert rig.pe.run(100) == 4
    assert rig.pe.event_register.asleep
    assert rig.pe.pc == RAM + 16
    assert not rig.pe.event_register.awake()


def test_it_waits_in_the_first_block_of_all(rig: Rig) -> None:
    rig.load("wfe\nwfe\nhvc #0")  # the first fetch from a page is an exception, after which WFE goes on
    assert rig.pe.run(100) == 2
    assert rig.pe.event_register.asleep


@pytest.mark.parametrize("event", ["sev", "sevl"])
def test_an_event_is_registered_once(rig: Rig, event: str) -> None:
    """WFE completes and clears the register; two events are one."""
    assert asleep(rig, f"{CLEAR}{event}\n{event}\nwfe\nmov x3, #1")
    assert rig.pe.x[3] == 1


def test_sev_is_for_everybody_and_sevl_for_oneself(rig: Rig) -> None:
    sent = []
    rig.pe.event_register.on_sev = lambda: sent.append(rig.pe.retired)
    rig.go("sevl\nnop\nsev\nhvc #0")
    assert sent == [2]  # before it is retired


def test_an_event_wakes(rig: Rig) -> None:
    assert asleep(rig, CLEAR)
    rig.pe.event_register.is_set = True
    assert rig.pe.event_register.awake()
    assert not rig.pe.event_register.is_set
    rig.pe.run(100)
    assert rig.immediates() == [0]


@pytest.mark.parametrize(
    ("line", "masked", "wakes"),
    [
        ("virq", 0, True),
        ("virq", 1, True),
        ("virq", 2, False),
        ("virq", 3, False),
        ("vfiq", 0, True),
        ("vfiq", 1, False),
        ("vfiq", 2, True),
        ("vfiq", 3, False),
    ],
)
def test_an_interrupt_wakes_if_it_is_not_masked(rig: Rig, line: str, masked: int, wakes: bool) -> None:
    """By PSTATE.I (2) or F (1)."""
    assert asleep(rig, f"msr daifclr, #3\nmsr daifset, #{masked}\n{CLEAR}")
    setattr(rig.pe, line, True)
    rig.pe.event_register.is_set = False  # the change of the line, of which more below
    assert rig.pe.event_register.awake() is wakes


@pytest.mark.parametrize("line", ["virq", "vfiq"])
def test_a_handler_that_ran_unseen_leaves_an_event(rig: Rig, line: str) -> None:
    """Its ERET sets the register: what it has told the code it interrupted is not slept over."""
    assert asleep(rig, CLEAR)
    setattr(rig.pe, line, True)
    setattr(rig.pe, line, False)
    assert rig.pe.event_register.awake()


def test_an_exception_return_is_an_event(rig: Rig) -> None:
    rig.pe.sysreg["VBAR_EL1"] = VBAR
    rig.load("eret", VBAR + 0x200)
    assert asleep(rig, f"{CLEAR}svc #0\nwfe\nmov x3, #1")
    assert rig.pe.x[3] == 1


@pytest.mark.parametrize(("between", "polls"), [("", True), ("clrex", False), ("stxr w2, x1, [x4]", False)])
def test_who_waits_with_the_monitor_armed_polls(rig: Rig, between: str, polls: bool) -> None:
    assert asleep(
        rig, f"movz x4, #{RAM + 0x20_0000 >> 16}, lsl #16\nldxr x1, [x4]\n{CLEAR}ldxr x1, [x4]\n{between}"
    )
    assert rig.pe.event_register.polls is polls


@pytest.mark.parametrize(("event", "traps"), [("", True), ("sevl", False)])
def test_it_traps_at_el0_where_it_would_wait(rig: Rig, event: str, traps: bool) -> None:
    """SCTLR_EL1.nTWE clear: EC 0x01, TI 1, at the instruction (D17.2.118)."""
    rig.load("mrs x8, esr_el1\nmrs x7, elr_el1\nhvc #0", VBAR + 0x400)
    rig.pe.sysreg["VBAR_EL1"] = VBAR
    rig.pe.sysreg["SCTLR_EL1"] &= ~(1 << 18)
    rig.go(f"msr spsr_el1, xzr\nadr x9, user\nmsr elr_el1, x9\neret\nuser: {CLEAR}nop\n{event}\nwfe\nsvc #0")
    expected = EC.WFX << 26 | 1 << 25 | 1 << 24 | 0xE << 20 | 1
    assert (rig.pe.x[8] == expected) is traps
    assert (rig.pe.x[7] == RAM + 28) is traps


def test_it_waits_at_el1_whatever_el0_may(rig: Rig) -> None:
    """SCTLR_EL1.nTWE is for EL0 alone."""
    rig.pe.sysreg["SCTLR_EL1"] &= ~(1 << 18)
    assert asleep(rig, CLEAR)


def test_a_wfe_that_waits_can_be_cut_anywhere(rig: Rig) -> None:
    rig.load(CLEAR + "nop\nwfe\nhvc #0")
    assert [rig.pe.run(1) for _ in range(4)] == [1, 1, 1, 1]
    assert rig.pe.event_register.asleep


def test_reset_ends_the_wait(rig: Rig) -> None:
    assert asleep(rig, CLEAR)
    rig.pe.event_register.polls = True
    rig.pe.reset(RAM, 0)
    assert rig.pe.event_register.awake()
    assert not rig.pe.event_register.polls
