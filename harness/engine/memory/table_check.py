# SPDX-License-Identifier: MIT
"""Look at tables of stage 1 for what Unicorn translates otherwise than the manual has it (DDI 0487, D8.2, D8.3)."""

from __future__ import annotations

import struct
from collections import deque
from typing import Final

from harness.engine.deviations import ADDRESS_SIZE, BLOCK_ADDRESS_BITS, Deviation
from harness.engine.memory.ram import Memory
from harness.engine.memory.walk import ADDRESS, LAST_LEVEL, TABLE, Regime, is_meant

_MAX_TABLES: Final = 64  # a bound on the work of one MSR: some milliseconds


def deviations_in(half: Regime, memory: Memory) -> set[Deviation]:
    """Returns what the tables of a regime ask for that is done otherwise, as far as its first tables show."""
    found: set[Deviation] = set()
    seen = {half.table}
    waiting = deque([(half.table, half.level, half.entries)])
    for _ in range(_MAX_TABLES):
        if not waiting:
            break
        table, level, entries = waiting.popleft()
        if not memory.is_backed(table, 8 * entries):
            continue
        low = half.low(level)
        for descriptor in struct.unpack(f"<{entries}Q", memory.read(table, 8 * entries)):
            if not descriptor or not is_meant(descriptor, level, half):
                continue
            address = descriptor & ADDRESS & -(1 << half.shift)
            if level == LAST_LEVEL or not descriptor & TABLE:
                found |= _of_leaf(address, low, half.size, memory)
            elif address not in seen:
                seen.add(address)
                waiting.append((address, level + 1, 1 << half.stride))
    return found


def _of_leaf(address: int, low: int, size: int, memory: Memory) -> set[Deviation]:
    found = set()
    if address & (1 << low) - 1:
        found.add(BLOCK_ADDRESS_BITS)
    begin = address & -(1 << low)
    if begin >> size and any(r.base < begin + (1 << low) and begin < r.end for r in memory.regions):
        found.add(ADDRESS_SIZE)
    return found
