# SPDX-License-Identifier: MIT
"""Stack of the files, macros and repetitions that statements are read from, the innermost last."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from harness.asm.preprocessing.conditionals import Conditionals
from harness.asm.source import Location, Statement, StatementError

MOST_STATEMENTS = 2_000_000
"""Statements that a source may expand to: an endless ``.rept`` or macro is an error, not a hang."""
MOST_CHARACTERS = 128 << 20
"""Characters of all of them."""
_DEEPEST = 200


@dataclass(slots=True)
class _Level:
    """One source of statements; ``expansion`` of a macro or a repetition, ``macro`` if of a macro."""

    statements: Iterator[Statement]
    expansion: bool
    macro: bool
    conditionals: Conditionals = field(default_factory=lambda: Conditionals("."))


class StatementStack:
    """Open files, macros and repetitions, each with its own conditionals."""

    def __init__(self) -> None:
        self._levels: list[_Level] = []
        self._count = 0
        self._size = 0

    def push(self, statements: Iterator[Statement], *, expansion: bool = False, macro: bool = False) -> None:
        """Continues with these statements, then with those after the current one."""
        if len(self._levels) >= _DEEPEST:
            raise StatementError(
                f"macros or files are nested more than {_DEEPEST} deep: does one call itself?"
            )
        self._levels.append(_Level(statements, expansion, macro))

    def __iter__(self) -> Iterator[Statement]:
        """Yields all statements; GuestError at a conditional whose file or macro has ended."""
        place: Location | None = None
        while self._levels:
            level = self._levels[-1]
            try:
                statement = next(level.statements, None)
            except StatementError as error:  # of a macro whose arguments are put in
                raise error if place is None else place.error(str(error)) from None
            if statement is None:
                level.conditionals.check_closed()
                self._levels.pop()
                continue
            place = statement.location
            self._count += 1
            self._size += len(statement.text)
            if self._count > MOST_STATEMENTS:
                raise place.error(f"the source expands to more than {MOST_STATEMENTS} statements")
            if self._size > MOST_CHARACTERS:
                raise place.error(f"the source expands to more than {MOST_CHARACTERS >> 20} MiB")
            yield statement

    @property
    def innermost(self) -> Iterator[Statement]:
        """Statements that follow in the same file, macro or repetition."""
        return self._levels[-1].statements

    @property
    def conditionals(self) -> Conditionals:
        """Conditionals of the same file, macro or repetition."""
        return self._levels[-1].conditionals

    def exit_macro(self) -> None:
        """Leaves the innermost macro or repetition (``.exitm``)."""
        if not any(level.macro for level in self._levels):
            raise StatementError("`.exitm` outside a macro")
        while not self._levels.pop().expansion:
            pass

    def clear(self) -> None:
        """Leaves everything (``.end``)."""
        self._levels.clear()
