# SPDX-License-Identifier: MIT
"""Exception syndromes (DDI 0487, D17.2.37): classes, ISS fields, and a line for people."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from harness.arch import sysreg


class EC(IntEnum):
    """ESR_ELx.EC, bits 31:26."""

    UNKNOWN = 0x00
    WFX = 0x01
    FP_ACCESS = 0x07
    PAUTH = 0x09
    BRANCH_TARGET = 0x0D
    ILLEGAL_STATE = 0x0E
    SVC64 = 0x15
    HVC64 = 0x16
    SMC64 = 0x17
    SYSREG = 0x18
    SVE_ACCESS = 0x19
    INSTRUCTION_ABORT_LOWER = 0x20
    INSTRUCTION_ABORT_SAME = 0x21
    PC_ALIGNMENT = 0x22
    DATA_ABORT_LOWER = 0x24
    DATA_ABORT_SAME = 0x25
    SP_ALIGNMENT = 0x26
    FP_EXCEPTION = 0x2C
    SERROR = 0x2F
    BREAKPOINT_LOWER = 0x30
    BREAKPOINT_SAME = 0x31
    STEP_LOWER = 0x32
    STEP_SAME = 0x33
    WATCHPOINT_LOWER = 0x34
    WATCHPOINT_SAME = 0x35
    BRK64 = 0x3C


IL: Final = 1 << 25
ALWAYS: Final = 1 << 24 | 0xE << 20  # CV and COND of FP accesses and WFx, as AArch64 has them (D17.2.37)
ISS_MASK: Final = (1 << 25) - 1

# ISS of aborts (EC 0x20, 0x21, 0x24, 0x25).
ISV: Final = 1 << 24
SSE: Final = 1 << 21
SF: Final = 1 << 15
CM: Final = 1 << 8
S1PTW: Final = 1 << 7
WNR: Final = 1 << 6
FSC_MASK: Final = 0x3F

FSC_ADDRESS_SIZE: Final = 0x00  # + level; so are the next three, and an abort on a walk
FSC_TRANSLATION: Final = 0x04
FSC_ACCESS_FLAG: Final = 0x08
FSC_PERMISSION: Final = 0x0C
FSC_ALIGNMENT: Final = 0x21
FSC_EXTERNAL: Final = 0x10
FSC_EXTERNAL_ON_WALK: Final = 0x14
FSC_DEBUG: Final = 0x22
FSC_UNSUPPORTED_ATOMIC: Final = 0x35

_ABORTS: Final = frozenset(
    {EC.INSTRUCTION_ABORT_LOWER, EC.INSTRUCTION_ABORT_SAME, EC.DATA_ABORT_LOWER, EC.DATA_ABORT_SAME}
)
_SAME: Final = {
    EC.WATCHPOINT_LOWER: EC.WATCHPOINT_SAME,
    EC.INSTRUCTION_ABORT_LOWER: EC.INSTRUCTION_ABORT_SAME,
    EC.DATA_ABORT_LOWER: EC.DATA_ABORT_SAME,
}


def exception_class(esr: int) -> int:
    """Returns ESR_ELx.EC; :class:`EC` has the names."""
    return esr >> 26 & 0x3F


def make(ec: int, iss: int = 0, *, il: bool = True) -> int:
    """Returns a syndrome from its class and ISS; IL set for a 32-bit instruction, which all of A64 are."""
    return ec << 26 | (IL if il else 0) | iss & ISS_MASK


def is_abort(esr: int) -> bool:
    """Tells if this is an instruction or data abort, for which FAR_ELx holds an address."""
    return exception_class(esr) in _ABORTS


def from_level(ec: EC, level: int) -> EC:
    """Returns the variant of an abort's class as EL1 sees it: "lower" from EL0, "same" from EL1."""
    return ec if level == 0 else _SAME.get(ec, ec)


def access_size(iss: int) -> int:
    """Returns ISS.SAS in bytes: 1, 2, 4 or 8 (valid with ISV)."""
    return 1 << (iss >> 22 & 3)


def transfer_register(iss: int) -> int:
    """Returns ISS.SRT: the register transferred, 31 for ZR (valid with ISV)."""
    return iss >> 16 & 31


def fault_status(esr: int) -> str:
    """Returns DFSC or IFSC in words: ``translation fault, level 3``."""
    code = esr & FSC_MASK
    kinds = {
        FSC_ADDRESS_SIZE: "address size fault",
        FSC_TRANSLATION: "translation fault",
        FSC_ACCESS_FLAG: "access flag fault",
        FSC_PERMISSION: "permission fault",
        FSC_EXTERNAL_ON_WALK: "external abort on a table walk",
    }
    if code in _SPECIAL_FSC:
        return _SPECIAL_FSC[code]
    kind = kinds.get(code & 0x3C)
    return f"{kind}, level {code & 3}" if kind else f"fault status {code:#04x}"


_SPECIAL_FSC: Final = {
    FSC_EXTERNAL: "external abort",
    FSC_ALIGNMENT: "alignment fault",
    0x30: "TLB conflict",
    0x34: "lockdown fault",
    FSC_UNSUPPORTED_ATOMIC: "unsupported exclusive or atomic access",
}

_WORDS: Final = {
    EC.UNKNOWN: "undefined instruction",
    EC.FP_ACCESS: "trapped FP or SIMD access",
    EC.PAUTH: "trapped pointer authentication",
    EC.BRANCH_TARGET: "branch to what is no landing pad",
    EC.ILLEGAL_STATE: "illegal execution state",
    EC.PC_ALIGNMENT: "misaligned PC",
    EC.SP_ALIGNMENT: "misaligned SP",
    EC.SERROR: "SError",
}
IMM16: Final = 0xFFFF  # ISS of SVC, HVC, SMC, BRK: the immediate
_IMMEDIATES: Final = {EC.SVC64: "SVC", EC.HVC64: "HVC", EC.SMC64: "SMC", EC.BRK64: "BRK"}


def describe(esr: int) -> str:
    """Returns one line for people: ``data abort, from the same level, write, translation fault, level 3``."""
    number = exception_class(esr)
    try:
        ec = EC(number)
    except ValueError:
        return f"exception class {number:#04x}, ISS {esr & ISS_MASK:#x}"
    if ec in _ABORTS:
        return _describe_abort(ec, esr)
    if ec in _IMMEDIATES:
        return f"{_IMMEDIATES[ec]} #{esr & IMM16:#x}"
    if ec is EC.WFX:
        return "WFE" if esr & 1 else "WFI"
    if ec is EC.SYSREG:
        trap = sysreg.parse_iss(esr)
        return f"trapped {'MRS' if trap.read else 'MSR'} of {trap.encoding}"
    return _WORDS.get(ec, ec.name.lower().replace("_", " "))


def _describe_abort(ec: EC, esr: int) -> str:
    data = ec in (EC.DATA_ABORT_LOWER, EC.DATA_ABORT_SAME)
    same = ec in (EC.DATA_ABORT_SAME, EC.INSTRUCTION_ABORT_SAME)
    words = [
        "data abort" if data else "instruction abort",
        "from the same level" if same else "from a lower level",
    ]
    if data:
        words.append("write" if esr & WNR else "read")
    if esr & S1PTW:
        words.append("on a stage-1 table walk")
    return ", ".join([*words, fault_status(esr)])
