# SPDX-License-Identifier: MIT
"""SplitMix64, the generator of everything random: a function of its state, so that a seed repeats a run."""

from __future__ import annotations

from harness.arch.masks import MASK64


def split_mix(state: int) -> tuple[int, int]:
    """Returns the next state and a 64-bit value. Any int is a seed."""
    state = state + 0x9E37_79B9_7F4A_7C15 & MASK64
    value = (state ^ state >> 30) * 0xBF58_476D_1CE4_E5B9 & MASK64
    value = (value ^ value >> 27) * 0x94D0_49BB_1331_11EB & MASK64
    return state, value ^ value >> 31
