# SPDX-License-Identifier: MIT
"""Descriptors of stage 1 that translate an address, for whoever must hear of a change of them."""

from __future__ import annotations

from collections.abc import Mapping

from harness.engine.memory.ram import Memory
from harness.engine.memory.walk import walk


class _Reader:
    """Memory as a walk reads it, which notes where."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self.read: list[int] = []

    def is_backed(self, ipa: int, n: int) -> bool:
        return self._memory.is_backed(ipa, n)

    def u64(self, ipa: int) -> int:
        self.read.append(ipa)
        return self._memory.u64(ipa)


def translate(va: int, sysreg: Mapping[str, int], memory: Memory) -> tuple[list[int], int | None]:
    """Returns the IPAs of the descriptors read, and that of the address; None where the walk ends without one."""
    reader = _Reader(memory)
    end = walk(va, sysreg, reader)
    return reader.read, end.address if end.status is None else None
