# SPDX-License-Identifier: MIT
"""Bounds of what macros may make of a source: text that doubles with each line of it is an error, not a hang."""

from __future__ import annotations

from typing import Final

from harness.asm.source import StatementError

MOST_IN_A_LINE: Final = 1 << 20
"""Characters that the ``#define`` macros of a line may be replaced by, those of inner ones included."""
MOST_IN_ALL: Final = 32 << 20
"""The same for all lines of a source."""
LONGEST_STATEMENT: Final = 1 << 20
"""Characters of a statement in which the arguments of a ``.macro`` are put."""


class Replacements:
    """Count of what macros have been replaced by so far."""

    def __init__(self) -> None:
        self._in_all = self._in_line = 0

    def begin_line(self) -> None:
        """Begins with the next line."""
        self._in_line = 0

    def add(self, text: str) -> None:
        """Counts one replacement; StatementError once there are too many."""
        size = 1 + len(text)
        self._in_line += size
        self._in_all += size
        if self._in_line > MOST_IN_A_LINE or self._in_all > MOST_IN_ALL:
            most = MOST_IN_A_LINE if self._in_line > MOST_IN_A_LINE else MOST_IN_ALL
            raise StatementError(
                f"macros expand to more than {most >> 20} MiB: does one use another twice, and so on?"
            )


def check_length(size: int) -> None:
    """Raises StatementError for a statement that is too long."""
    if size > LONGEST_STATEMENT:
        raise StatementError(f"a macro makes a statement of more than {LONGEST_STATEMENT >> 20} MiB")
