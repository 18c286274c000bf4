# SPDX-License-Identifier: MIT
"""Mistakes of one source, told together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from harness.asm.source import Location, StatementError
from harness.errors import GuestError

MOST: Final = 100
"""Mistakes after which an assembler gives up: what comes then is of no more help."""
MOST_REPEATED: Final = 10_000
"""Mistakes after which nothing more is read, however alike they are."""


class Mistakes:
    """Mistakes found so far. Statements after a wrong one are read as if it were not there.

    ``told`` is the error that has all of them, once it was raised.
    """

    def __init__(self) -> None:
        self.told: GuestError | None = None
        self._found: list[GuestError] = []
        self._added = 0

    @contextmanager
    def at(self, location: Location) -> Iterator[None]:
        """Keeps the StatementError that is raised in here, with its place."""
        try:
            yield
        except StatementError as error:
            self.add(location.error(str(error)))

    def add(self, error: GuestError) -> None:
        """Keeps an error; the same, as a repetition makes it, is kept once, and looked for so often only."""
        self._added += 1
        if str(error) not in map(str, self._found):
            self._found.append(error)
        if len(self._found) >= MOST or self._added >= MOST_REPEATED:
            self.check()

    def check(self) -> None:
        """Raises all that were found, if any were, as one GuestError, by their lines."""
        if not self._found:
            return
        files = list(dict.fromkeys(error.file for error in self._found))
        first, *others = sorted(self._found, key=lambda error: (files.index(error.file), error.line or 0))
        self.told = GuestError(
            first.message, file=first.file, line=first.line, column=first.column, others=others
        )
        raise self.told
