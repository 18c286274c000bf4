# SPDX-License-Identifier: MIT
"""Addresses in a guest's data, as its own stage 1 translates them (DDI 0487, D8), whatever stage 2 has seen."""

from __future__ import annotations

import pytest
from engine_rig import RAM, Rig
from test_engine_mmu import (
    AF,
    ALIAS_DEVICE,
    ALIAS_RAM,
    BAD_WALK,
    BLOCK,
    HOLE,
    INNER,
    MMU_ON,
    READ_ONLY,
    build,
)

from harness.engine import PE

READ_ONLY_ALIAS = 0x8000_0000


@pytest.mark.parametrize("write", [False, True])
def test_with_the_mmu_off_an_address_is_itself(rig: Rig, write: bool) -> None:
    assert rig.pe.translate_data(0x1234_5678, write=write) == 0x1234_5678


@pytest.mark.parametrize("write", [False, True])
def test_with_the_mmu_on_stage_1_decides(rig: Rig, write: bool) -> None:
    build(rig)
    rig.memory.write_u64(RAM + 0x10_0000 + 8 * 2, 0x4000_0000 | AF | INNER | BLOCK | READ_ONLY)
    pe = rig.go(f"{MMU_ON} hvc #0")
    untouched = 0x3F_F123
    assert pe.translate_data(ALIAS_RAM + untouched, write=write) == RAM + untouched
    assert pe.translate_data(ALIAS_DEVICE + 0x0900_0000, write=write) == 0x0900_0000
    assert pe.translate_data(HOLE, write=write) is None
    assert pe.translate_data(BAD_WALK, write=write) is None
    assert pe.translate_data(1 << 60, write=write) is None
    expected = None if write else RAM + 8
    assert pe.translate_data(READ_ONLY_ALIAS + 8, write=write) == expected


def test_inside_a_handler_the_guest_goes_on_as_if_nothing_was(rig: Rig) -> None:
    build(rig)
    answers: list[int | None] = []

    def halted(pe: PE, immediate: int) -> bool:
        answers.append(pe.translate_data(pe.x[1], write=True))
        pe.advance()
        return True

    rig.pe.on_halt = halted
    pe = rig.go(
        f"{MMU_ON} movz x1, #1, lsl #32\n movz x9, #3\n again: hlt #1\n str x9, [x1]\n"
        "add x1, x1, #8\n subs x9, x9, #1\n b.ne again\n hvc #0"
    )
    assert answers == [RAM, RAM + 8, RAM + 16]
    assert [rig.memory.u64(RAM + 8 * n) for n in range(3)] == [3, 2, 1]
    assert pe.x[9] == 0
