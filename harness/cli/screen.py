# SPDX-License-Identifier: MIT
"""Screen for styled lines and tables: colours on a terminal, the same text without them in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

WIDEST: Final = 10_000  # columns, of what has no edge

Span = tuple[str, str]
"""A text and its style (rich's words for it; empty for none)."""


@dataclass(frozen=True, slots=True)
class Screen:
    """Place for lines. Nothing is cut, and in a pipe nothing folds: it gets what a wide terminal shows."""

    console: Console

    @classmethod
    def of_stdout(cls) -> Screen:
        """Returns the standard output, as it is now."""
        return cls(Console(file=sys.stdout, highlight=False, markup=False, emoji=False))

    @property
    def styled(self) -> bool:
        """True if styles can be seen."""
        return self.console.is_terminal or self.console.record

    def line(self, *spans: Span) -> None:
        """Writes one line of styled spans, without blanks at its end."""
        if not self.styled:  # a trace is long, and styling a line costs more than what it tells of
            self.console.file.write("".join(text for text, _ in spans).rstrip() + "\n")
            return
        text = Text.assemble(*spans)
        text.rstrip()
        self.console.print(text, soft_wrap=True)

    def heading(self, title: str, note: str = "") -> None:
        """Writes a blank line, then the title of what follows."""
        self.line()
        self.line((title, "bold"), (f"  {note}" if note else "", "dim"))

    def table(self, table: Table) -> None:
        """Writes a table, whose last column folds on a terminal; one too narrow for the others is overrun."""
        options = self.console.options
        needed = self.console.measure(table, options=options.update_width(WIDEST))
        width = max(self.console.width, needed.minimum) if self.styled else needed.maximum
        options = options.update_width(width)
        for segments in self.console.render_lines(table, options, pad=False):
            self.line(*((segment.text, str(segment.style or "")) for segment in segments))

    def verbatim(self, text: str) -> None:
        """Writes the guest's own words, untouched."""
        if self.console.record:
            self.console.out(text, highlight=False, end="")
        else:
            self.console.file.write(text)

    def flush(self) -> None:
        """Lets what was written be seen now, in a pipe too."""
        self.console.file.flush()


def new_table(*columns: str, left: Collection[str], header: bool = True) -> Table:
    """Returns an empty table without rules. Columns are aligned right but for the ``left`` ones; the last folds."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim", show_header=header)
    for column in columns:
        table.add_column(column, justify="left" if column in left else "right", no_wrap=column != columns[-1])
    return table
