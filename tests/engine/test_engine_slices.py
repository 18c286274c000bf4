# SPDX-License-Identifier: MIT
"""Slices of instructions, and the exact count of what has retired."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from engine_rig import RAM, Rig

LOOP = """
    mov x0, #0
    movz x1, #0x4001, lsl #16
again:
    add x0, x0, #1
    str x0, [x1], #8
    ldr x2, [x1, #-8]
    tst x0, #63
    b.ne again
    hvc #1
    cmp x0, #640
    b.ne again
    hvc #0
    b .
"""


def test_a_slice_is_instruction_exact(rig: Rig) -> None:
    rig.load("nop; nop; nop; nop; nop; b .")
    assert rig.pe.run(3) == 3
    assert rig.pe.pc == RAM + 12
    assert rig.pe.run(1) == 1
    assert rig.pe.pc == RAM + 16
    assert rig.pe.retired == 4


@pytest.mark.parametrize("size", [1, 7, 100])
def test_the_count_does_not_depend_on_slicing(make: Callable[[], Rig], size: int) -> None:
    whole, sliced = make(), make()
    whole.load(LOOP)
    sliced.load(LOOP)
    whole.pe.run(100_000)
    while not sliced.calls or sliced.calls[-1][1]:
        sliced.pe.run(size)
    assert sliced.calls == whole.calls
    assert whole.calls[-1][3] == 2 + 640 * 5 + 10 * 3 + 1
    assert sliced.pe.retired == whole.pe.retired


def test_hvc_zero_stops_right_after_it(rig: Rig) -> None:
    pe = rig.go("nop; hvc #0; nop")
    assert pe.retired == 2
    assert pe.pc == RAM + 8
