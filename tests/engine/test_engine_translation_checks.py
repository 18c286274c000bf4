# SPDX-License-Identifier: MIT
"""What the engine adds to Unicorn's translation: PC alignment, FP traps, illegal returns, FIQ (DDI 0487, D1.3)."""

from __future__ import annotations

import pytest
from engine_rig import RAM, Rig

from harness.arch import pstate
from harness.arch.esr import EC
from harness.engine import PE

VBAR = RAM + 0x1_0000
TO_VBAR = f"movz x9, #{VBAR >> 16}, lsl #16\nmsr vbar_el1, x9\n"
ENABLE_FP = "mov x9, #0x300000\nmsr cpacr_el1, x9\nisb\n"
HANDLER = "mrs x8, esr_el1\nadd x7, x7, #1\nhvc #0"


def test_fp_at_reset_traps(rig: Rig) -> None:
    """CPACR_EL1.FPEN is 0 at reset: EC 0x07 at the instruction, which counts as retired like any other."""
    rig.load(HANDLER, VBAR + 0x200)
    rig.load(TO_VBAR + "nop\nfmov d0, x0\nhvc #1")
    retired = rig.pe.run(100)
    assert rig.immediates() == [0]
    assert rig.pe.x[8] == EC.FP_ACCESS << 26 | 1 << 25 | 1 << 24 | 0xE << 20
    assert rig.pe.sysreg["ELR_EL1"] == RAM + 12
    assert retired == 4 + 3


def test_fp_traps_in_the_first_block_of_all(rig: Rig) -> None:
    rig.pe.sysreg["VBAR_EL1"] = VBAR
    rig.load(HANDLER, VBAR + 0x200)
    rig.go("fmov d0, x0\nhvc #1")
    assert rig.immediates() == [0]
    assert rig.pe.sysreg["ELR_EL1"] == RAM


def test_a_trap_is_of_its_instruction_not_of_its_address(rig: Rig) -> None:
    """Other code comes to where FP trapped."""
    rig.load("mrs x9, elr_el1\nadd x9, x9, #4\nmsr elr_el1, x9\neret", VBAR + 0x200)
    rig.go(TO_VBAR + "fmov d0, x0\nhvc #0")
    rig.load("add x7, x7, #1\nhvc #0", RAM + 8)
    rig.pe.pc = RAM
    rig.pe.run(100)
    assert rig.pe.x[7] == 1


def test_fp_works_once_enabled_and_traps_once_disabled(rig: Rig) -> None:
    """A loop over the same instruction: what was translated before is looked at again."""
    rig.load("add x7, x7, #1\nmrs x9, elr_el1\nadd x9, x9, #4\nmsr elr_el1, x9\neret", VBAR + 0x200)
    rig.go(
        TO_VBAR
        + "mov x12, #2\nagain: mov x10, #3\nloop: fmov d0, x10\nsubs x10, x10, #1\nb.ne loop\nhvc #1\n"
        + "eor x11, x11, #0x300000\nmsr cpacr_el1, x11\nisb\nsubs x12, x12, #1\nb.pl again\nhvc #0"
    )
    assert rig.immediates() == [1, 1, 1, 0]
    assert rig.pe.x[7] == 6  # trapped, worked, trapped


@pytest.mark.parametrize(("enable", "traps"), [(0, True), (1, False), (2, True), (3, False)])
@pytest.mark.parametrize("instruction", ["fmov d0, x0", "msr fpcr, x0", "mrs x0, fpsr", "ldr q0, [x1]"])
def test_fp_of_el1_traps_by_fpen(rig: Rig, instruction: str, enable: int, traps: bool) -> None:
    """CPACR_EL1.FPEN: 0b00 and 0b10 trap (D17.2.29), registers of FP as well as its instructions."""
    rig.load(HANDLER, VBAR + 0x200)
    rig.pe.x[1] = RAM + 0x8000
    rig.go(TO_VBAR + f"mov x9, #{enable << 20}\nmsr cpacr_el1, x9\nisb\n{instruction}\nhvc #1\nhvc #0")
    assert rig.immediates() == ([0] if traps else [1, 0])
    assert (rig.pe.x[8] >> 26 == EC.FP_ACCESS) is traps


@pytest.mark.parametrize("word", [0x8E00_0000, 0xAE00_0000, 0xDE00_0000, 0xEE00_0000, 0xFE00_0000])
def test_what_is_unallocated_beside_fp_is_undefined(rig: Rig, word: int) -> None:
    """C4.1.96: no FP instruction, so no FP trap, though its bits 27:25 are those of FP."""
    rig.load(HANDLER, VBAR + 0x200)
    rig.go(TO_VBAR + f".long {word}\nhvc #1")
    assert rig.immediates() == [0]
    assert rig.pe.x[8] == 1 << 25


def test_fp_of_el0_traps_on_its_own(rig: Rig) -> None:
    """FPEN = 0b01 lets EL1 alone use it, by the same address as EL0."""
    rig.load("mrs x8, esr_el1\nhvc #0", VBAR + 0x400)
    rig.go(
        TO_VBAR + "mov x9, #0x100000\nmsr cpacr_el1, x9\nisb\nbl both\nadr x9, both\nmsr elr_el1, x9\n"
        "msr spsr_el1, xzr\neret\nboth: fmov d0, x0\nret"
    )
    assert rig.pe.x[8] >> 26 == EC.FP_ACCESS
    assert rig.immediates() == [0]


def test_an_fp_trap_in_the_vector_itself_locks_up(rig: Rig) -> None:
    rig.load("fmov d0, x0", VBAR + 0x200)
    rig.go(TO_VBAR + "fmov d0, x0")
    assert rig.pe.lockup is not None
    assert "FP" in rig.pe.lockup.reason


@pytest.mark.parametrize("length", range(1, 9))
def test_slices_end_where_they_must(rig: Rig, length: int) -> None:
    """However a run is cut, a trap is taken once and counts once."""
    rig.load(HANDLER, VBAR + 0x200)
    rig.load(TO_VBAR + "nop\nfmov d0, x0\nhvc #1")
    total = 0
    while not rig.calls:
        retired = rig.pe.run(length)
        assert 0 < retired <= length
        total += retired
    assert total == 7
    assert rig.pe.x[7] == 1


def test_a_breakpoint_on_a_trapped_instruction_comes_first(rig: Rig) -> None:
    rig.load(HANDLER, VBAR + 0x200)
    rig.load(TO_VBAR + "fmov d0, x0\nhvc #1")
    rig.pe.add_breakpoint(RAM + 8, lambda pe: pe.stop())
    assert rig.pe.run(100) == 2
    assert rig.pe.pc == RAM + 8
    rig.pe.run(100)
    assert rig.immediates() == [0]
    assert rig.pe.sysreg["ELR_EL1"] == RAM + 8


@pytest.mark.parametrize("offset", [1, 2, 3])
def test_a_misaligned_branch_target(rig: Rig, offset: int) -> None:
    """EC 0x22 with ELR and FAR the target; nothing of it executes (D1.3.7)."""
    rig.load(HANDLER, VBAR + 0x200)
    rig.go(TO_VBAR + f"adr x1, there\nadd x1, x1, #{offset}\nbr x1\nthere: hvc #1\nhvc #2")
    assert rig.immediates() == [0]
    assert rig.pe.x[8] == EC.PC_ALIGNMENT << 26 | 1 << 25
    assert rig.pe.sysreg["ELR_EL1"] == rig.pe.sysreg["FAR_EL1"] == RAM + 20 + offset


def test_a_misaligned_target_excepts_every_time(rig: Rig) -> None:
    rig.load("mov x8, x7\nadd x7, x7, #1\ncmp x7, #3\nb.eq out\nbr x1\nout: hvc #0", VBAR + 0x200)
    rig.go(TO_VBAR + "adr x1, there\nadd x1, x1, #2\nbr x1\nthere: hvc #1\nhvc #2")
    assert rig.pe.x[7] == 3
    assert rig.immediates() == [0]


@pytest.mark.parametrize("mode", [1, 6, 7, 0b1001, 0b1101, 0b1_0011, 0b1_0000])
def test_illegal_returns(rig: Rig, mode: int) -> None:
    """Other levels, reserved modes, and AArch32, which no guest has (D1.3.4; "aarch64-only")."""
    rig.load(HANDLER, VBAR + 0x200)
    rig.go(TO_VBAR + f"mov x9, #{mode}\nmsr spsr_el1, x9\nadr x9, next\nmsr elr_el1, x9\neret\nnext: hvc #1")
    assert rig.pe.x[8] >> 26 == EC.ILLEGAL_STATE
    assert rig.pe.sysreg["SPSR_EL1"] & (pstate.IL | pstate.MODE) == pstate.IL | pstate.Mode.EL1H
    assert rig.immediates() == [0]


@pytest.mark.parametrize("kept", [0, 0xF000_0000, 0x3C0, 0x5000_0000 | 0x140])
def test_an_illegal_return_takes_flags_and_masks_over(rig: Rig, kept: int) -> None:
    """And nothing else: the mode stays, PSTATE.IL is set (D1.3.4)."""
    rig.load(HANDLER, VBAR + 0x200)
    rig.load(TO_VBAR + "msr spsr_el1, x1\nadr x9, next\nmsr elr_el1, x9\neret\nnext: hvc #1")
    rig.pe.x[1] = kept | 9
    rig.pe.run(100)
    assert rig.pe.x[8] >> 26 == EC.ILLEGAL_STATE
    assert rig.pe.sysreg["SPSR_EL1"] == kept | pstate.IL | pstate.Mode.EL1H


def test_a_return_with_il_goes_to_its_mode(rig: Rig) -> None:
    """SPSR_EL1.IL with a mode that is legal: the exception comes from there, EL0 here (D1.3.4)."""
    rig.load(HANDLER, VBAR + 0x400)
    rig.load(TO_VBAR + "msr spsr_el1, x1\nadr x9, next\nmsr elr_el1, x9\neret\nnext: hvc #1")
    rig.pe.x[1] = pstate.IL
    rig.pe.run(100)
    assert rig.immediates() == [0]
    assert rig.pe.x[8] >> 26 == EC.ILLEGAL_STATE
    assert rig.pe.sysreg["SPSR_EL1"] == pstate.IL


def test_a_legal_return_after_an_illegal_value_works(rig: Rig) -> None:
    rig.go(
        TO_VBAR
        + "mov x9, #9\nmsr spsr_el1, x9\nmov x9, #0x3c4\nmsr spsr_el1, x9\nadr x9, next\nmsr elr_el1, x9\n"
        "eret\nnext: mrs x5, spsel\nhvc #0"
    )
    assert rig.immediates() == [0]
    assert rig.pe.x[5] == 0


def test_virtual_fiq(rig: Rig) -> None:
    """HCR_EL2.VF: taken at VBAR_EL1 + 0x300 once PSTATE.F is clear (D1.3.6)."""
    rig.load("hvc #0", VBAR + 0x300)

    def raise_fiq(pe: PE, _esr: int) -> None:
        if pe.el == 1 and not pe.vfiq:
            pe.vfiq = True
        else:
            pe.stop()

    rig.pe.handlers[EC.HVC64] = raise_fiq
    rig.go(TO_VBAR + "hvc #1\nmsr daifclr, #1\nnop\nnop")
    assert rig.pe.pc == VBAR + 0x304
    assert rig.pe.virq is False


def test_host_writes_of_cpacr_count_too(rig: Rig) -> None:
    rig.pe.sysreg["CPACR_EL1"] = 3 << 20
    rig.go("mov x0, #9\nfmov d3, x0\nhvc #0")
    assert rig.pe.v[3] == 9


def test_reset_lets_fp_trap_again(rig: Rig) -> None:
    rig.go(ENABLE_FP + "fmov d0, x0\nhvc #0")
    rig.load(HANDLER, VBAR + 0x200)
    rig.pe.reset(RAM, 0)
    rig.load(TO_VBAR + "fmov d0, x0\nhvc #1")
    rig.calls.clear()
    rig.pe.run(100)
    assert rig.pe.x[8] >> 26 == EC.FP_ACCESS
