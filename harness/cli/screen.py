# SPDX-License-Identifier: MIT
"""Screen for styled lines and tables: colours on a terminal, the same text without them in a pipe.

Rich is loaded where there are styles or a table to show, since it takes as long as a short guest.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection
from typing import IO, TYPE_CHECKING, Final

from msgspec import Struct

from harness.cli.folding import folds, hanging_indent

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

GLUE: Final = "\ue000"  # of the private use area: to whoever folds text it is part of a word
"""Blank in a table's cell at which it does not fold; it is shown as any other."""
WIDEST: Final = 10_000  # columns, of what has no edge
PADDING: Final = 2  # columns between two of a table's

_STYLED: Final = ("FORCE_COLOR", "TTY_COMPATIBLE")  # by which rich takes a pipe for a terminal

Span = tuple[str, str]
"""A text and its style (rich's words for it; empty for none)."""


class Pipe(Struct, frozen=True):
    """File or pipe in place of a terminal: it is a console with no styles, of no width."""

    file: IO[str]
    is_terminal: bool = False
    record: bool = False


class Screen(Struct, frozen=True):
    """Place for lines. Nothing is cut, and in a pipe nothing folds: it gets what a wide terminal shows."""

    console: Console | Pipe

    @classmethod
    def of_stdout(cls) -> Screen:
        """Returns the standard output, as it is now."""
        if sys.stdout.isatty() or any(name in os.environ for name in _STYLED):
            return cls(_console(sys.stdout))
        return cls(Pipe(sys.stdout))

    @property
    def _rich(self) -> Console:
        return _console(self.console.file) if isinstance(self.console, Pipe) else self.console

    @property
    def styled(self) -> bool:
        """True if styles can be seen."""
        return self.console.is_terminal or self.console.record

    @property
    def width(self) -> int | None:
        """Columns of a line; None where there are as many as it needs."""
        return self._rich.width if self.styled else None

    def line(self, *spans: Span) -> None:
        """Writes one line of styled spans, without blanks at its end; as more where the terminal is narrower."""
        if not self.styled:  # a trace is long, and styling a line costs more than what it tells of
            self.console.file.write("".join(text for text, _ in spans).rstrip() + "\n")
            return
        from rich.text import Text

        console = self._rich
        text = Text.assemble(*spans)
        text.rstrip()
        whole = text.split("\n")
        for line in whole:
            if line.cell_len <= console.width:
                console.print(line, soft_wrap=True)
                continue
            parts = [span for span, _ in spans] if len(whole) == 1 else [line.plain]
            indent = hanging_indent(parts, console.width)
            for number, (start, end) in enumerate(folds(line.plain, console.width, indent)):
                blanks = " " * indent if number else ""
                console.print(Text.assemble(blanks, line[start:end]), soft_wrap=True)

    def heading(self, title: str, note: str = "") -> None:
        """Writes a blank line, then the title of what follows."""
        self.line()
        self.line((title, "bold"), (f"  {note}" if note else "", "dim"))

    def table(self, table: Table) -> None:
        """Writes a table. On a terminal texts fold between words; where it is too narrow, rows become lists."""
        console = self._rich
        widths = _widths(table, self.width or WIDEST)
        if widths is None:
            self._lists(table)
            return
        for column, width in zip(table.columns, widths, strict=True):
            column.width = width
        for segments in console.render_lines(table, console.options.update_width(WIDEST), pad=False):
            self.line(*((segment.text.replace(GLUE, " "), str(segment.style or "")) for segment in segments))

    def _lists(self, table: Table) -> None:
        """Writes each row as a list of its cells, below the first."""
        from rich.text import Text

        columns = table.columns
        headed = table.show_header
        label = max(len(str(column.header)) for column in columns) if headed else 2
        for cells in zip(*(column.cells for column in columns), strict=True):
            for column, cell in zip(columns, cells, strict=True):
                text = cell if isinstance(cell, Text) else Text(str(cell))
                name = str(column.header) if headed else ""
                if text.plain:
                    blanks = "" if not headed and column is columns[0] else f"{name:<{label}}  "
                    self.line((blanks, "dim"), (text.plain.replace(GLUE, " "), str(text.style)))

    def verbatim(self, text: str) -> None:
        """Writes the guest's own words, untouched."""
        if self.console.record:
            self._rich.out(text, highlight=False, end="")
        else:
            self.console.file.write(text)

    def flush(self) -> None:
        """Lets what was written be seen now, in a pipe too."""
        self.console.file.flush()


def _console(file: IO[str]) -> Console:
    from rich.console import Console

    return Console(file=file, highlight=False, markup=False, emoji=False)


def _widths(table: Table, room: int) -> list[int] | None:
    """Returns widths of columns in which no word is cut, as wide as there is room; None where there is too little.

    Rich would take from all columns that fold alike, and cut their words.
    """
    from rich.cells import cell_len
    from rich.text import Text

    least, most = [], []
    for column in table.columns:
        cells = [column.header] if table.show_header else []
        texts = [cell.plain if isinstance(cell, Text) else str(cell) for cell in (*cells, *column.cells)]
        lines = [line for text in texts for line in text.split("\n")]
        most.append(max(map(cell_len, lines), default=0))
        words = lines if column.no_wrap else [word for line in lines for word in line.split()]
        least.append(max(map(cell_len, words), default=0))
    left = room - sum(least) - PADDING * (len(least) - 1)
    if left < 0:
        return None
    widths = least
    while left and widths != most:
        narrowest = min(width for width, wanted in zip(widths, most, strict=True) if width < wanted)
        for n, wanted in enumerate(most):
            if left and widths[n] == narrowest < wanted:
                widths[n] += 1
                left -= 1
    return widths


def new_table(*columns: str, left: Collection[str], header: bool = True) -> Table:
    """Returns an empty table without rules. Columns are aligned right, but the ``left`` ones: texts, which fold."""
    from rich.table import Table

    table = Table(
        box=None, pad_edge=False, padding=(0, PADDING, 0, 0), header_style="dim", show_header=header
    )
    for column in columns:
        table.add_column(column, justify="left" if column in left else "right", no_wrap=column not in left)
    return table
