# SPDX-License-Identifier: MIT
"""Styled lines: colours on a terminal, the same text without them in a pipe."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

Span = tuple[str, str]
"""A text and its style (rich's words for it; empty for none)."""


@dataclass(frozen=True, slots=True)
class Screen:
    """Where lines go. Nothing is wrapped or cut: a pipe gets what a wide terminal shows."""

    console: Console

    @classmethod
    def of_stdout(cls) -> Screen:
        """The standard output, as it is now."""
        return cls(Console(file=sys.stdout, highlight=False, markup=False, emoji=False))

    @property
    def styled(self) -> bool:
        """Whether styles can be seen."""
        return self.console.is_terminal or self.console.record

    def line(self, *spans: Span) -> None:
        """One line of styled spans, without blanks at its end."""
        if not self.styled:  # a trace is long, and styling a line costs more than what it tells of
            self.console.file.write("".join(text for text, _ in spans).rstrip() + "\n")
            return
        text = Text.assemble(*spans)
        text.rstrip()
        self.console.print(text, soft_wrap=True)

    def heading(self, title: str, note: str = "") -> None:
        """A blank line, then the title of what follows."""
        self.line()
        self.line((title, "bold"), (f"  {note}" if note else "", "dim"))

    def verbatim(self, text: str) -> None:
        """The guest's own words, untouched, ending in a newline."""
        if text:
            self.console.out(text, highlight=False, end="" if text.endswith("\n") else "\n")
