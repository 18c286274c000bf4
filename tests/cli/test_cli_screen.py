# SPDX-License-Identifier: MIT
"""Tables of the command line: on a terminal they fold, in a pipe a row is a line."""

from __future__ import annotations

import io

from rich.console import Console

from harness.cli.screen import Screen, new_table

WORDS = "a last column of many words, which has to fold where there is not the room for all of them"


def shown(console: Console) -> list[str]:
    table = new_table("name", "count", "words", left=("name", "words"))
    table.add_row("one", "1", WORDS)
    table.add_row("three hundred", "300", "")
    Screen(console).table(table)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def test_in_a_pipe_a_row_is_a_line_without_colour() -> None:
    lines = shown(Console(file=io.StringIO(), width=40))
    assert lines == ["name           count  words", f"one                1  {WORDS}", "three hundred    300"]


def test_on_a_terminal_the_last_column_folds() -> None:
    lines = shown(Console(file=io.StringIO(), width=60, force_terminal=True, color_system=None))
    assert max(map(len, lines)) <= 60
    assert len(lines) == 5


def test_a_figure_is_never_cut_off() -> None:
    lines = shown(Console(file=io.StringIO(), width=10, force_terminal=True, color_system=None))
    assert any("three hundred    300" in line for line in lines)
