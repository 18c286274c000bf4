# SPDX-License-Identifier: MIT
"""System instructions of Armv8.1 and later: registers, PSTATE, operations by address (DDI 0487, C5, D17)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from harness.asm.encoding.extensions.forms import Operand
from harness.asm.source import StatementError

_RT: Final = re.compile(r"x(?:([12]?\d|30)|zr)|(lr)|(fp)|(ip[01])", re.IGNORECASE)
_NUMBERS: Final = {"lr": 30, "fp": 29, "ip0": 16, "ip1": 17, "xzr": 31}


class _Register(NamedTuple):
    encoding: tuple[int, int, int, int, int]
    needs: str
    writable: bool = True


def _registers() -> Iterator[tuple[str, _Register]]:
    """Yields the registers that Keystone has no name for, by their names."""
    yield "pan", _Register((3, 0, 4, 2, 3), "pan")
    yield "uao", _Register((3, 0, 4, 2, 4), "v8.2")
    yield "dit", _Register((3, 3, 4, 2, 5), "v8.4")
    yield "ssbs", _Register((3, 3, 4, 2, 6), "ssbs")
    for key, (crm, op2) in {"ia": (1, 0), "ib": (1, 2), "da": (2, 0), "db": (2, 2), "ga": (3, 0)}.items():
        yield f"ap{key}keylo_el1", _Register((3, 0, 2, crm, op2), "v8.3")
        yield f"ap{key}keyhi_el1", _Register((3, 0, 2, crm, op2 + 1), "v8.3")
    for name, op2 in (("lorsa", 0), ("lorea", 1), ("lorn", 2), ("lorc", 3)):
        yield f"{name}_el1", _Register((3, 0, 10, 4, op2), "lor")
    yield "lorid_el1", _Register((3, 0, 10, 4, 7), "lor", writable=False)
    identification = {
        "aa64isar2": (6, 2),
        "aa64mmfr2": (7, 2),
        "dfr1": (3, 5),
        "isar6": (2, 7),
        "mmfr5": (3, 6),
    }
    for name, (crm, op2) in identification.items():
        yield f"id_{name}_el1", _Register((3, 0, 0, crm, op2), "", writable=False)
    yield "id_pfr2_el1", _Register((3, 0, 0, 3, 4), "v8.5", writable=False)
    yield "ccsidr2_el1", _Register((3, 1, 0, 0, 2), "v8.3", writable=False)
    yield "disr_el1", _Register((3, 0, 12, 1, 1), "")
    yield "contextidr_el2", _Register((3, 4, 13, 0, 1), "v8.1")
    yield "ttbr1_el2", _Register((3, 4, 2, 0, 1), "v8.1")
    # Under HCR_EL2.E2H the registers of EL1 have names of their own.
    for name, fields in {
        "sctlr": (1, 0, 0),
        "cpacr": (1, 0, 2),
        "ttbr0": (2, 0, 0),
        "ttbr1": (2, 0, 1),
        "tcr": (2, 0, 2),
        "spsr": (4, 0, 0),
        "elr": (4, 0, 1),
        "afsr0": (5, 1, 0),
        "afsr1": (5, 1, 1),
        "esr": (5, 2, 0),
        "far": (6, 0, 0),
        "mair": (10, 2, 0),
        "amair": (10, 3, 0),
        "vbar": (12, 0, 0),
        "contextidr": (13, 0, 1),
        "cntkctl": (14, 1, 0),
    }.items():
        yield f"{name}_el12", _Register((3, 5, *fields), "v8.1")


_REGISTERS: Final = dict(_registers())
# MSR (immediate): op1, op2 and what they need.
_FIELDS: Final = {"uao": (0, 3, "v8.2"), "pan": (0, 4, "pan"), "ssbs": (3, 1, "ssbs"), "dit": (3, 2, "v8.4")}
# SYS: op1, CRn, CRm, op2 and what they need.
_OPERATIONS: Final = {
    ("dc", "cvap"): (3, 7, 12, 1, "v8.2"),
    ("dc", "cvadp"): (3, 7, 13, 1, "v8.5"),
    ("at", "s1e1rp"): (0, 7, 9, 0, "v8.2"),
    ("at", "s1e1wp"): (0, 7, 9, 1, "v8.2"),
    ("cfp", "rctx"): (3, 7, 3, 4, "predres"),
    ("dvp", "rctx"): (3, 7, 3, 5, "predres"),
    ("cpp", "rctx"): (3, 7, 3, 7, "predres"),
}
_NAMED_HINTS: Final = {
    ("bti", ""): 32,
    ("bti", "c"): 34,
    ("bti", "j"): 36,
    ("bti", "jc"): 38,
    ("psb", "csync"): 17,
    ("tsb", "csync"): 18,
}
SYSTEM_ONLY: Final = ("cfp", "dvp", "cpp", "bti", "psb", "tsb")
"""Mnemonics that have no form but those here."""


def encode_system(mnemonic: str, operands: Sequence[Operand]) -> tuple[int, str] | None:
    """Returns the word of a System instruction and the features that it needs; None if it is none of these."""
    names = [operand.text.lower() for operand in operands]
    hint = _NAMED_HINTS.get((mnemonic, names[0] if names else "")) if len(names) <= 1 else None
    if hint is not None:
        return 0xD503201F | hint << 5, ""
    if len(names) != 2:
        return None
    operation = _OPERATIONS.get((mnemonic, names[0]))
    if operation is not None:
        op1, crn, crm, op2, needs = operation
        return 0xD5080000 | op1 << 16 | crn << 12 | crm << 8 | op2 << 5 | _rt(names[1]), needs
    if mnemonic == "mrs" and (register := _REGISTERS.get(names[1])) is not None:
        return _access(register) | 1 << 21 | _rt(names[0]), register.needs
    if mnemonic != "msr":
        return None
    field = _FIELDS.get(names[0])
    value = None if field is None or _RT.fullmatch(names[1]) else operands[1].number()
    if field is not None and value is not None:
        if value not in (0, 1):
            raise StatementError(f"`{names[1]}`: the immediate {value} is out of range: from 0 to 1")
        return 0xD500401F | field[0] << 16 | value << 8 | field[1] << 5, field[2]
    if (register := _REGISTERS.get(names[0])) is not None and register.writable:
        return _access(register) | _rt(names[1]), register.needs
    return None


def _access(register: _Register) -> int:
    op0, op1, crn, crm, op2 = register.encoding
    return 0xD5000000 | op0 << 19 | op1 << 16 | crn << 12 | crm << 8 | op2 << 5


def _rt(text: str) -> int:
    match = _RT.fullmatch(text)
    if match is None:
        raise StatementError(f"`{text}` is not an X register")
    return int(match[1]) if match[1] else _NUMBERS[text]
