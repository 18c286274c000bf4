# SPDX-License-Identifier: MIT
"""Forms in which the hooks on MRS and MSR get a register: an encoding as bytes, a number of Xt, a value."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Mapping
from ctypes import c_char, c_uint64
from functools import cache
from typing import Final, NamedTuple

from harness.arch.sysreg import NAMES_TO_ENCODINGS, SysregEncoding
from harness.engine.core import Core
from harness.engine.emulator import binding as uc

KEY_BYTES: Final = 20  # crn, crm, op0, op1, op2 of uc_arm64_cp_reg
_VALUE: Final = 24
_MRS: Final = 0xD520_0000
NUMBERS: Final = {register: n for n, register in enumerate(uc.REG_X)}
Serve = Callable[[int, int], int]
"""(register, uc_arm64_cp_reg) -> 1 if it has served the instruction, 0 for Unicorn to do it."""


@cache  # each PE asks for the same ones
def key(encoding: SysregEncoding) -> bytes:
    """Returns a register as uc_arm64_cp_reg begins with it."""
    return struct.pack("<5I", encoding.crn, encoding.crm, encoding.op0, encoding.op1, encoding.op2)


key_at: Final = (c_char * KEY_BYTES).from_address
"""``key_at(cp).raw`` is the key of the register that a hook is called for."""


def _encoding(register: bytes) -> int:
    """Returns op0, op1, CRn, CRm and op2 of a key, as MRS and MSR have them from bit 5 on."""
    crn, crm, op0, op1, op2 = struct.unpack("<5I", register)
    return int(op0 << 14 | op1 << 11 | crn << 7 | crm << 3 | op2)


class Hooked(NamedTuple):
    """Registers that are hooked, as pairs of bytes, their encodings; and each MRS of one, to X0."""

    reads: bytes
    writes: bytes
    mrs: frozenset[int]


def hooked_registers(reads: Iterable[bytes], writes: Iterable[bytes]) -> Hooked:
    """Returns the registers of these keys in the forms in which those who hook them want them."""
    words = frozenset(_MRS | _encoding(each) << 5 for each in reads)
    return Hooked(_numbers(reads), _numbers(writes), words)


def _numbers(keys: Iterable[bytes]) -> bytes:
    return b"".join(struct.pack("<H", _encoding(each)) for each in keys)


def by_key(table: Mapping[str, Serve]) -> dict[bytes, Serve]:
    """Returns a table by keys from one by names."""
    return {key(NAMES_TO_ENCODINGS[name]): serve for name, serve in table.items()}


def written(cp: int) -> int:
    """Returns the value that MSR writes."""
    return c_uint64.from_address(cp + _VALUE).value


def answer(core: Core, register: int, value: object) -> None:
    """Gives MRS its value; none for XZR."""
    n = NUMBERS.get(register)
    if n is not None and isinstance(value, int):
        core.x[n] = value
