# SPDX-License-Identifier: MIT
"""The virtual interrupt line, WFI, and system registers (DDI 0487, D1.3.6, D13)."""

from __future__ import annotations

import pytest
from engine_rig import RAM, Rig

from harness.arch.esr import EC
from harness.arch.sysreg import NAMES_TO_ENCODINGS, SysregEncoding
from harness.engine import PE

VBAR = RAM + 0x1_0000
CNTVCT, CNTV_CTL = NAMES_TO_ENCODINGS["CNTVCT_EL0"], NAMES_TO_ENCODINGS["CNTV_CTL_EL0"]


@pytest.fixture
def vectored(rig: Rig) -> Rig:
    rig.pe.sysreg["VBAR_EL1"] = VBAR
    rig.load("hvc #0x280\nhvc #0", VBAR + 0x280)
    rig.load("hvc #0x480\nhvc #0", VBAR + 0x480)
    rig.load("hvc #0x200\nhvc #0", VBAR + 0x200)
    rig.load("hvc #0x400\nhvc #0", VBAR + 0x400)
    return rig


def test_a_masked_interrupt_waits_for_daif(vectored: Rig) -> None:
    pe = vectored.pe
    vectored.load("nop\nnop\nmsr daifclr, #2\nnop\nhvc #0")
    pe.virq = True
    pe.run(100)
    assert vectored.immediates() == [0x280, 0]
    assert pe.sysreg["ELR_EL1"] == RAM + 12
    assert pe.sysreg["ISR_EL1"] == 0x80
    assert vectored.calls[0][3] == 4


def test_raised_in_a_handler_it_is_taken_at_once(vectored: Rig) -> None:
    pe = vectored.pe
    vectored.load("msr daifclr, #2\nhvc #1\nnop\nhvc #0")

    def hvc(pe: PE, esr: int) -> None:
        vectored.calls.append((0, esr & 0xFFFF, 0, pe.retired))
        pe.virq = esr & 0xFFFF == 1
        if not esr & 0xFFFF:
            pe.stop()

    pe.handlers[EC.HVC64] = hvc
    pe.run(100)
    assert vectored.immediates() == [1, 0x280, 0]
    assert pe.sysreg["ELR_EL1"] == RAM + 8


def test_raised_by_a_timer_register_it_is_taken_at_once(vectored: Rig) -> None:
    """A write that raises the line amid a translated block."""
    pe = vectored.pe
    pe.on_system_register[CNTV_CTL] = (lambda pe: 5, lambda pe, value: setattr(pe, "virq", bool(value)))
    vectored.load("msr daifclr, #2\nmov x0, #1\nmsr cntv_ctl_el0, x0\nmov x0, #2\nmov x0, #3\nhvc #0")
    pe.run(100)
    assert vectored.immediates() == [0x280, 0]
    assert pe.x[0] == 1
    assert pe.sysreg["ELR_EL1"] == RAM + 12


def test_from_el0(vectored: Rig) -> None:
    vectored.load("msr spsr_el1, xzr\nadr x0, user\nmsr elr_el1, x0\neret\nuser: nop\nb user")
    vectored.pe.virq = True
    vectored.pe.run(100)
    assert vectored.immediates() == [0x480, 0]


def test_lowered_before_it_is_taken(vectored: Rig) -> None:
    pe = vectored.pe
    pe.virq = True
    pe.virq = False
    assert not pe.virq
    vectored.go("msr daifclr, #2\nnop\nhvc #0")
    assert vectored.immediates() == [0]


def test_wfi_is_an_exit(rig: Rig) -> None:
    """HCR_EL2.TWI: EC 1 with pc at it."""
    seen: list[tuple[int, int]] = []

    def wfx(pe: PE, esr: int) -> None:
        seen.append((pe.pc, esr))
        pe.advance()

    rig.pe.handlers[EC.WFX] = wfx
    rig.go("nop\nwfi\nhvc #0")
    assert seen == [(RAM + 4, 0x07E0_0000)]
    assert rig.calls[0][3] == 3


def test_native_wfi_waits_or_falls_through(rig: Rig) -> None:
    """HCR_EL2.TWI clear: `waiting` with no interrupt pending, a NOP with one (masked or not)."""
    pe = rig.pe
    pe.trap_wfi = False
    rig.load("nop\nwfi\nnop\nwfi\nhvc #0")
    assert pe.run(100) == 2
    assert pe.waiting
    assert pe.pc == RAM + 8
    pe.virq = True
    pe.run(100)
    assert not pe.waiting
    assert rig.calls == [(0, 0, 0, 5)]


def test_smc_is_an_exit_at_the_instruction(rig: Rig) -> None:
    """HCR_EL2.TSC (D1.3.5)."""
    seen: list[tuple[int, int]] = []

    def smc(pe: PE, esr: int) -> None:
        seen.append((pe.pc, esr))
        pe.advance()

    rig.pe.handlers[EC.SMC64] = smc
    rig.go("smc #5\nhvc #0")
    assert seen == [(RAM, 0x5E00_0005)]


class TestSystemRegisters:
    def test_the_counter_is_ours(self, rig: Rig) -> None:
        rig.pe.on_system_register[CNTVCT] = (lambda pe: pe.retired, None)
        rig.go("nop\nmrs x0, cntvct_el0\nmrs x30, cntvct_el0\nmrs xzr, cntvct_el0\nhvc #0")
        assert rig.pe.x[0] == 2
        assert rig.pe.x[30] == 3

    @pytest.mark.parametrize("register", [0, 15, 28, 29, 30])
    def test_every_register_number(self, rig: Rig, register: int) -> None:
        written: list[int] = []
        rig.pe.on_system_register[CNTV_CTL] = (lambda pe: 0x1234, lambda pe, value: written.append(value))
        rig.go(f"mrs x{register}, cntv_ctl_el0\nmsr cntv_ctl_el0, x{register}\nmsr cntv_ctl_el0, xzr\nhvc #0")
        assert rig.pe.x[register] == 0x1234
        assert written == [0x1234, 0]

    def test_writing_the_counter_is_undefined(self, vectored: Rig) -> None:
        vectored.pe.on_system_register[CNTVCT] = (lambda pe: 0, None)
        vectored.go("nop\n.long 0xd51be040\nnop")
        assert vectored.immediates() == [0x200, 0]
        assert vectored.pe.sysreg["ELR_EL1"] == RAM + 4
        assert vectored.pe.sysreg["ESR_EL1"] == 0x0200_0000

    def test_no_write_handler_is_undefined(self, vectored: Rig) -> None:
        vectored.pe.on_system_register[CNTV_CTL] = (lambda pe: 0, None)
        vectored.go("nop\nmsr cntv_ctl_el0, x0\nnop\nnop")
        assert vectored.immediates() == [0x200, 0]
        assert vectored.pe.sysreg["ELR_EL1"] == RAM + 4
        assert vectored.calls[0][3] == 3

    @pytest.mark.parametrize(("allowed", "vector"), [(2, 0), (0, 0x400), (1, 0x400)])
    def test_cntkctl_guards_the_counter_at_el0(self, vectored: Rig, allowed: int, vector: int) -> None:
        """CNTKCTL_EL1.EL0VCTEN (D13.11)."""
        vectored.pe.on_system_register[CNTVCT] = (lambda pe: 0x77, None)
        vectored.load(
            f"mov x0, #{allowed}\nmsr cntkctl_el1, x0\nmsr spsr_el1, xzr\nadr x0, user\nmsr elr_el1, x0\neret\n"
            "user: mrs x5, cntvct_el0\nsvc #0"
        )
        vectored.pe.run(100)
        ec = vectored.pe.sysreg["ESR_EL1"] >> 26
        assert ec == (EC.SYSREG if vector else EC.SVC64)
        assert vectored.pe.x[5] == (0 if vector else 0x77)

    def test_a_register_the_cpu_does_not_know(self, rig: Rig) -> None:
        """An implementation-defined register served by us (S3_3_C15_C15_0)."""
        written: list[int] = []
        rig.pe.on_system_register[SysregEncoding(3, 3, 15, 15, 0)] = (
            lambda pe: 42,
            lambda pe, v: written.append(v),
        )
        rig.go(".long 0xd53bff01\n.long 0xd51bff01\nhvc #0")
        assert rig.pe.x[1] == 42
        assert written == [42]
        assert rig.calls[0][3] == 3

    def test_xzr_of_a_register_the_cpu_does_not_know(self, rig: Rig) -> None:
        written: list[int] = []
        served = (lambda pe: 42, lambda pe, v: written.append(v))
        rig.pe.on_system_register[SysregEncoding(3, 3, 15, 15, 0)] = served
        rig.go(".long 0xd53bff1f\n.long 0xd51bff1f\nhvc #0")
        assert written == [0]
        assert rig.immediates() == [0]

    def test_the_id_space_reads_as_zero(self, rig: Rig) -> None:
        rig.pe.x[1] = 5
        rig.go(".long 0xd53807e1\nhvc #0")
        assert rig.pe.x[1] == 0

    def test_debug_and_pmu_registers_do_not_trap(self, rig: Rig) -> None:
        rig.go("mrs x0, mdscr_el1\nmrs x0, pmcr_el0\nmsr oslar_el1, xzr\nmrs x0, oslsr_el1\nhvc #0")
        assert rig.immediates() == [0]

    def test_mpidr_and_midr(self, rig: Rig) -> None:
        second = rig.add()
        rig.load("mrs x0, mpidr_el1\nmrs x1, midr_el1\nhvc #0")
        second.run(10)
        assert second.x[0] == 0x8000_0001
        assert second.x[1] == rig.pe.sysreg["MIDR_EL1"] != 0

    def test_by_name(self, rig: Rig) -> None:
        rig.pe.sysreg["TPIDR_EL1"] = 0xABCD
        rig.go("mrs x0, tpidr_el1\nmov x1, #3\nmsr tpidr_el0, x1\nhvc #0")
        assert rig.pe.x[0] == 0xABCD
        assert rig.pe.sysreg["TPIDR_EL0"] == 3
        with pytest.raises(KeyError):
            rig.pe.sysreg["NO_SUCH_EL1"]

    def test_live_stack_pointers(self, rig: Rig) -> None:
        rig.pe.sysreg["SP_EL1"] = 0x100
        rig.pe.sysreg["SP_EL0"] = 0x200
        assert rig.pe.sp == 0x100
        rig.go("mov x0, sp\nmsr spsel, #0\nmov x1, sp\nhvc #0")
        assert (rig.pe.x[0], rig.pe.x[1]) == (0x100, 0x200)
        assert rig.pe.sysreg["SP_EL0"] == rig.pe.sp == 0x200
        assert rig.pe.sysreg["SP_EL1"] == 0x100
