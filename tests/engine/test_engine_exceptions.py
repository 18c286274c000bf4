# SPDX-License-Identifier: MIT
"""Synchronous exceptions into EL1: vectors, banked SP, SPSR, ESR, ELR, FAR (DDI 0487, D1.3)."""

from __future__ import annotations

import pytest
from engine_rig import DEVICE, RAM, Rig

from harness.arch import hyp, pstate
from harness.arch.esr import EC, FSC_EXTERNAL, ISV, WNR, exception_class

VBAR = RAM + 0x1_0000
SP0, SP1 = RAM + 0x2_0000, RAM + 0x3_0000

PROLOGUE = f"""
    movz x9, #{VBAR >> 16}, lsl #16
    msr vbar_el1, x9
    movz x9, #{SP0 >> 16}, lsl #16
    msr sp_el0, x9
    movz x9, #{SP1 >> 16}, lsl #16
    mov sp, x9
    msr daifclr, #15
"""

DEVICE_IN_X1 = f"movz x1, #{DEVICE >> 16}, lsl #16"

TO_EL1H = ""
TO_EL1T = "msr spsel, #0\n"
TO_EL0 = "msr spsr_el1, xzr\nadr x9, user\nmsr elr_el1, x9\neret\nuser:\n"
FROM = {"EL1h": (TO_EL1H, 0x200), "EL1t": (TO_EL1T, 0x000), "EL0": (TO_EL0, 0x400)}


@pytest.fixture(params=FROM)
def origin(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def take(rig: Rig, origin: str, instruction: str, before: str = "") -> int:
    """Run an instruction at an exception level; its address."""
    prefix, _ = FROM[origin]
    rig.load(f"{PROLOGUE}{prefix}adr x10, here\n{before}\nhere:\n{instruction}\nb .")
    number_vectors(rig)
    rig.pe.run(200)
    return rig.pe.x[10]


def number_vectors(rig: Rig) -> None:
    """Each vector reports its number with HVC #(1 + number), then stops."""
    for offset in range(0, 0x800, 0x80):
        rig.load(f"hvc #{offset // 0x80 + 1}\nhvc #0", VBAR + offset)


def check_entry(rig: Rig, origin: str) -> None:
    offset = FROM[origin][1]
    pe = rig.pe
    assert rig.immediates() == [offset // 0x80 + 1, 0]
    assert pe.pstate & (pstate.DAIF | pstate.MODE) == pstate.RESET
    assert pe.el == 1
    assert pe.sp == SP1
    assert pe.sysreg["SP_EL0"] == SP0
    mode = {"EL1h": pstate.Mode.EL1H, "EL1t": pstate.Mode.EL1T, "EL0": pstate.Mode.EL0T}[origin]
    assert pe.sysreg["SPSR_EL1"] & pstate.MODE == mode
    assert pe.sysreg["SPSR_EL1"] & pstate.DAIF == 0


@pytest.mark.parametrize("control", [hyp.HCR_API, hyp.HCR_API | hyp.HCR_APK])
def test_an_exception_to_el2_that_nobody_serves_is_undefined(rig: Rig, control: int) -> None:
    """Pointer authentication, where EL2 has not left it to EL1: no such exit is anybody's."""
    pe = rig.add(model="max")
    pe.sysreg["HCR_EL2"] &= ~control
    pe.sysreg["VBAR_EL1"] = RAM + 0x800
    rig.load("hvc #0", RAM + 0xA00)
    rig.memory.write(RAM, (0x9AC2_3020).to_bytes(4, "little"))  # pacga x0, x1, x2
    pe.run(10)
    assert [imm for _, imm, _, _ in rig.calls] == [0]
    assert pe.sysreg["ESR_EL1"] == 0x0200_0000
    assert pe.sysreg["ELR_EL1"] == RAM


def test_svc(rig: Rig, origin: str) -> None:
    """SVC returns to the instruction after it (D1.3.5.4)."""
    at = take(rig, origin, "svc #0xabc")
    check_entry(rig, origin)
    assert rig.pe.sysreg["ESR_EL1"] == 0x5600_0ABC
    assert rig.pe.sysreg["ELR_EL1"] == at + 4


def test_brk(rig: Rig, origin: str) -> None:
    """BRK's preferred return address is its own (D2.8.3)."""
    at = take(rig, origin, "brk #7")
    check_entry(rig, origin)
    assert rig.pe.sysreg["ESR_EL1"] == 0xF200_0007
    assert rig.pe.sysreg["ELR_EL1"] == at


@pytest.mark.parametrize(
    "instruction", [".long 0", ".long 0xd4400020", "mrs x0, sctlr_el2", ".long 0xd53fe220"]
)
def test_undefined(rig: Rig, origin: str, instruction: str) -> None:
    """UDF, HLT without a debugger, a register of EL2, one of EL3 (CNTPS_CTL_EL1): EC 0 (D1.3.5.5)."""
    at = take(rig, origin, instruction)
    check_entry(rig, origin)
    assert rig.pe.sysreg["ESR_EL1"] == 0x0200_0000
    assert rig.pe.sysreg["ELR_EL1"] == at


def test_sve_is_not_there(make_max: Rig) -> None:
    """RDVL, which the emulated model has: EC 0, for no identification register says that there is SVE."""
    make_max.pe.sysreg["VBAR_EL1"] = VBAR
    make_max.load("hvc #0", VBAR + 0x200)
    make_max.go(".long 0x04bf5000")
    assert make_max.immediates() == [0]
    assert make_max.pe.sysreg["ESR_EL1"] == 0x0200_0000


@pytest.mark.parametrize("instruction", ["hvc #1", "smc #1"])
def test_hvc_and_smc_are_undefined_at_el0(rig: Rig, instruction: str) -> None:
    """C6.2.98, C6.2.312."""
    take(rig, "EL0", instruction)
    check_entry(rig, "EL0")
    assert rig.pe.sysreg["ESR_EL1"] == 0x0200_0000


@pytest.mark.parametrize("write", [False, True])
def test_external_data_abort(rig: Rig, origin: str, write: bool) -> None:
    """An abort injected for an unmapped device: EC by level, WnR, no ISV (D17.2.37)."""
    at = take(rig, origin, f"{'str' if write else 'ldr'} w0, [x1, #4]", DEVICE_IN_X1)
    check_entry(rig, origin)
    esr = rig.pe.sysreg["ESR_EL1"]
    assert exception_class(esr) == (EC.DATA_ABORT_LOWER if origin == "EL0" else EC.DATA_ABORT_SAME)
    assert bool(esr & WNR) == write
    assert not esr & ISV
    assert esr & 0x3F == FSC_EXTERNAL
    assert esr & 1 << 25
    assert rig.pe.sysreg["FAR_EL1"] == DEVICE + 4
    assert rig.pe.sysreg["ELR_EL1"] == at


def test_external_instruction_abort(rig: Rig, origin: str) -> None:
    """A branch into nothing: ELR and FAR are the target (D1.3.5.4)."""
    take(rig, origin, "br x1", DEVICE_IN_X1)
    check_entry(rig, origin)
    ec = EC.INSTRUCTION_ABORT_LOWER if origin == "EL0" else EC.INSTRUCTION_ABORT_SAME
    assert rig.pe.sysreg["ESR_EL1"] == ec << 26 | 1 << 25 | FSC_EXTERNAL
    assert rig.pe.sysreg["FAR_EL1"] == rig.pe.sysreg["ELR_EL1"] == DEVICE


def test_unaligned_exclusive(rig: Rig, origin: str) -> None:
    """A load exclusive must be aligned: DFSC 0x21 (B2.9.1)."""
    take(rig, origin, "ldxr x0, [x1]", f"movz x1, #{SP0 >> 16}, lsl #16\nadd x1, x1, #1")
    check_entry(rig, origin)
    assert rig.pe.sysreg["ESR_EL1"] & 0x3F == 0x21
    assert rig.pe.sysreg["FAR_EL1"] == SP0 + 1


def test_eret_goes_back_with_everything_banked(rig: Rig) -> None:
    """EL0 -> EL1 -> ERET -> EL0, SP_EL0 live again and rights lost again (D1.3.7)."""
    rig.load(PROLOGUE + TO_EL0 + "mov x5, sp\nsvc #0\nmov x6, sp\nhvc #1\nb .")
    rig.load("add x7, x7, #1\nmov x8, sp\ncmp x7, #2\nb.eq out\neret\nout: hvc #0", VBAR + 0x400)
    rig.pe.run(100)
    assert rig.pe.x[5] == rig.pe.x[6] == SP0
    assert rig.pe.x[8] == SP1
    assert rig.pe.sysreg["ESR_EL1"] == 0x0200_0000
    assert rig.immediates() == [0]


def test_illegal_return_stays_at_el1(rig: Rig) -> None:
    """ERET to a level that may not be returned to sets PSTATE.IL: the next instruction excepts (D1.3.4)."""
    rig.load(PROLOGUE + "mov x9, #0xd\nmsr spsr_el1, x9\nadr x9, next\nmsr elr_el1, x9\neret\nnext: hvc #1")
    rig.load("hvc #0", VBAR + 0x200)
    retired = rig.pe.run(100)
    assert rig.immediates() == [0]
    assert rig.pe.el == 1
    assert rig.pe.sysreg["ESR_EL1"] == 0x0E << 26 | 1 << 25
    assert rig.pe.sysreg["SPSR_EL1"] == pstate.IL | pstate.Mode.EL1H
    assert rig.memory.u32(rig.pe.sysreg["ELR_EL1"]) == 0xD400_0022
    assert not rig.pe.pstate & pstate.IL
    assert retired == rig.pe.retired


def test_el0_has_no_el1_rights_after_entering_by_hand(rig: Rig) -> None:
    """Writing PSTATE from the host rebuilds the CPU's idea of its level."""
    rig.load("mrs x0, sctlr_el1\nhvc #0")
    rig.load("hvc #9\nhvc #0", VBAR + 0x400)
    rig.pe.sysreg["VBAR_EL1"] = VBAR
    rig.pe.sysreg["SP_EL0"] = SP0
    rig.pe.pstate = pstate.Mode.EL0T
    assert rig.pe.sp == SP0
    rig.pe.run(10)
    assert rig.immediates() == [9, 0]


def test_a_mode_of_no_guest_is_refused(rig: Rig) -> None:
    with pytest.raises(ValueError, match="EL2h"):
        rig.pe.pstate = 0x3C9


class TestLockup:
    """A vector that faults itself ends the run with a reason, not with a hang."""

    def test_vbar_unset(self, rig: Rig) -> None:
        rig.load(".long 0")
        rig.pe.run(1000)
        lockup = rig.pe.lockup
        assert lockup is not None
        assert lockup.vbar == 0
        assert lockup.pc == 0x200
        assert "undefined instruction" in lockup.reason
        assert f"{RAM:#x}" in lockup.reason
        assert rig.pe.run(10) == 0

    def test_jump_into_nothing(self, rig: Rig) -> None:
        rig.load("mov x0, #0x1000\nbr x0")
        assert rig.pe.run(1000) == 2
        assert rig.pe.lockup is not None

    def test_vector_pushes_to_no_stack(self, rig: Rig) -> None:
        rig.load(f"movz x9, #{VBAR >> 16}, lsl #16\nmsr vbar_el1, x9\nmov x9, #0\nmov sp, x9\nsvc #0")
        rig.load("stp x0, x1, [sp, #-16]!\nb .", VBAR + 0x200)
        rig.pe.run(100_000)
        assert rig.pe.lockup is not None
        assert "data abort" in rig.pe.lockup.reason

    def test_a_vector_that_returns_illegally_to_itself(self, rig: Rig) -> None:
        """Each ERET leads to the next Illegal Execution state exception (D1.3.4)."""
        vector = VBAR + 0x200
        rig.load("eret", vector)
        rig.load("msr spsr_el1, x1\nmsr elr_el1, x2\neret")
        rig.pe.sysreg["VBAR_EL1"] = VBAR
        rig.pe.x[1], rig.pe.x[2] = 9, vector
        assert rig.pe.run(1000) < 10
        assert rig.pe.lockup is not None
        assert rig.pe.lockup.pc == vector

    def test_a_vector_is_entered_again_after_a_lockup_and_a_reset(self, rig: Rig) -> None:
        """The reset forgets which vector was entered last, and when."""
        vector = VBAR + 0x200
        rig.load(".long 0", vector)
        rig.load("svc #0")
        rig.pe.sysreg["VBAR_EL1"] = VBAR
        rig.pe.run(1000)
        assert rig.pe.lockup is not None
        rig.pe.reset(vector, 0)
        rig.pe.sysreg["VBAR_EL1"] = VBAR
        rig.load("hvc #0", vector)
        rig.load(".long 0", vector - 4)
        rig.pe.pc = vector - 4
        rig.pe.run(100)
        assert rig.pe.lockup is None
        assert rig.immediates() == [0]

    def test_reset_ends_it(self, rig: Rig) -> None:
        rig.load(".long 0")
        rig.pe.run(1000)
        rig.pe.reset(RAM, 5)
        assert rig.pe.lockup is None
        assert rig.pe.x[0] == 5
        assert rig.pe.sysreg["ESR_EL1"] == 0
