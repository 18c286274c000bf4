# SPDX-License-Identifier: MIT
"""What the ID registers announce works, and nothing else does, on every CPU model (DDI 0487, D17.2.59 on)."""

from __future__ import annotations

import re
from typing import NamedTuple

import pytest
from differential import Run, ours

from harness import Machine

MODELS = ("cortex-a53", "cortex-a57", "cortex-a72", "max")
UNDEFINED = r"vector 0x200 esr=0x02000000 .*"
TRAPPED = r"vector 0x200 esr=0x66000000 .*"  # to EL1


class Field(NamedTuple):
    """From this value of an ID field on, a probe of features.S answers so; below it, otherwise."""

    register: str
    shift: int
    value: int
    probe: str
    there: str = r"completes, .*"
    absent: str = UNDEFINED


FIELDS = (
    Field("ID_AA64PFR0_EL1", 16, 1, "FEAT_FP16: FADD of half precision"),
    Field("ID_AA64PFR0_EL1", 20, 1, "FEAT_FP16: FADD of half precision"),
    Field("ID_AA64PFR0_EL1", 32, 1, "FEAT_SVE: PTRUE with CPACR_EL1.ZEN = 3"),
    Field(
        "ID_AA64PFR0_EL1",
        32,
        1,
        "FEAT_SVE: PTRUE with CPACR_EL1.ZEN = 0",
        there=TRAPPED,
    ),
    Field("ID_AA64PFR0_EL1", 32, 1, "FEAT_SVE: ZCR_EL1"),
    Field("ID_AA64PFR0_EL1", 48, 1, "FEAT_DIT: MRS DIT"),
    Field(
        "ID_AA64PFR1_EL1",
        0,
        1,
        "FEAT_BTI: BR to what is no landing pad",
        there=r"vector 0x200 esr=0x36000001 .* spsr=0x000007c5",
        absent=r"completes, x0=0x000000000000002a",
    ),
    Field("ID_AA64PFR1_EL1", 4, 2, "FEAT_SSBS: MRS SSBS"),
    Field("ID_AA64PFR1_EL1", 8, 1, "FEAT_MTE: MRS TCO"),
    Field("ID_AA64ISAR0_EL1", 4, 1, "FEAT_AES: AESE"),
    Field("ID_AA64ISAR0_EL1", 4, 2, "FEAT_PMULL: PMULL"),
    Field("ID_AA64ISAR0_EL1", 8, 1, "FEAT_SHA1: SHA1H"),
    Field("ID_AA64ISAR0_EL1", 12, 1, "FEAT_SHA256: SHA256H"),
    Field("ID_AA64ISAR0_EL1", 12, 2, "FEAT_SHA512: SHA512H"),
    Field("ID_AA64ISAR0_EL1", 16, 1, "FEAT_CRC32: CRC32X"),
    Field("ID_AA64ISAR0_EL1", 20, 2, "FEAT_LSE: CASAL"),
    Field("ID_AA64ISAR0_EL1", 20, 2, "FEAT_LSE: CASP"),
    Field("ID_AA64ISAR0_EL1", 20, 2, "FEAT_LSE: LDADDAL"),
    Field("ID_AA64ISAR0_EL1", 28, 1, "FEAT_RDM: SQRDMLAH"),
    Field("ID_AA64ISAR0_EL1", 32, 1, "FEAT_SHA3: EOR3"),
    Field("ID_AA64ISAR0_EL1", 36, 1, "FEAT_SM3: SM3PARTW1"),
    Field("ID_AA64ISAR0_EL1", 40, 1, "FEAT_SM4: SM4E"),
    Field("ID_AA64ISAR0_EL1", 44, 1, "FEAT_DotProd: SDOT"),
    Field("ID_AA64ISAR0_EL1", 48, 1, "FEAT_FHM: FMLAL"),
    Field("ID_AA64ISAR0_EL1", 52, 1, "FEAT_FlagM: CFINV"),
    Field("ID_AA64ISAR0_EL1", 52, 1, "FEAT_FlagM: RMIF"),
    Field("ID_AA64ISAR0_EL1", 52, 2, "FEAT_FlagM2: AXFLAG"),
    Field("ID_AA64ISAR0_EL1", 56, 1, "FEAT_TLBIOS: TLBI VMALLE1OS"),
    Field("ID_AA64ISAR0_EL1", 56, 2, "FEAT_TLBIRANGE: TLBI RVAE1IS"),
    Field("ID_AA64ISAR0_EL1", 60, 1, "FEAT_RNG: RNDR"),
    Field("ID_AA64ISAR1_EL1", 0, 1, "FEAT_DPB: DC CVAP"),
    Field("ID_AA64ISAR1_EL1", 0, 2, "FEAT_DPB2: DC CVADP"),
    Field("ID_AA64ISAR1_EL1", 4, 1, "FEAT_PAuth: the keys"),
    Field("ID_AA64ISAR1_EL1", 4, 1, "FEAT_PAuth: PACIA"),
    Field("ID_AA64ISAR1_EL1", 4, 1, "FEAT_PAuth: PACIA and AUTIA", there="completes, x0=0x0000000042000000"),
    Field("ID_AA64ISAR1_EL1", 4, 1, "FEAT_PAuth: PACIASP and RETAA"),
    Field("ID_AA64ISAR1_EL1", 4, 1, "FEAT_PAuth: ERETAA"),
    Field("ID_AA64ISAR1_EL1", 12, 1, "FEAT_JSCVT: FJCVTZS"),
    Field("ID_AA64ISAR1_EL1", 16, 1, "FEAT_FCMA: FCADD"),
    Field("ID_AA64ISAR1_EL1", 20, 1, "FEAT_LRCPC: LDAPR"),
    Field("ID_AA64ISAR1_EL1", 20, 2, "FEAT_LRCPC2: STLUR and LDAPUR"),
    Field("ID_AA64ISAR1_EL1", 24, 1, "FEAT_PAuth: PACGA"),
    Field("ID_AA64ISAR1_EL1", 32, 1, "FEAT_FRINTTS: FRINT32Z"),
    Field("ID_AA64ISAR1_EL1", 36, 1, "FEAT_SB: SB"),
    Field("ID_AA64ISAR1_EL1", 40, 1, "FEAT_SPECRES: CFP RCTX at EL1"),
    Field("ID_AA64MMFR1_EL1", 16, 1, "FEAT_LOR: STLLR and LDLAR"),
    Field("ID_AA64MMFR1_EL1", 16, 1, "FEAT_LOR: LORSA_EL1"),
    Field("ID_AA64MMFR1_EL1", 20, 1, "FEAT_PAN: MSR PAN, MRS PAN"),
    Field("ID_AA64MMFR1_EL1", 20, 2, "FEAT_PAN2: AT S1E1RP"),
    Field("ID_AA64MMFR2_EL1", 4, 1, "FEAT_UAO: MSR UAO, MRS UAO"),
)
WITHOUT_INSTRUCTION = {
    ("ID_AA64PFR0_EL1", 0),  # EL0 and EL1
    ("ID_AA64PFR0_EL1", 4),
    ("ID_AA64MMFR1_EL1", 4),  # VMIDBits: EL2's
    ("ID_AA64MMFR1_EL1", 12),  # HPDS: of tables
    ("ID_AA64MMFR2_EL1", 0),  # CnP
}


def registers(model: str) -> dict[str, int]:
    with Machine(cpu=model, controller="gicv2") as machine:
        sysreg = machine.cpus[0].sysreg
        return {name: sysreg[name] for name in sorted({field.register for field in FIELDS})}


@pytest.mark.parametrize("model", MODELS)
def test_every_feature_that_is_announced_is_tried(model: str) -> None:
    tried = {(field.register, field.shift) for field in FIELDS}
    announced = {
        (name, shift)
        for name, value in registers(model).items()
        for shift in range(0, 64, 4)
        if value >> shift & 0xF not in ((0, 0xF) if name == "ID_AA64PFR0_EL1" else (0,))
    }
    assert announced - tried - WITHOUT_INSTRUCTION == set()


@pytest.mark.parametrize("model", MODELS)
def test_what_is_announced_works_and_nothing_else_does(model: str) -> None:
    values, answers = registers(model), ours(Run("features", cpu=model))
    wrong = []
    for field in FIELDS:
        announced = values[field.register] >> field.shift & 0xF
        there = field.value <= announced and not (field.register == "ID_AA64PFR0_EL1" and announced == 0xF)
        if not re.fullmatch(field.there if there else field.absent, answers[field.probe]):
            wrong.append((field, announced, answers[field.probe]))
    assert wrong == []


def test_no_model_announces_sve() -> None:
    """Unicorn says so of `max`, where every SVE instruction is UNDEFINED."""
    assert [registers(model)["ID_AA64PFR0_EL1"] >> 32 & 0xF for model in MODELS] == [0, 0, 0, 0]
