# SPDX-License-Identifier: MIT
"""Values of expressions: numbers, addresses, and what cannot be computed yet.

What is known is computed at once, so that a name that is set again later keeps, in what came before, the value it
had there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

from harness.asm.source import StatementError


class AddressBase(Protocol):
    """Section that an address is relative to: compared by identity."""

    address: int

    @property
    def loaded(self) -> bool:
        """True if it has an address at all."""


class Address:
    """Offset into a section whose address is not known before layout."""

    __slots__ = ("offset", "section")

    def __init__(self, section: AddressBase, offset: int) -> None:
        self.section = section
        self.offset = offset

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Address) and other.section is self.section and other.offset == self.offset

    def __hash__(self) -> int:
        return hash((id(self.section), self.offset))

    @property
    def absolute(self) -> int:
        """Address after layout."""
        return self.section.address + self.offset


Expression: TypeAlias = "int | Address | str | tuple[str, Expression] | tuple[str, Expression, Expression]"
"""A value, the name of a symbol that has none yet, or an operator and its operands."""


_MASK = (1 << 64) - 1


def _signed(value: int) -> int:
    value &= _MASK
    return value - (1 << 64) if value >> 63 else value


def _divide(a: int, b: int) -> int:
    if b == 0:
        raise StatementError("division by zero")
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


def _shift(a: int, b: int, *, left: bool) -> int:
    if not 0 <= b < 64:
        return 0
    return a << b if left else (a & _MASK) >> b


_BINARY: dict[str, Callable[[int, int], int]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: _divide(_signed(a), _signed(b)),
    "%": lambda a, b: _signed(a) - _signed(b) * _divide(_signed(a), _signed(b)),
    "&": lambda a, b: a & b,
    "|": lambda a, b: a | b,
    "^": lambda a, b: a ^ b,
    "<<": lambda a, b: _shift(a, b, left=True),
    ">>": lambda a, b: _shift(a, b, left=False),
    ">>c": lambda a, b: _signed(a) >> min(b, 63) if b >= 0 else 0,
    "&&": lambda a, b: int(bool(a) and bool(b)),
    "||": lambda a, b: int(bool(a) or bool(b)),
}
_COMPARE: dict[str, Callable[[int, int], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<>": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
}
UNARY: dict[str, Callable[[int], int]] = {
    "-": lambda a: -a,
    "+": lambda a: a,
    "~": lambda a: ~a,
    "!": lambda a: int(not a),
}


def _wrap(value: int) -> int:
    """Keeps 64 bits, leaving alone what is a signed or an unsigned 64-bit number as written."""
    return value if -(1 << 63) <= value <= _MASK else value & _MASK


def fold(op: str, a: Expression, b: Expression, true: int = -1) -> Expression:
    """Applies a binary operator where that is possible without knowing any section's address."""
    if isinstance(a, Address):
        if isinstance(b, int) and op in "+-":
            return Address(a.section, a.offset + b if op == "+" else a.offset - b)
        if isinstance(b, Address) and a.section is b.section and (op == "-" or op in _COMPARE):
            a, b = a.offset, b.offset
    elif isinstance(b, Address) and isinstance(a, int) and op == "+":
        return Address(b.section, a + b.offset)
    if not isinstance(a, int) or not isinstance(b, int):
        return (op, a, b)
    if op in _COMPARE:
        return true if _COMPARE[op](_signed(a), _signed(b)) else 0
    return _wrap(_BINARY[op](a, b))


def fold_unary(op: str, a: Expression) -> Expression:
    """Applies a unary operator to a number; anything else is kept for later."""
    return _wrap(UNARY[op](a)) if isinstance(a, int) else (op, a)


def resolve(
    expression: Expression, lookup: Callable[[str], Expression], *, addresses: bool = False
) -> Expression:
    """Computes an expression again with what is known by now; with ``addresses`` sections have been laid out.

    Without ``addresses`` an Address may come back. StatementError names a symbol that has no value.
    """
    return _resolve(expression, lookup, addresses, (), {})


def _resolve(
    expression: Expression,
    lookup: Callable[[str], Expression],
    addresses: bool,
    within: tuple[str, ...],
    found: dict[str, Expression],
) -> Expression:
    """Computes a part of an expression; ``found`` has the symbols so far: each of a chain may be used twice."""
    if isinstance(expression, int):
        return expression
    if isinstance(expression, Address):
        return expression.absolute if addresses else expression
    if isinstance(expression, str):
        if expression in within:
            raise StatementError(f"symbol `{expression}` is defined by itself")
        if expression not in found:
            value = _resolve(lookup(expression), lookup, addresses, (*within, expression), found)
            found[expression] = value
        return found[expression]
    if len(expression) == 2:
        return fold_unary(expression[0], _resolve(expression[1], lookup, addresses, within, found))
    left = _resolve(expression[1], lookup, addresses, within, found)
    return fold(expression[0], left, _resolve(expression[2], lookup, addresses, within, found))
