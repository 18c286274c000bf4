# SPDX-License-Identifier: MIT
"""Tables of the command line: on a terminal they fold, in a pipe a row is a line."""

from __future__ import annotations

import io
import random
from collections import Counter

import pytest
from rich.console import Console
from thorough import every

from harness.cli.screen import GLUE, Screen, new_table
from harness.trace.events import Hvc
from harness.trace.text import format_event

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


def test_where_there_is_no_room_for_columns_a_row_is_a_list() -> None:
    lines = shown(Console(file=io.StringIO(), width=16, force_terminal=True, color_system=None))
    assert lines[:3] == ["name   one", "count  1", "words  a last"]
    assert lines[-3:] == ["name   three", "    hundred", "count  300"]
    assert max(map(len, lines)) <= 16


TEXTS = ["alpha", "be", "gamma-delta", "epsilon/zeta", "eta,", "theta", "iota+0x4", "(main.S:12)"]


@pytest.mark.parametrize("seed", every(range(900), 19))
def test_any_table_fits_any_width_and_no_word_is_folded(seed: int) -> None:
    choose = random.Random(seed)
    names = [f"column{n}" for n in range(choose.randrange(1, 6))]
    left = choose.sample(names, k=choose.randrange(len(names) + 1))
    table = new_table(*names, left=left, header=choose.random() < 0.8)
    words: list[str] = []
    for _ in range(choose.randrange(1, 5)):
        row = [
            " ".join(choose.choices(TEXTS, k=choose.randrange(1, 9))) if n in left else "1,234" for n in names
        ]
        words += " ".join(row).split()
        table.add_row(*row)
    width = choose.randrange(8, 140)
    file = io.StringIO()
    Screen(Console(file=file, width=width, force_terminal=True, color_system=None)).table(table)
    lines = file.getvalue().splitlines()
    label = len("column0  ") if table.show_header else 4  # of a list's cell, before the first word
    assert all(len(line) <= max(width, label + max(map(len, TEXTS))) for line in lines)
    assert Counter(words) <= Counter(file.getvalue().split())


@pytest.mark.parametrize("seed", every(range(900), 19))
def test_any_line_fits_any_width_and_no_word_is_folded(seed: int) -> None:
    choose = random.Random(seed)
    texts = [
        " " * choose.randrange(3) + " ".join(choose.choices(TEXTS, k=choose.randrange(6))) for _ in "123"
    ]
    width = choose.randrange(20, 100)
    file = io.StringIO()
    Screen(Console(file=file, width=width, force_terminal=True, color_system=None)).line(
        *((one, "") for one in texts)
    )
    lines = file.getvalue().splitlines()
    assert file.getvalue().split() == "".join(texts).split()
    assert all(len(line) <= width or len(line.split()) == 1 for line in lines)


def test_a_number_stays_with_its_kind() -> None:
    for width in (25, 100):
        table = new_table("exits", left=("exits",))
        table.add_row(f"1{GLUE}RVIC.Acknowledge, 1{GLUE}RVIC.ClearMasked")
        file = io.StringIO()
        Screen(Console(file=file, width=width, force_terminal=True, color_system=None)).table(table)
        shown = [line.strip() for line in file.getvalue().splitlines()[1:]]
        assert " ".join(shown) == "1 RVIC.Acknowledge, 1 RVIC.ClearMasked"
        assert len(shown) == (2 if width == 25 else 1)


@pytest.mark.parametrize("width", [60, 72, 80, 100, 124])
def test_a_trace_fits_a_terminal_with_its_columns(width: int) -> None:
    """The answer and the place are where they always are, or as near as they fit, or on a line below."""
    event = Hvc(11_571, 0, 0x4008_0000, 0xC500_020B, (0, 27, 0), (0, 0), intid=27, call="RVIC.ClearMasked")
    whole, narrow = format_event(event), format_event(event, width=width)
    assert narrow.split() == whole.split()
    assert all(len(line) <= width for line in narrow.splitlines())
    assert (narrow == whole) == (len(whole) <= width)
    assert format_event(event, width=len(whole)) == whole
