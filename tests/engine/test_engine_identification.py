# SPDX-License-Identifier: MIT
"""Identification registers keep their promises (DDI 0487, D17.2.59 on): what a field names works, and only that."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from engine_rig import RAM, Rig

from harness.engine import Backend
from harness.engine.emulator.binding import CPU_MODELS

VBAR = RAM + 0x1_0000
DATA = RAM + 0x8000


class Promise(NamedTuple):
    """Instruction that is there from a value of a field of a register on; x1 is an address of data."""

    register: str
    shift: int
    least: int
    word: int
    what: str


def _mrs(op0: int, op1: int, crn: int, crm: int, op2: int) -> int:
    return 0xD520_0000 | op0 << 19 | op1 << 16 | crn << 12 | crm << 8 | op2 << 5


def _msr(op0: int, op1: int, crn: int, crm: int, op2: int) -> int:
    return _mrs(op0, op1, crn, crm, op2) & ~(1 << 21) | 31


PROMISES = [
    Promise("ID_AA64PFR0_EL1", 16, 0, 0x1E222820, "FADD S"),
    Promise("ID_AA64PFR0_EL1", 16, 1, 0x1EE22820, "FADD H"),
    Promise("ID_AA64PFR0_EL1", 20, 0, 0x4E22D420, "FADD V.4S"),
    Promise("ID_AA64PFR0_EL1", 20, 1, 0x0E421420, "FADD V.4H"),
    Promise("ID_AA64PFR0_EL1", 24, 1, _mrs(3, 0, 12, 12, 5), "ICC_SRE_EL1"),
    Promise("ID_AA64PFR0_EL1", 32, 1, 0x04E0E3E0, "CNTB of SVE"),
    Promise("ID_AA64PFR0_EL1", 48, 1, 0xD503415F, "MSR DIT"),
    Promise("ID_AA64PFR1_EL1", 4, 2, 0xD503413F, "MSR SSBS"),
    Promise("ID_AA64ISAR0_EL1", 4, 1, 0x4E284820, "AESE"),
    Promise("ID_AA64ISAR0_EL1", 4, 2, 0x0EE2E020, "PMULL of 64 bits"),
    Promise("ID_AA64ISAR0_EL1", 8, 1, 0x5E280820, "SHA1H"),
    Promise("ID_AA64ISAR0_EL1", 12, 1, 0x5E024020, "SHA256H"),
    Promise("ID_AA64ISAR0_EL1", 12, 2, 0xCE628020, "SHA512H"),
    Promise("ID_AA64ISAR0_EL1", 16, 1, 0x1AC24020, "CRC32B"),
    Promise("ID_AA64ISAR0_EL1", 20, 2, 0xB8220020, "LDADD"),
    Promise("ID_AA64ISAR0_EL1", 28, 1, 0x2E428420, "SQRDMLAH"),
    Promise("ID_AA64ISAR0_EL1", 32, 1, 0xCE020C20, "EOR3"),
    Promise("ID_AA64ISAR0_EL1", 36, 1, 0xCE420C20, "SM3SS1"),
    Promise("ID_AA64ISAR0_EL1", 40, 1, 0xCEC08420, "SM4E"),
    Promise("ID_AA64ISAR0_EL1", 44, 1, 0x0E829420, "SDOT"),
    Promise("ID_AA64ISAR0_EL1", 48, 1, 0x0E22EC20, "FMLAL"),
    Promise("ID_AA64ISAR0_EL1", 52, 1, 0xD500401F, "CFINV"),
    Promise("ID_AA64ISAR0_EL1", 52, 2, 0xD500405F, "AXFLAG"),
    Promise("ID_AA64ISAR0_EL1", 60, 1, _mrs(3, 3, 2, 4, 0), "RNDR"),
    Promise("ID_AA64ISAR1_EL1", 0, 1, 0xD50B7C21, "DC CVAP"),
    Promise("ID_AA64ISAR1_EL1", 0, 2, 0xD50B7D21, "DC CVADP"),
    Promise("ID_AA64ISAR1_EL1", 4, 1, 0xDAC10020, "PACIA"),
    Promise("ID_AA64ISAR1_EL1", 12, 1, 0x1E7E0020, "FJCVTZS"),
    Promise("ID_AA64ISAR1_EL1", 16, 1, 0x2E82E420, "FCADD"),
    Promise("ID_AA64ISAR1_EL1", 20, 1, 0xB8BFC020, "LDAPR"),
    Promise("ID_AA64ISAR1_EL1", 20, 2, 0x99400020, "LDAPUR"),
    Promise("ID_AA64ISAR1_EL1", 24, 1, 0x9AC23020, "PACGA"),
    Promise("ID_AA64ISAR1_EL1", 32, 1, 0x1E284020, "FRINT32Z"),
    Promise("ID_AA64ISAR1_EL1", 36, 1, 0xD50330FF, "SB"),
    Promise("ID_AA64ISAR1_EL1", 40, 1, 0xD50B7381, "CFP RCTX"),
    Promise("ID_AA64MMFR1_EL1", 16, 1, _mrs(3, 0, 10, 4, 7), "LORID_EL1"),
    Promise("ID_AA64MMFR1_EL1", 20, 1, 0xD500419F, "MSR PAN"),
    Promise("ID_AA64MMFR1_EL1", 20, 2, 0xD5087901, "AT S1E1RP"),
    Promise("ID_AA64MMFR2_EL1", 4, 1, 0xD500417F, "MSR UAO"),
    Promise("ID_AA64DFR0_EL1", 0, 6, _mrs(2, 0, 0, 2, 2), "MDSCR_EL1"),
    Promise("ID_AA64DFR0_EL1", 8, 1, _mrs(3, 3, 9, 12, 0), "PMCR_EL0"),
    Promise("ID_AA64DFR0_EL1", 8, 5, _mrs(3, 0, 9, 14, 6), "PMMIR_EL1"),
    *(Promise("ID_AA64DFR0_EL1", 12, n, _msr(2, 0, 0, n, 4), f"DBGBVR{n}_EL1") for n in range(16)),
    *(Promise("ID_AA64DFR0_EL1", 20, n, _msr(2, 0, 0, n, 6), f"DBGWVR{n}_EL1") for n in range(16)),
]
# Fields that promise no instruction: (register, shift) -> the test of what they do promise.
ELSEWHERE = {
    ("ID_AA64PFR0_EL1", 0): "test_engine_deviation_sentences.py::test_no_aarch32",
    ("ID_AA64PFR0_EL1", 4): "test_engine_deviation_sentences.py::test_no_aarch32",
    ("ID_AA64PFR1_EL1", 0): "test_engine_mmu.py::test_a_branch_to_no_target_is_an_exception_of_its_own",
    ("ID_AA64MMFR0_EL1", 0): "test_engine_walk.py::test_the_walk_in_software_agrees_with_the_cpu",
    ("ID_AA64MMFR0_EL1", 4): "test_engine_identification.py::test_address_space_identifiers_have_16_bits",
    ("ID_AA64MMFR0_EL1", 8): "test_engine_mmu.py::test_big_endian_data_does_not_break_the_host",
    ("ID_AA64MMFR0_EL1", 12): "",  # Secure memory: of EL3, which is not there
    ("ID_AA64MMFR1_EL1", 4): "",  # VMIDs: of EL2
    ("ID_AA64MMFR1_EL1", 12): "test_engine_identification.py::test_hierarchical_permissions_can_be_disabled",
    ("ID_AA64MMFR2_EL1", 0): "test_engine_identification.py::test_ttbr_has_cnp",
    ("ID_AA64DFR0_EL1", 28): "test_engine_watchpoints.py::test_linked_to_a_context",
}
REGISTERS = sorted({promise.register for promise in PROMISES} | {register for register, _ in ELSEWHERE})


@pytest.fixture(params=sorted(CPU_MODELS))
def cpu(request: pytest.FixtureRequest, backend: Backend) -> Iterator[Rig]:
    rig = Rig(backend)
    rig.add(model=request.param)
    yield rig
    rig.pe.close()


def undefined(rig: Rig, word: int) -> bool:
    """Says whether an instruction is, at EL1 with FP on."""
    rig.pe.reset(RAM, 0)
    rig.pe.sysreg["VBAR_EL1"], rig.pe.sysreg["CPACR_EL1"] = VBAR, 3 << 20
    rig.load("mrs x8, esr_el1\nhvc #9\nhvc #0", VBAR + 0x200)
    rig.calls.clear()
    rig.go(f"movz x1, #{DATA >> 16}, lsl #16\nmovk x1, #{DATA & 0xFFFF}\n.long {word:#x}\nhvc #0")
    if 9 in rig.immediates():
        assert rig.pe.x[8] == 1 << 25, hex(rig.pe.x[8])
        return True
    return False


def test_what_is_promised_is_there_and_nothing_else(cpu: Rig) -> None:
    wrong = []
    for promise in PROMISES:
        value = cpu.pe.mrs(promise.register) >> promise.shift & 0xF
        if promise.shift in (16, 20) and promise.register == "ID_AA64PFR0_EL1" and value == 0xF:
            value = -1
        if undefined(cpu, promise.word) == (value >= promise.least):
            wrong.append((promise.what, promise.register, value))
    assert wrong == []


def test_no_field_promises_what_nobody_tries(cpu: Rig) -> None:
    """A field that is not zero is in one of the tables above."""
    tried = {(promise.register, promise.shift) for promise in PROMISES} | ELSEWHERE.keys()
    said = {
        (name, shift) for name in REGISTERS for shift in range(0, 64, 4) if cpu.pe.mrs(name) >> shift & 0xF
    }
    assert said - tried == set()


def test_the_tests_named_above_exist() -> None:
    for place in filter(None, ELSEWHERE.values()):
        file, _, name = place.partition("::")
        assert f"\ndef {name}(" in (Path(__file__).parent / file).read_text(encoding="utf-8"), place


def test_dc_zva_zeroes_the_block_that_dczid_names(cpu: Rig) -> None:
    """DCZID_EL0.BS: log2 of words."""
    size = 4 << (cpu.pe.mrs("DCZID_EL0") & 0xF)
    cpu.memory.write(DATA, b"\xff" * 4 * size)
    assert not undefined(cpu, 0xD50B7421)
    assert cpu.memory.read(DATA, 4 * size) == bytes(size) + b"\xff" * 3 * size


def test_address_space_identifiers_have_16_bits(cpu: Rig) -> None:
    """ID_AA64MMFR0_EL1.ASIDBits = 2: TTBR0_EL1.ASID keeps all of them."""
    cpu.go("movz x0, #0xa5c3, lsl #48\nmsr ttbr0_el1, x0\nmrs x2, ttbr0_el1\nhvc #0")
    assert cpu.pe.x[2] == 0xA5C3 << 48


def test_ttbr_has_cnp(cpu: Rig) -> None:
    """ID_AA64MMFR2_EL1.CnP: TTBR0_EL1 bit 0 is the guest's, and no part of the table's address."""
    cpu.go("mov x0, #1\nmsr ttbr0_el1, x0\nmrs x2, ttbr0_el1\nhvc #0")
    assert cpu.pe.x[2] & 1


TABLES = RAM + 0x10_0000
PXN_TABLE, AP_TABLE_READ_ONLY = 1 << 59, 1 << 62


@pytest.mark.parametrize("disabled", [False, True])
def test_hierarchical_permissions_can_be_disabled(cpu: Rig, disabled: bool) -> None:
    """ID_AA64MMFR1_EL1.HPDS: TCR_EL1.HPD0 (bit 41) turns off APTable, where it is there (D8.4.2)."""
    disabled = disabled and bool(cpu.pe.mrs("ID_AA64MMFR1_EL1") >> 12 & 0xF)  # else TCR_EL1 bit 41 is RES0
    cpu.memory.write_u64(TABLES + 8, 0x4000_0000 | 1 << 10 | 3 << 8 | 1)
    cpu.memory.write_u64(TABLES + 32, TABLES + 0x1000 | 3 | AP_TABLE_READ_ONLY)
    cpu.memory.write_u64(TABLES + 0x1000, 0x4000_0000 | 1 << 10 | 3 << 8 | 1)
    cpu.pe.sysreg["VBAR_EL1"] = VBAR
    cpu.load("mrs x8, esr_el1\nhvc #9\nhvc #0", VBAR + 0x200)
    cpu.pe.sysreg["MAIR_EL1"], cpu.pe.sysreg["TTBR0_EL1"] = 0xFF, TABLES
    cpu.pe.sysreg["TCR_EL1"] = 0x1_0080_3519 | disabled << 41
    cpu.pe.sysreg["SCTLR_EL1"] |= 1
    cpu.go(f"movz x1, #1, lsl #32\nmovk x1, #{DATA & 0xFFFF}\nstr x0, [x1]\nhvc #0")
    assert (9 in cpu.immediates()) == (not disabled)
