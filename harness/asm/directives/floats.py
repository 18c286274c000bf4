# SPDX-License-Identifier: MIT
"""Floating-point constants of sources in the formats of IEEE 754, and of BFloat16 (GNU as manual, 3.6.2.2)."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Final, NamedTuple

from harness.asm.source import StatementError


class FloatFormat(NamedTuple):
    """Format of a floating-point number, by the widths of its fields in bits."""

    exponent: int
    fraction: int

    @property
    def size(self) -> int:
        """Size in bytes."""
        return (1 + self.exponent + self.fraction) // 8


HALF: Final = FloatFormat(5, 10)
BFLOAT: Final = FloatFormat(8, 7)
SINGLE: Final = FloatFormat(8, 23)
DOUBLE: Final = FloatFormat(11, 52)

_NUMBER = re.compile(
    r"(?P<sign>[-+]?)(?:0[a-z])?(?P<digits>\d+\.?\d*|\.\d+)(?:e(?P<power>[-+]?\d{1,6}))?", re.I
)
_SPECIAL = re.compile(r"(?P<sign>[-+]?)(?:0[a-z])?(?P<name>nan|inf|infinity)", re.I)
_LARGEST_POWER: Final = 5000  # far above what a double holds; keeps the arithmetic short


def float_bytes(text: str, kind: FloatFormat) -> bytes:
    """Returns the bytes of a constant, rounded to nearest, ties to even; StatementError if there are none."""
    return _encode(text.strip(), kind).to_bytes(kind.size, "little")


def _encode(text: str, kind: FloatFormat) -> int:
    ones = (1 << kind.exponent) - 1
    special = _SPECIAL.fullmatch(text)
    if special is not None:
        # The NaN of GNU as has every bit of its fraction set.
        fraction = (1 << kind.fraction) - 1 if special["name"].lower() == "nan" else 0
        return (special["sign"] == "-") << kind.exponent + kind.fraction | ones << kind.fraction | fraction
    match = _NUMBER.fullmatch(text)
    if match is None or len(match["digits"]) > _LARGEST_POWER:
        raise StatementError(f"`{text}` is not a floating-point number")
    power = int(match["power"] or 0)
    sign = int(match["sign"] == "-") << kind.exponent + kind.fraction
    value = Fraction(match["digits"])
    if not value or power < -_LARGEST_POWER - len(match["digits"]):
        return sign
    if power > _LARGEST_POWER:
        raise _too_large(text)
    return sign | _round(value * Fraction(10) ** power, kind, text)


def _round(value: Fraction, kind: FloatFormat, text: str) -> int:
    """Returns exponent and fraction of a number above zero."""
    bias = (1 << kind.exponent - 1) - 1
    exponent = value.numerator.bit_length() - value.denominator.bit_length()
    if value < Fraction(2) ** exponent:
        exponent -= 1
    exponent = max(exponent, 1 - bias)  # below lie the denormal numbers
    # round() of a Fraction takes the even one of two that are equally near.
    significand = round(value / Fraction(2) ** (exponent - kind.fraction))
    # A significand that has no integer bit is denormal, one that was rounded up to two carries into the exponent.
    bits = (exponent + bias - 1 << kind.fraction) + significand
    if bits >= (1 << kind.exponent) - 1 << kind.fraction:
        raise _too_large(text)
    return bits


def _too_large(text: str) -> StatementError:
    return StatementError(f"`{text}` is too large for this floating-point format")
