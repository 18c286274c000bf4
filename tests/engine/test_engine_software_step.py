# SPDX-License-Identifier: MIT
"""Software step of EL1 by EL1 (DDI 0487, D2.12): PSTATE.D counts at once, each instruction is stepped once."""

from __future__ import annotations

import random

import pytest
import thorough
from engine_rig import DEVICE, RAM, Rig, assemble

from harness.arch import pstate
from harness.arch.esr import EC
from harness.arch.sysreg import NAMES_TO_ENCODINGS
from harness.engine import PE

VBAR = RAM + 0x1_0000
LOG = RAM + 0x2_0000
STEP = EC.STEP_SAME << 26 | 1 << 25 | 0x22
STEPS_ITSELF = "mov x0, #0x2001\nmsr mdscr_el1, x0\nisb\n"  # SS and KDE
REPORT = "mrs x8, esr_el1\nmrs x9, elr_el1\nhvc #0"


@pytest.fixture
def stepped(rig: Rig) -> Rig:
    prepare(rig)
    return rig


def prepare(rig: Rig) -> None:
    pe = rig.pes[-1]
    pe.sysreg["VBAR_EL1"] = VBAR
    for vector in (VBAR, VBAR + 0x200):
        rig.load(REPORT, vector)
    pe.on_system_register[NAMES_TO_ENCODINGS["CNTVCT_EL0"]] = (lambda pe: 5, None)
    pe.handlers[EC.DATA_ABORT_LOWER] = device
    pe.handlers[EC.WFX] = lambda pe, esr: pe.advance()


def device(pe: PE, esr: int) -> None:
    access = pe.access(esr)
    pe.finish(access, [1] * len(access.parts))


def step_into(rig: Rig, instruction: str) -> int:
    """Returns from an exception with SPSR_EL1.SS set to the instruction; its address."""
    before = assemble(f"{STEPS_ITSELF}msr spsr_el1, x19\nmsr elr_el1, x20\neret")
    there = RAM + len(before)
    pe = rig.pes[-1]
    pe.x[1], pe.x[3] = DEVICE, pstate.D
    pe.x[19], pe.x[20] = pstate.SS | pstate.A | pstate.I | pstate.F | pstate.Mode.EL1H, there
    rig.load(f"{STEPS_ITSELF}msr spsr_el1, x19\nmsr elr_el1, x20\neret\n{instruction}\nnop\nnop\nhvc #0")
    pe.run(100)
    return there


@pytest.mark.parametrize(
    "instruction", ["msr daifclr, #8", "msr daifclr, #15", "msr daif, xzr", "msr daif, x1"]
)
@pytest.mark.parametrize("later", ["nop", "msr daifset, #8"])
def test_the_first_step_is_pending_after_the_write_that_unmasks_it(
    stepped: Rig, instruction: str, later: str
) -> None:
    """PSTATE.SS is 0 by then: active and pending, so nothing comes before the exception (D2.12.4)."""
    stepped.go(f"{STEPS_ITSELF}{instruction}\n{later}\nnop\nhvc #1\nhvc #0")
    assert stepped.pe.x[8] & ~(1 << 24) == STEP
    assert stepped.pe.x[9] == RAM + len(assemble(STEPS_ITSELF)) + 4
    assert stepped.immediates() == [0]


@pytest.mark.parametrize(
    "instruction", ["msr daifclr, #7", "msr daifset, #8", "msr spsel, #0", "msr spsel, #1"]
)
def test_no_step_while_debug_exceptions_are_masked(stepped: Rig, instruction: str) -> None:
    stepped.go(f"{STEPS_ITSELF}{instruction}\nnop\nhvc #1\nhvc #0")
    assert stepped.immediates() == [1, 0]


def test_no_step_without_kde(stepped: Rig) -> None:
    """MDSCR_EL1.KDE = 0: EL1 does not step itself, PSTATE.D or not (D2.4.2)."""
    stepped.go("mov x0, #1\nmsr mdscr_el1, x0\nisb\nmsr daifclr, #8\nnop\nhvc #1\nhvc #0")
    assert stepped.immediates() == [1, 0]


def test_kde_that_goes_and_comes_is_followed(stepped: Rig) -> None:
    """The same instruction, translated before: what decides is MDSCR_EL1 now."""
    stepped.load("hvc #2\nret", VBAR + 0x200)
    stepped.go(
        "mov x2, #1\nmov x3, #0x2001\nbl go\nmsr mdscr_el1, x2\nbl go\nmsr mdscr_el1, x3\nisb\nbl go\nhvc #0\n"
        "go: msr daifclr, #8\nnop\nmsr daifset, #8\nret"
    )
    assert stepped.immediates() == [2, 0]


STEPPED = [
    "nop",
    "msr daifset, #7",
    "msr daifclr, #8",
    "msr daif, xzr",
    "msr spsel, #1",
    "ldr x2, [x1]",
    "str x2, [x1]",
    "ldp x4, x5, [x1]",
    "mrs x2, cntvct_el0",
    "mrs x2, s3_1_c11_c0_2",
    "mrs x2, id_aa64pfr0_el1",
    "ic iallu",
    "wfi",
    "wfe",
    "hvc #1",
]


@pytest.mark.parametrize("instruction", STEPPED)
def test_an_instruction_is_stepped_whoever_completes_it(stepped: Rig, instruction: str) -> None:
    """Trapped, emulated or run by the CPU: the exception comes right after it."""
    there = step_into(stepped, instruction)
    assert stepped.pe.x[8] & ~(1 << 24) == STEP
    assert stepped.pe.x[9] == there + 4


@pytest.mark.parametrize("instruction", ["msr daifset, #8", "msr daifset, #15", "msr daif, x3"])
def test_an_instruction_that_masks_debug_exceptions_ends_the_stepping(stepped: Rig, instruction: str) -> None:
    step_into(stepped, instruction)
    assert stepped.pe.x[8] == 0
    assert stepped.pe.pstate & (pstate.D | pstate.SS) == pstate.D


@pytest.mark.parametrize("word", [0xD500_419F, 0xD500_409F, 0xD503_419F, 0xD503_409F])
def test_other_immediate_writes_of_pstate(make_max: Rig, word: int) -> None:
    """MSR PAN, #imm, and what is like it."""
    prepare(make_max)
    there = step_into(make_max, f".long {word}")
    assert make_max.pe.x[8] & ~(1 << 24) in (STEP, 1 << 25)
    if make_max.pe.x[8] != 1 << 25:
        assert make_max.pe.x[9] == there + 4


HANDLER = """
    mrs x25, elr_el1
    str x25, [x26], #8
    mrs x25, spsr_el1
    orr x25, x25, #0x200000
    msr spsr_el1, x25
    eret
"""


@pytest.mark.parametrize("seed", range(200 if thorough.ALL else 4))
def test_every_instruction_of_a_program_is_stepped_once(stepped: Rig, seed: int) -> None:
    """Straight-line programs of all kinds of instructions: the exceptions tell of each address, in order."""
    chosen = [*random.Random(seed).choices(STEPPED, k=24), "hvc #0"]
    stepped.load(HANDLER, VBAR + 0x200)
    pe = stepped.pe
    pe.x[1], pe.x[26] = DEVICE, LOG
    begin = len(assemble(f"{STEPS_ITSELF}msr daifclr, #8"))
    stepped.go(f"{STEPS_ITSELF}msr daifclr, #8\n" + "\n".join(chosen))
    addresses = [stepped.memory.u64(LOG + 8 * n) for n in range((pe.x[26] - LOG) // 8)]
    assert addresses == [RAM + begin + 4 * n for n in range(len(chosen))]
