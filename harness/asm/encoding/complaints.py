# SPDX-License-Identifier: MIT
"""Reasons why an instruction is refused, the mnemonic judged before its operands, and these before their values."""

from __future__ import annotations

import re
from collections.abc import Callable
from difflib import get_close_matches
from functools import cache
from typing import Final

from harness.asm.encoding.encoder import encodable, knows_mnemonic
from harness.asm.encoding.extensions import is_extension
from harness.asm.encoding.operands import CONDITIONS
from harness.asm.encoding.ranges import immediate_range
from harness.asm.source import StatementError

_A32: Final = {
    **dict.fromkeys(("push", "stmfd", "stmdb", "stm", "stmia"), "`stp x0, x1, [sp, #-16]!` stores a pair"),
    **dict.fromkeys(("pop", "ldmfd", "ldm", "ldmia", "ldmdb"), "`ldp x0, x1, [sp], #16` loads a pair"),
    "bx": "`ret` or `br x0` branches to a register",
    "blx": "`blr x0` calls a register",
    "swi": "`svc #0` is the call",
    "rsb": "`sub` or `neg` subtracts",
    "rsc": "`sbc` subtracts with carry",
    **dict.fromkeys(("mrc", "mcr", "mrrc", "mcrr"), "`mrs` and `msr` access system registers by name"),
    **dict.fromkeys(
        ("cpsid", "cpsie", "cps"), "`msr daifset, #2` masks IRQs, `msr daifclr, #2` unmasks them"
    ),
    **dict.fromkeys(("ldrd", "strd"), "`ldp` and `stp` access a pair"),
    **dict.fromkeys(("ldrex", "ldrexb", "ldrexh", "ldrexd"), "`ldxr` and `ldxp` load exclusively"),
    **dict.fromkeys(("strex", "strexb", "strexh", "strexd"), "`stxr` and `stxp` store exclusively"),
    **dict.fromkeys(
        ("vldr", "vstr", "vmov", "vadd", "vmul", "vldm", "vstm"), "names have no `v`, as `fadd`, `fmov`"
    ),
    "movt": "`movk x0, #1, lsl #16` sets the upper half",
    "movw": "`movz x0, #1` sets 16 bits",
    "teq": "`eor` and `cbz` test for equality",
    "it": "`csel` and its kin are conditional",
    "mvns": "`mvn` and `tst` do it",
    "bxj": "there is no Jazelle",
    "rfe": "`eret` returns",
    "srs": "SPSR_EL1 has it",
}
_A32_REGISTER: Final = re.compile(r"(?<![\w.$:=])(r(?:1[0-5]|\d)|pc|[ac]psr)(?![\w.$:(])", re.IGNORECASE)
_TOO_HIGH: Final = re.compile(r"(?<![\w.$:=])([xwvbhsdq])(\d{2})(?![\w$:(])", re.IGNORECASE)
_OWN: Final = frozenset(("udf", "uxtw", "ldr", "prfm"))


@cache
def is_mnemonic(name: str) -> bool:
    """Tells whether there is an instruction of this name in lower case, here or in keystone."""
    if name.startswith("b."):
        return name[2:] in CONDITIONS
    return name in _OWN or is_extension(name) or knows_mnemonic(name)


def unknown_mnemonic(mnemonic: str) -> StatementError:
    """Returns the error for an instruction that there is not, with what may have been meant."""
    lower = mnemonic.lower()
    advice = _A32.get(lower.partition(".")[0])
    if advice is not None:
        return StatementError(f"unknown instruction `{mnemonic}`: it is one of A32; in A64, {advice}")
    if lower.startswith("b.") and lower[2:] not in CONDITIONS:
        conditions = " ".join(CONDITIONS)
        return StatementError(
            f"unknown instruction `{mnemonic}`: the conditions of `b.cond` are {conditions}"
        )
    conditional = lower[:-2] if lower[-2:] in CONDITIONS and is_mnemonic(lower[:-2]) else ""
    if conditional:
        return StatementError(
            f"unknown instruction `{mnemonic}`: `{conditional}` has no condition in A64;"
            f" `csel` and `b.{lower[-2:]}` have"
        )
    near = [name for name in get_close_matches(lower, _names(), 8, 0.65) if is_mnemonic(name)]
    near = sorted(near, key=lambda name: sorted(name) != sorted(lower))[
        :2
    ]  # two letters exchanged are the nearest
    hint = f"; did you mean {' or '.join(f'`{name}`' for name in near)}?" if near else ""
    return StatementError(f"unknown instruction `{mnemonic}`{hint}")


def is_a32(mnemonic: str) -> bool:
    """Tells whether a name, with the types that may follow a dot, is one of A32 alone."""
    return mnemonic.lower().partition(".")[0] in _A32


def judge(mnemonic: str, rest: str, defined: Callable[[str], bool], error: StatementError) -> StatementError:
    """Returns the first thing that is wrong with an instruction whose operands could not be read.

    ``defined`` tells which names are symbols.
    """
    if not is_mnemonic(mnemonic.lower()):
        return unknown_mnemonic(mnemonic)
    return _misnamed_register(mnemonic, rest, defined) or error


def _misnamed_register(mnemonic: str, rest: str, defined: Callable[[str], bool]) -> StatementError | None:
    """Returns the error for the first register that A64 does not have, or None."""
    text = f"`{mnemonic} {rest}`"
    for match in _A32_REGISTER.finditer(rest):
        name = match[1]
        if defined(name):
            continue
        number = name[1:] if name[1:].isdigit() else ""
        instead = {
            "13": "`sp`",
            "14": "`x30` or `lr`",
            "15": "no such register: `adr` gives an address",
        }.get(number, f"`x{number}`, or `w{number}` of 32 bits")
        if not number:
            instead = (
                "no such register: `adr` gives an address" if name.lower() == "pc" else "`nzcv` and `daif`"
            )
        return StatementError(f"{text}: `{name}` is a register of A32; A64 has {instead}")
    for match in _TOO_HIGH.finditer(rest):
        kind, number = match[1].lower(), int(match[2])
        if number > (30 if kind in "xw" else 31) and not defined(match[0]):
            most = f"{kind}30, and {kind}zr" if kind in "xw" else f"{kind}31"
            return StatementError(f"{text}: there is no register `{match[0]}`: they are {kind}0 to {most}")
    return None


def misfit(text: str, plain: str, reason: str = "") -> str:
    """Returns why an instruction that is known is refused, as written and as the encoder got it, which may know."""
    misfits = "operands do not fit this instruction"
    if reason:
        return f"`{text}`: {misfits}: {reason.rstrip('.')}"
    return f"`{text}`: {immediate_range(plain, encodable) or misfits}"


@cache
def _names() -> list[str]:
    """Returns the names of all instructions that the disassembler knows."""
    import capstone
    from capstone import arm64_const

    engine = capstone.Cs(capstone.CS_ARCH_ARM64, capstone.CS_MODE_ARM)
    names = {engine.insn_name(number) for number in range(1, arm64_const.ARM64_INS_ENDING)}
    return sorted(str(name) for name in names if name)
