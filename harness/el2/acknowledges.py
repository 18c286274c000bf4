# SPDX-License-Identifier: MIT
"""Acknowledges of each vCPU, counted while they are of one interrupt: that is how a storm begins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from harness.arch.virt import MAX_CPUS
from harness.el2.vcpu import Vcpu

MANY: Final = 1000
"""Acknowledges of one interrupt, and of no other, that are worth a look."""


class Row:
    """Acknowledges of one vCPU in a row: the interrupt that they are of, -1 for none, and how many.

    While there are no more than ``few`` of them, nobody has to look.
    """

    __slots__ = ("count", "few", "intid")

    def __init__(self) -> None:
        self.intid: int = -1
        self.count: int = 0
        self.few: int = MANY - 1


class Acknowledges:
    """Acknowledges in a row, by vCPU. ``on_many(vcpu, intid, count)`` is called at each from MANY on."""

    def __init__(self) -> None:
        self.on_many: Callable[[Vcpu, int, int], object] = _nobody
        self.rows: list[Row] = [Row() for _ in range(MAX_CPUS)]

    def note(self, vcpu: Vcpu, intid: int) -> None:
        """Takes note of one."""
        row = self.rows[vcpu.index]
        if row.intid != intid:
            row.intid = intid
            row.count = 1
            return
        row.count += 1
        if row.count > row.few:
            self.on_many(vcpu, intid, row.count)

    def forget(self, vcpu: Vcpu) -> None:
        """Begins to count anew."""
        self.rows[vcpu.index].intid = -1


def _nobody(_vcpu: Vcpu, _intid: int, _count: int) -> None:
    """Hears of many, where nobody else wants to."""
