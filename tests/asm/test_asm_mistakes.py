# SPDX-License-Identifier: MIT
"""Mistakes of a source are told together, each at its line, and nothing else is."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from thorough import every

from harness.asm import assemble
from harness.asm.mistakes import MOST
from harness.errors import GuestError

GOOD = (
    "mov x0, #1",
    "add x1, x2, x3",
    "ldr x4, =0x123456789",
    "b near",
    ".balign 4",
    ".quad near",
    ".word 7",
    "adr x5, near",
    "nop",
)
WRONG = (
    "frobnicate x0",
    "ldp x1, [x2]",
    "add x1, x2, nosuch",
    "ldr x0, =gone{}",
    "b nowhere",
    ".quad missing",
    ".badone 3",
    "mov x0, #0x123456789",
    ".word 1 +",
    ".balign nosuch",
    "near: nop",  # once more
)
WRONG_HERE = " // wrong"


def told(source: str) -> list[int]:
    with pytest.raises(GuestError) as caught:
        assemble(source, name="a.S")
    lines = str(caught.value).splitlines()
    assert all(line.startswith("a.S:") for line in lines)
    places = [caught.value.line, *(other.line for other in caught.value.others)]
    assert [int(line.split(":")[1]) for line in lines] == places
    return [place or 0 for place in places]


@pytest.mark.parametrize("seed", every(range(600), 11))
def test_whatever_is_wrong_is_told_at_its_line(seed: int) -> None:
    """Of a wrong line nothing is left over that would make another wrong, or keep it from being told."""
    choose = random.Random(seed)
    lines = ["near: nop"] + [choose.choice(GOOD) for _ in range(choose.randrange(80))]
    places = sorted(choose.sample(range(1, len(lines) + 1), k=min(len(lines), choose.randrange(1, 12))))
    for place in reversed(places):
        lines.insert(place, choose.choice(WRONG).format(place) + WRONG_HERE)
    wrong = [number for number, line in enumerate(lines, 1) if line.endswith(WRONG_HERE)]
    assert told("\n".join(lines) + "\n") == wrong


def test_a_macro_that_is_wrong_is_told_once_for_each_use() -> None:
    assert told(".macro m\n frobnicate x0\n.endm\n m\n nop\n m\n") == [4, 6]


def test_where_the_rest_hangs_on_it_no_more_is_looked_for() -> None:
    """A condition that is not known decides which statements there are; those before it are told of."""
    assert told("frob\n.if unknown\n frob\n.endif\n.badone\n") == [2]
    assert told(".badone\n.if unknown\n frob\n.endif\n.badone\n") == [1, 2]


def test_a_hundred_are_enough() -> None:
    assert len(told(".badone\n" * 1000 + "nop\n")) == MOST


def test_mistakes_of_an_included_file_are_told_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "part.inc").write_text(" .badone\n")
    path = tmp_path / "main.S"
    path.write_text('_start: frob\n .include "part.inc"\n .badone\n')
    with pytest.raises(GuestError) as caught:
        assemble(path)
    files = [line.rsplit(": ", 1)[0] for line in str(caught.value).splitlines()]
    assert files == [f"{tmp_path / 'part.inc'}:1", f"{path}:1", f"{path}:3"]
