# SPDX-License-Identifier: MIT
"""System registers: encodings, names, and how an instruction or a trap spells them (DDI 0487, D17)."""

from __future__ import annotations

from typing import Final, NamedTuple


class SysregEncoding(NamedTuple):
    """Encoding of a system register: the five fields that name it in MRS and MSR, in the manual's order."""

    op0: int
    op1: int
    crn: int
    crm: int
    op2: int

    def __str__(self) -> str:
        return ENCODINGS_TO_NAMES.get(self) or generic_name(self)


def generic_name(encoding: SysregEncoding) -> str:
    """Returns ``S3_0_C12_C0_0``: the assembler's name of a register that has none of its own."""
    op0, op1, crn, crm, op2 = encoding
    return f"S{op0}_{op1}_C{crn}_C{crm}_{op2}"


_TABLE: Final[dict[str, tuple[int, int, int, int, int]]] = {
    "MDSCR_EL1": (2, 0, 0, 2, 2),
    "MDCCSR_EL0": (2, 3, 0, 1, 0),
    "OSLAR_EL1": (2, 0, 1, 0, 4),
    "OSLSR_EL1": (2, 0, 1, 1, 4),
    "OSDLR_EL1": (2, 0, 1, 3, 4),
    **{f"DBGBVR{n}_EL1": (2, 0, 0, n, 4) for n in range(6)},  # ID_AA64DFR0_EL1.BRPs and WRPs
    **{f"DBGBCR{n}_EL1": (2, 0, 0, n, 5) for n in range(6)},
    **{f"DBGWVR{n}_EL1": (2, 0, 0, n, 6) for n in range(4)},
    **{f"DBGWCR{n}_EL1": (2, 0, 0, n, 7) for n in range(4)},
    "MIDR_EL1": (3, 0, 0, 0, 0),
    "MPIDR_EL1": (3, 0, 0, 0, 5),
    "REVIDR_EL1": (3, 0, 0, 0, 6),
    "ID_PFR1_EL1": (3, 0, 0, 1, 1),
    "ID_DFR0_EL1": (3, 0, 0, 1, 2),
    "ID_AA64PFR0_EL1": (3, 0, 0, 4, 0),
    "ID_AA64PFR1_EL1": (3, 0, 0, 4, 1),
    "ID_AA64DFR0_EL1": (3, 0, 0, 5, 0),
    "ID_AA64DFR1_EL1": (3, 0, 0, 5, 1),
    "ID_AA64ISAR0_EL1": (3, 0, 0, 6, 0),
    "ID_AA64ISAR1_EL1": (3, 0, 0, 6, 1),
    "ID_AA64MMFR0_EL1": (3, 0, 0, 7, 0),
    "ID_AA64MMFR1_EL1": (3, 0, 0, 7, 1),
    "ID_AA64MMFR2_EL1": (3, 0, 0, 7, 2),
    "SCTLR_EL1": (3, 0, 1, 0, 0),
    "ACTLR_EL1": (3, 0, 1, 0, 1),
    "CPACR_EL1": (3, 0, 1, 0, 2),
    "TTBR0_EL1": (3, 0, 2, 0, 0),
    "TTBR1_EL1": (3, 0, 2, 0, 1),
    "TCR_EL1": (3, 0, 2, 0, 2),
    "SPSR_EL1": (3, 0, 4, 0, 0),
    "ELR_EL1": (3, 0, 4, 0, 1),
    "SP_EL0": (3, 0, 4, 1, 0),
    "AFSR0_EL1": (3, 0, 5, 1, 0),
    "AFSR1_EL1": (3, 0, 5, 1, 1),
    "ESR_EL1": (3, 0, 5, 2, 0),
    "FAR_EL1": (3, 0, 6, 0, 0),
    "PAR_EL1": (3, 0, 7, 4, 0),
    "MAIR_EL1": (3, 0, 10, 2, 0),
    "AMAIR_EL1": (3, 0, 10, 3, 0),
    "VBAR_EL1": (3, 0, 12, 0, 0),
    "ISR_EL1": (3, 0, 12, 1, 0),
    "ICC_SRE_EL1": (3, 0, 12, 12, 5),
    "CONTEXTIDR_EL1": (3, 0, 13, 0, 1),
    "TPIDR_EL1": (3, 0, 13, 0, 4),
    "CNTKCTL_EL1": (3, 0, 14, 1, 0),
    "CCSIDR_EL1": (3, 1, 0, 0, 0),
    "CLIDR_EL1": (3, 1, 0, 0, 1),
    "CSSELR_EL1": (3, 2, 0, 0, 0),
    "CTR_EL0": (3, 3, 0, 0, 1),
    "DCZID_EL0": (3, 3, 0, 0, 7),
    "NZCV": (3, 3, 4, 2, 0),
    "DAIF": (3, 3, 4, 2, 1),
    "FPCR": (3, 3, 4, 4, 0),
    "FPSR": (3, 3, 4, 4, 1),
    "PMCR_EL0": (3, 3, 9, 12, 0),
    "PMCNTENSET_EL0": (3, 3, 9, 12, 1),
    "PMCNTENCLR_EL0": (3, 3, 9, 12, 2),
    "PMSELR_EL0": (3, 3, 9, 12, 5),
    "PMCEID0_EL0": (3, 3, 9, 12, 6),
    "PMCCNTR_EL0": (3, 3, 9, 13, 0),
    "PMCCFILTR_EL0": (3, 3, 14, 15, 7),
    "PMXEVTYPER_EL0": (3, 3, 9, 13, 1),
    "PMUSERENR_EL0": (3, 3, 9, 14, 0),
    "TPIDR_EL0": (3, 3, 13, 0, 2),
    "TPIDRRO_EL0": (3, 3, 13, 0, 3),
    "RNDR": (3, 3, 2, 4, 0),
    "RNDRRS": (3, 3, 2, 4, 1),
    "CNTFRQ_EL0": (3, 3, 14, 0, 0),
    "CNTPCT_EL0": (3, 3, 14, 0, 1),
    "CNTVCT_EL0": (3, 3, 14, 0, 2),
    "CNTP_TVAL_EL0": (3, 3, 14, 2, 0),
    "CNTP_CTL_EL0": (3, 3, 14, 2, 1),
    "CNTP_CVAL_EL0": (3, 3, 14, 2, 2),
    "CNTV_TVAL_EL0": (3, 3, 14, 3, 0),
    "CNTV_CTL_EL0": (3, 3, 14, 3, 1),
    "CNTV_CVAL_EL0": (3, 3, 14, 3, 2),
    "PMOVSSET_EL0": (3, 3, 9, 14, 3),
    **{f"PMEVCNTR{n}_EL0": (3, 3, 14, 8, n) for n in range(4)},  # PMCR_EL0.N
    **{f"PMEVTYPER{n}_EL0": (3, 3, 14, 12 + n // 8, n % 8) for n in range(31)},
    "VPIDR_EL2": (3, 4, 0, 0, 0),
    "VMPIDR_EL2": (3, 4, 0, 0, 5),
    "SCTLR_EL2": (3, 4, 1, 0, 0),
    "HCR_EL2": (3, 4, 1, 1, 0),
    "MDCR_EL2": (3, 4, 1, 1, 1),
    "CPTR_EL2": (3, 4, 1, 1, 2),
    "HSTR_EL2": (3, 4, 1, 1, 3),
    "VTTBR_EL2": (3, 4, 2, 1, 0),
    "VTCR_EL2": (3, 4, 2, 1, 2),
    "SPSR_EL2": (3, 4, 4, 0, 0),
    "ELR_EL2": (3, 4, 4, 0, 1),
    "SP_EL1": (3, 4, 4, 1, 0),
    "ESR_EL2": (3, 4, 5, 2, 0),
    "FAR_EL2": (3, 4, 6, 0, 0),
    "HPFAR_EL2": (3, 4, 6, 0, 4),
    "VBAR_EL2": (3, 4, 12, 0, 0),
    "CNTVOFF_EL2": (3, 4, 14, 0, 3),
    "CNTHCTL_EL2": (3, 4, 14, 1, 0),
    "SCR_EL3": (3, 6, 1, 1, 0),
}

NAMES_TO_ENCODINGS: Final[dict[str, SysregEncoding]] = {
    name: SysregEncoding(*fields) for name, fields in _TABLE.items()
}
ENCODINGS_TO_NAMES: Final[dict[SysregEncoding, str]] = {
    encoding: name for name, encoding in NAMES_TO_ENCODINGS.items()
}


# Bits that are RES0 in a register that also this project reads (D17.2.152): they are dropped when it is written, so
# that all who read it later, Unicorn among them, read the same.
_RES0: Final[dict[str, int]] = {"VBAR_EL1": 0x7FF}


def kept(name: str, value: int) -> int:
    """Returns what a register holds after a write of this value: bits that are RES0 stay zero."""
    return value & ~_RES0.get(name, 0)


class SysregAccess(NamedTuple):
    """Trapped MRS or MSR: ``rt`` is 31 for XZR; ``read`` means MRS."""

    encoding: SysregEncoding
    rt: int
    read: bool


def parse_iss(iss: int) -> SysregAccess:
    """Returns the fields of ESR_ELx.ISS of EC 0x18 (DDI 0487, D17.2.37)."""
    encoding = SysregEncoding(iss >> 20 & 3, iss >> 14 & 7, iss >> 10 & 15, iss >> 1 & 15, iss >> 17 & 7)
    return SysregAccess(encoding, iss >> 5 & 31, bool(iss & 1))


def parse_instruction(word: int) -> SysregAccess | None:
    """Returns the same fields of an MRS, MSR (register), SYS or SYSL word (C4.1.94); None for any other."""
    if word & 0xFFC0_0000 != 0xD500_0000 or not word & 0x0018_0000:
        return None
    encoding = SysregEncoding(word >> 19 & 3, word >> 16 & 7, word >> 12 & 15, word >> 8 & 15, word >> 5 & 7)
    return SysregAccess(encoding, word & 31, bool(word >> 21 & 1))


def trapped_instruction(word: int) -> int:
    """Returns the ISS of EC 0x18 for a trapped System instruction, such as MSR (immediate) (DDI 0487, D17.2.37)."""
    op0, op1, crn, crm, op2 = word >> 19 & 3, word >> 16 & 7, word >> 12 & 15, word >> 8 & 15, word >> 5 & 7
    read = word >> 21 & 1
    return op0 << 20 | op2 << 17 | op1 << 14 | crn << 10 | (word & 31) << 5 | crm << 1 | read


def is_id_space(encoding: SysregEncoding) -> bool:
    """Tells if this is in the ID register space, whose unallocated members read as zero (D17.3.1)."""
    return encoding[:3] == (3, 0, 0) and 1 <= encoding.crm <= 7
