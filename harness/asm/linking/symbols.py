# SPDX-License-Identifier: MIT
"""Symbols of a source: labels, numeric labels, assignments."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from harness.arguments import decimal
from harness.asm.expressions import Address, Expression, fold, fold_unary, parse_expression
from harness.asm.source import NAME, Location, StatementError

_NAME = re.compile(NAME)
# Names that no source can write: the nth label of a number, the nth literal of a pool.
_NUMBERED, _LITERAL = "\x02", "\x01"


def _number(digits: str) -> str:
    """Returns the number of a numeric label, without zeros before it."""
    number = decimal(digits)
    if number is None:
        raise StatementError(f"a label of {len(digits):,} digits is too long")
    return str(number)


def is_internal(name: str) -> bool:
    """Tells whether a name is for the assembler only: numeric labels, literals, and what starts with ``.L``."""
    return name.startswith((".L", _LITERAL)) or _NUMBERED in name


class SourceSymbols:
    """Meaning that names have so far; ``here`` gives the current place."""

    def __init__(self, here: Callable[[], Expression]) -> None:
        self.values: dict[str, Expression] = {}
        self.weak: set[str] = set()
        self._here = here
        self._labels: dict[str, Location] = {}
        self._numbered: dict[str, int] = {}
        self._literals = 0
        self._late: set[str] = set()

    def define_label(self, name: str, location: Location) -> None:
        """Gives a name to this place; a number may be given again and again."""
        if not name.isdecimal() and not _NAME.fullmatch(name):
            raise StatementError(f"`{name}` cannot be the name of a symbol")
        if name.isdecimal():
            number = _number(name)
            self._numbered[number] = self._numbered.get(number, 0) + 1
            name = f"{number}{_NUMBERED}{self._numbered[number]}"
        elif name in self._labels:
            place = self._labels[name].root
            raise StatementError(f"label `{name}` is already defined at {place.file}:{place.line}")
        elif name in self.values:
            raise StatementError(f"symbol `{name}` is already defined")
        self._labels[name] = location
        self.values[name] = self._here()

    def assign(self, name: str, value: Expression, *, once: bool = False) -> None:
        """Gives a name a value, which may be changed again unless ``once``."""
        if not _NAME.fullmatch(name):
            raise StatementError(f"`{name}` cannot be the name of a symbol")
        if name in self._labels or (once and name in self.values):
            raise StatementError(f"symbol `{name}` is already defined")
        self.values[name] = value

    def assign_late(self, name: str, text: str) -> None:
        """Gives a name an expression that is computed anew wherever the name is used (``.eqv``)."""
        self.assign(name, parse_expression(text, _LateScope(self)), once=True)
        self._late.add(name)

    def fresh_literal(self) -> str:
        """Returns a new name for a literal in a pool."""
        self._literals += 1
        return f"{_LITERAL}{self._literals}"

    def place_literals(self, placed: Iterable[tuple[str, Address]]) -> None:
        """Gives the literals of a pool their addresses."""
        self.values.update(placed)

    def lookup(self, name: str) -> Expression:
        """Returns the value of a symbol; StatementError if it has none. A weak one is 0 then (ELF)."""
        value = self.values.get(name)
        if value is not None:
            return value
        if name in self.weak:
            return 0
        number, mark, _ = name.partition(_NUMBERED)
        raise StatementError(f"no label `{number}:` after this" if mark else f"undefined symbol `{name}`")

    def symbol(self, name: str) -> Expression:
        """Returns the value of a name, or the name itself while it has none."""
        value = self.values.get(name, name)
        if name in self._late:
            return self.now(value)
        return value if isinstance(value, (int, Address)) else name

    def now(self, value: Expression) -> Expression:
        """Computes an expression with what is known here."""
        if isinstance(value, str):
            return self.symbol(value)
        if not isinstance(value, tuple):
            return value
        if len(value) == 2:
            return fold_unary(value[0], self.now(value[1]))
        return fold(value[0], self.now(value[1]), self.now(value[2]))

    def local_label(self, reference: str) -> Expression:
        """Returns the nearest numeric label before (``1b``) or after (``1f``)."""
        number = _number(reference[:-1])
        count = self._numbered.get(number, 0)
        if reference[-1] == "f":
            return f"{number}{_NUMBERED}{count + 1}"
        if count == 0:
            raise StatementError(f"no label `{number}:` before this")
        return self.values[f"{number}{_NUMBERED}{count}"]

    def here(self) -> Expression:
        """Returns the value of ``.``."""
        return self._here()


class _LateScope:
    """Meaning of names where they are not to be looked up yet (``.eqv``)."""

    def __init__(self, symbols: SourceSymbols) -> None:
        self.local_label, self.here = symbols.local_label, symbols.here

    def symbol(self, name: str) -> Expression:
        """Returns the name itself."""
        return name
