# SPDX-License-Identifier: MIT
"""HVC #0 as plain ints: functions of PE.on_call are asked first, and PE.answer writes the results."""

from __future__ import annotations

import pytest
from engine_rig import RAM, Rig

from harness.arch.masks import MASK32
from harness.errors import ClosedError

TOP = (1 << 64) - 1
CALL = """
    mov x0, #1
    mov x1, #-1
    mov x2, #3
    mov x3, #4
    mov x4, #5
    hvc #0
    hvc #1
    hvc #0
"""


def test_a_call_that_is_served_has_no_other_handler(rig: Rig) -> None:
    asked: list[tuple[int, ...]] = []

    def first(*x: int) -> bool:
        asked.append((*x, rig.pe.pc, rig.pe.retired))
        rig.pe.answer(TOP, 7)
        return True

    def second(*x: int) -> bool:
        asked.append((*x, rig.pe.pc, rig.pe.retired))
        return False

    rig.pe.on_call = {1: first, TOP & MASK32: second}  # by w0
    rig.go(CALL)
    assert asked == [(TOP, 3, 4, RAM + 24, 6), (7, 0, 0, RAM + 32, 8)]
    assert rig.immediates() == [
        1,
        0,
    ]  # another immediate is none of its business; and the last was not served
    assert rig.pe.x[:5].tolist() == [TOP, 7, 0, 0, 5]


def test_a_call_that_is_not_served_is_the_handlers(rig: Rig) -> None:
    rig.pe.on_call = {1: lambda *x: False}
    rig.go(CALL)
    assert rig.calls == [(0, 0, 1, 6)]
    assert rig.pe.x[:5].tolist() == [1, TOP, 3, 4, 5]


def test_another_function_is_the_handlers(rig: Rig) -> None:
    rig.pe.on_call = {1 + 16: lambda *x: True}
    rig.go(CALL)
    assert rig.calls == [(0, 0, 1, 6)]


def test_another_table_is_asked_from_then_on(rig: Rig) -> None:
    asked: list[str] = []

    def first(*_x: int) -> bool:
        asked.append("first")
        rig.pe.on_call = {1: second}
        return True

    def second(*_x: int) -> bool:
        asked.append("second")
        rig.pe.on_call = None
        return True

    rig.pe.on_call = {1: first}
    rig.go("mov x0, #1\n hvc #0\n hvc #0\n hvc #0\n")
    assert asked == ["first", "second"]
    assert rig.immediates() == [0]


def test_a_served_call_can_end_the_slice(rig: Rig) -> None:
    def on_call(*x: int) -> bool:
        rig.pe.stop()
        return True

    rig.pe.on_call = {1: on_call, 0: on_call}
    assert rig.go(CALL).pc == RAM + 24
    assert rig.pe.retired == 6


def test_a_served_call_moves_the_line(rig: Rig) -> None:
    def on_call(*x: int) -> bool:
        rig.pe.virq = True
        return True

    rig.pe.on_call = {1: on_call, 0: on_call}
    vectors = RAM + 0x1_0000
    rig.load("hvc #5\nhvc #1\nb .", vectors + 0x280)
    rig.pe.sysreg["VBAR_EL1"] = vectors
    rig.load("msr daifclr, #2\nhvc #0\nhvc #6\nb .")
    rig.pe.run(6)
    assert rig.immediates() == [5, 1]


def test_what_it_raises_comes_out_of_the_run(rig: Rig) -> None:
    def on_call(*x: int) -> bool:
        raise LookupError("a bug")

    rig.pe.on_call = {1: on_call, 0: on_call}
    with pytest.raises(LookupError, match="a bug"):
        rig.go(CALL)
    assert rig.immediates() == []


@pytest.mark.parametrize("bad", [(-1, 0), (0, 1 << 64)])
def test_results_are_unsigned_64_bit_values(rig: Rig, bad: tuple[int, int]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 -- memoryview words it, and it is all of one kind
        rig.pe.answer(*bad)


def test_a_closed_cpu_answers_nothing(rig: Rig) -> None:
    rig.pe.close()
    with pytest.raises(ClosedError):
        rig.pe.answer(0, 0)
