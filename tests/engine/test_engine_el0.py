# SPDX-License-Identifier: MIT
"""Rights of EL0: timer registers, the PMU, identification registers, and what is EL1's alone."""

from __future__ import annotations

import pytest
from engine_rig import RAM, Rig

from harness.arch.esr import EC
from harness.arch.sysreg import NAMES_TO_ENCODINGS

VBAR = RAM + 0x1_0000
UNDEFINED = 1 << 25
EL0PCTEN, EL0VCTEN, EL0VTEN, EL0PTEN = 1 << 0, 1 << 1, 1 << 8, 1 << 9
RIGHTS = {
    "CNTPCT_EL0": EL0PCTEN,
    "CNTVCT_EL0": EL0VCTEN,
    "CNTFRQ_EL0": EL0PCTEN | EL0VCTEN,
    "CNTV_CTL_EL0": EL0VTEN,
    "CNTV_CVAL_EL0": EL0VTEN,
    "CNTV_TVAL_EL0": EL0VTEN,
    "CNTP_CTL_EL0": EL0PTEN,
    "CNTP_CVAL_EL0": EL0PTEN,
    "CNTP_TVAL_EL0": EL0PTEN,
}


def at_el0(rig: Rig, source: str, before: str = "") -> int:
    """Runs a source at EL0, up to its first exception; returns ESR_EL1."""
    rig.load("mrs x30, esr_el1\nhvc #0", VBAR + 0x400)
    rig.pe.sysreg["VBAR_EL1"] = VBAR
    rig.go(f"{before}\nmsr spsr_el1, xzr\nadr x9, user\nmsr elr_el1, x9\neret\nuser: {source}\nsvc #0x77")
    assert rig.immediates() == [0]
    return rig.pe.x[30]


@pytest.mark.parametrize("bit", [EL0PCTEN, EL0VCTEN, EL0VTEN, EL0PTEN])
@pytest.mark.parametrize("name", RIGHTS)
def test_cntkctl_has_a_bit_for_each_timer_register(rig: Rig, name: str, bit: int) -> None:
    """D13.11: with it the register is ours, without it EC 0x18."""
    rig.pe.on_system_register[NAMES_TO_ENCODINGS[name]] = (lambda pe: 0x55, None)
    rig.pe.sysreg["CNTKCTL_EL1"] = bit
    esr = at_el0(rig, f"mrs x5, {name}")
    if RIGHTS[name] & bit:
        assert esr >> 26 == EC.SVC64
        assert rig.pe.x[5] == 0x55
    else:
        assert esr >> 26 == EC.SYSREG
        assert rig.pe.x[5] == 0


@pytest.mark.parametrize(
    ("enabled", "reads", "writes"),
    [(0, False, False), (1, True, True), (1 << 2, True, False), (1 << 3, False, False)],
)
def test_pmuserenr_guards_the_cycle_counter(rig: Rig, enabled: int, reads: bool, writes: bool) -> None:
    """EN allows both, CR reads alone, ER neither (D17.5.16)."""
    rig.pe.sysreg["PMUSERENR_EL0"] = enabled
    for source, allowed in (("mrs x5, pmccntr_el0", reads), ("msr pmccntr_el0, x6", writes)):
        rig.pe.pc = RAM
        rig.pe.pstate = 0x3C5
        rig.calls.clear()
        assert at_el0(rig, source) >> 26 == (EC.SVC64 if allowed else EC.SYSREG)


@pytest.mark.parametrize("enabled", [False, True])
def test_an_event_that_is_not_there_needs_permission_too(rig: Rig, enabled: bool) -> None:
    rig.pe.sysreg["PMUSERENR_EL0"] = enabled
    esr = at_el0(rig, "mov x1, #0x11\nmsr pmevtyper0_el0, x1")
    assert esr >> 26 == (EC.SVC64 if enabled else EC.SYSREG)


@pytest.mark.parametrize(
    "word",
    [0xD538_0405, 0xD538_0725, 0xD538_0605, 0xD539_F305],
    ids=["ID_AA64PFR0_EL1", "ID_AA64MMFR1_EL1", "ID_AA64ISAR0_EL1", "CBAR_EL1"],
)
def test_identification_is_for_el1(rig: Rig, word: int) -> None:
    """MRS to x5 is UNDEFINED at EL0 (D17.1), and answers at EL1."""
    assert at_el0(rig, f".long {word}") == UNDEFINED
    assert rig.pe.x[5] == 0


@pytest.mark.parametrize(("op1", "served"), [(0, False), (3, True)])
def test_el0_reaches_our_own_registers_with_op1_3_alone(rig: Rig, op1: int, served: bool) -> None:
    """S3_<op1>_C15_C15_0: op1 is the level that may use it (D17.1.2)."""
    encoding = NAMES_TO_ENCODINGS["TPIDR_EL0"]._replace(op1=op1, crn=15, crm=15, op2=0)
    rig.pe.on_system_register[encoding] = (lambda pe: 0x55, None)
    esr = at_el0(rig, f".long {0xD538FF05 | op1 << 16}")
    assert (esr >> 26 == EC.SVC64) is served
    assert rig.pe.x[5] == (0x55 if served else 0)


def test_eret_is_undefined(rig: Rig) -> None:
    """C6.2.94; also where ERETs are looked at, because an illegal SPSR_EL1 was seen."""
    before = "mov x9, #9\nmsr spsr_el1, x9"
    assert at_el0(rig, "eret", before) == UNDEFINED


@pytest.mark.parametrize("name", ["daifset", "daifclr"])
@pytest.mark.parametrize("level", [0, 1])
def test_interrupt_masks_are_el1s(rig: Rig, name: str, level: int) -> None:
    """SCTLR_EL1.UMA clear: EC 0x18 at EL0 (D17.2.118)."""
    if level:
        rig.go(f"msr {name}, #2\nhvc #0")
        assert rig.immediates() == [0]
    else:
        assert at_el0(rig, f"msr {name}, #2") >> 26 == EC.SYSREG


@pytest.mark.parametrize(
    "register", ["vbar_el1", "sctlr_el1", "spsr_el1", "cpacr_el1", "mdscr_el1", "tcr_el1"]
)
def test_a_register_of_el1_that_el0_tries_to_write_is_as_it_was(rig: Rig, register: str) -> None:
    """UNDEFINED at EL0 (D1.3.5.5): neither the CPU nor anything that follows the register takes the value over."""
    rig.pe.sysreg["VBAR_EL1"] = RAM + 0x1_0000
    rig.load("hvc #0", RAM + 0x1_0480)
    rig.load("mrs x8, esr_el1\nhvc #0x400\nhvc #0", RAM + 0x1_0400)
    rig.pe.watch_exceptions(lambda pe, vector: vectors.append(vector), None)
    vectors: list[int] = []
    rig.go(
        f"msr spsr_el1, xzr\nadr x0, user\nmsr elr_el1, x0\neret\nuser: mov x1, #-2048\nmsr {register}, x1"
    )
    assert rig.immediates() == [0x400, 0]
    assert rig.pe.x[8] == 1 << 25
    assert not rig.pe.big_endian
    rig.pe.pstate = 0
    rig.pe.virq = True
    rig.pe.run(10)
    assert vectors == [RAM + 0x1_0480]
