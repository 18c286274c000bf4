# SPDX-License-Identifier: MIT
"""Facts of exceptions: syndromes, PSTATE, vectors, system register names (DDI 0487, D1, D17)."""

from __future__ import annotations

import pytest

from harness.arch import esr, pstate, sysreg, vectors
from harness.arch.esr import EC
from harness.arch.sysreg import ENCODINGS_TO_NAMES, NAMES_TO_ENCODINGS, SysregEncoding

DESCRIPTIONS = [
    (0x5600_0ABC, "SVC #0xabc"),
    (0x5A00_0000, "HVC #0x0"),
    (0x5E00_0001, "SMC #0x1"),
    (0xF200_0007, "BRK #0x7"),
    (0x0200_0000, "undefined instruction"),
    (0x07E0_0000, "WFI"),
    (0x07E0_0001, "WFE"),
    (0x93C0_8047, "data abort, from a lower level, write, translation fault, level 3"),
    (0x9600_0010, "data abort, from the same level, read, external abort"),
    (0x8200_0007, "instruction abort, from a lower level, translation fault, level 3"),
    (0x8600_000F, "instruction abort, from the same level, permission fault, level 3"),
    (0x9600_0061, "data abort, from the same level, write, alignment fault"),
    (
        0x9200_0086,
        "data abort, from a lower level, read, on a stage-1 table walk, translation fault, level 2",
    ),
    (0x9600_003F, "data abort, from the same level, read, fault status 0x3f"),
    (0x3A00_0000, "illegal execution state"),
    (0x8A00_0000, "misaligned PC"),
    (0xFE00_0000, "exception class 0x3f, ISS 0x0"),
    (0xC200_0022, "breakpoint lower"),
]


@pytest.mark.parametrize(("syndrome", "words"), DESCRIPTIONS, ids=[hex(d[0]) for d in DESCRIPTIONS])
def test_a_syndrome_in_words(syndrome: int, words: str) -> None:
    assert esr.describe(syndrome) == words


def test_a_trapped_register_in_words() -> None:
    """ISS of EC 0x18 (D17.2.37): MRS x5, CNTVCT_EL0."""
    iss = 3 << 20 | 2 << 17 | 3 << 14 | 14 << 10 | 5 << 5 | 0 << 1 | 1
    assert esr.describe(esr.make(EC.SYSREG, iss)) == "trapped MRS of CNTVCT_EL0"
    assert sysreg.parse_iss(iss) == (NAMES_TO_ENCODINGS["CNTVCT_EL0"], 5, True)


@pytest.mark.parametrize(
    ("word", "name", "rt", "read"),
    [
        (0xD53B_E040, "CNTVCT_EL0", 0, True),
        (0xD51B_E33F, "CNTV_CTL_EL0", 31, False),
        (0xD518_C001, "VBAR_EL1", 1, False),
        (0xD53B_FF01, "S3_3_C15_C15_0", 1, True),
    ],
)
def test_mrs_and_msr_words(word: int, name: str, rt: int, read: bool) -> None:
    trap = sysreg.parse_instruction(word)
    assert trap is not None
    assert (str(trap.encoding), trap.rt, trap.read) == (name, rt, read)


@pytest.mark.parametrize("word", [0xD503_201F, 0xD503_45DF, 0xD400_0001, 0])
def test_other_words_are_no_system_register(word: int) -> None:
    """NOP, MSR (immediate), SVC, UDF."""
    assert sysreg.parse_instruction(word) is None


def test_names_both_ways() -> None:
    assert len(ENCODINGS_TO_NAMES) == len(NAMES_TO_ENCODINGS)
    assert str(NAMES_TO_ENCODINGS["ELR_EL1"]) == "ELR_EL1"
    assert sysreg.is_id_space(SysregEncoding(3, 0, 0, 7, 7))
    assert not sysreg.is_id_space(SysregEncoding(3, 0, 0, 8, 0))


def test_access_fields() -> None:
    """ISV fields of `str w5, [...]`: SAS 2, SRT 5."""
    iss = esr.ISV | 2 << 22 | 5 << 16 | esr.WNR
    assert (esr.access_size(iss), esr.transfer_register(iss)) == (4, 5)


def test_class_by_level() -> None:
    assert esr.from_level(EC.DATA_ABORT_LOWER, 0) is EC.DATA_ABORT_LOWER
    assert esr.from_level(EC.DATA_ABORT_LOWER, 1) is EC.DATA_ABORT_SAME
    assert esr.is_abort(esr.make(EC.INSTRUCTION_ABORT_SAME))
    assert not esr.is_abort(esr.make(EC.SVC64))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0x3C5, "EL1h nzcv DAIF"),
        (0x6000_0000, "EL0t nZCv daif"),
        (0x0000_0084, "EL1t nzcv daIf"),
        (0x0010_03C9, "EL2h nzcv DAIF IL"),
        (0x0000_0001, "reserved mode 0x01 nzcv daif"),
        (0x0000_0013, "AArch32 mode 0x13 nzcv daif"),
    ],
)
def test_pstate_in_words(value: int, words: str) -> None:
    assert pstate.describe(value) == words


def test_vector_offsets() -> None:
    """D1.3.1.5."""
    sources = [vectors.source(s) for s in (0x4, 0x5, 0x0)]
    assert sources == [0x000, 0x200, 0x400]
    assert vectors.IRQ_OFFSETS == (0x080, 0x280, 0x480, 0x680)
