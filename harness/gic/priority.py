# SPDX-License-Identifier: MIT
"""Priorities: a lower value is more urgent; grouping decides what preempts (IHI 0048B, 3.3)."""

from __future__ import annotations

from typing import Final, NamedTuple

IDLE: Final = 0x100  # below every priority: the running priority when nothing is active; RPR shows 0xFF
SPURIOUS_ID: Final = 1023

RANK_SHIFT: Final = 10
"""A rank is a priority above a key of ten bits, an INTID or a list register's number: the least is taken first."""
RANK_KEY: Final = (1 << RANK_SHIFT) - 1
NO_RANK: Final = IDLE << RANK_SHIFT | SPURIOUS_ID
"""Rank of no interrupt, below that of any."""


class Candidate(NamedTuple):
    """Pending interrupt that may be signalled; ``key`` is its INTID, or its list register's number."""

    priority: int
    key: int
    group: int


NONE = Candidate(IDLE, SPURIOUS_ID, 0)


def group_priority(priority: int, binary_point: int) -> int:
    """Returns the part of a priority that counts for preemption: bits [7:bpr+1]; none at all for 7 (3.3.3)."""
    return priority & (0xFE << binary_point) & 0xFF


def level_mask(priority: int, shift: int) -> int:
    """Returns the bit of the active priorities registers for a group priority, one bit per preemption level."""
    return 1 << (priority >> shift)


def running_priority(active: int, shift: int) -> int:
    """Returns the most urgent active group priority: the lowest set bit, or IDLE."""
    return ((active & -active).bit_length() - 1) << shift if active else IDLE
