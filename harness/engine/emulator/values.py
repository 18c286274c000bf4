# SPDX-License-Identifier: MIT
"""Numbers and values of registers that a user hands in, checked in words."""

from __future__ import annotations

from operator import index

from harness.errors import RegisterIndexError, RegisterTypeError, RegisterValueError


def register_number(bank: str, n: object, count: int) -> int:
    """Returns the number of one of `count` registers; RegisterIndexError or RegisterTypeError for any other key."""
    try:
        found = index(n)  # type: ignore[arg-type]  # that is the question
    except TypeError:
        raise RegisterTypeError(f"{bank}[{n!r}]: a register's number is needed, 0 to {count - 1}") from None
    if not 0 <= found < count:
        raise RegisterIndexError(f"{bank}[{found}]: there is no such register, only 0 to {count - 1}")
    return found


def register_value(name: str, value: object, bits: int = 64) -> int:
    """Returns what a register is to hold; RegisterValueError or RegisterTypeError if it cannot."""
    try:
        found = index(value)  # type: ignore[arg-type]  # that is the question
    except TypeError:
        raise RegisterTypeError(f"{name} = {value!r}: a register holds a whole number") from None
    if not 0 <= found < 1 << bits:
        raise RegisterValueError(f"{name} = {found}: a register holds {bits} bits, unsigned")
    return found
