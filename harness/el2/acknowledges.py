# SPDX-License-Identifier: MIT
"""Acknowledges of each vCPU, counted while they are of one interrupt: that is how a storm begins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from harness.arch.virt import MAX_CPUS
from harness.el2.vcpu import Vcpu

MANY: Final = 1000
"""Acknowledges of one interrupt, and of no other, that are worth a look."""


class Acknowledges:
    """Count of acknowledges in a row. ``on_many(vcpu, intid, count)`` is called at each from MANY on."""

    def __init__(self) -> None:
        self.on_many: Callable[[Vcpu, int, int], object] = _nobody
        self._intids = [-1] * MAX_CPUS
        self._counts = [0] * MAX_CPUS

    def note(self, vcpu: Vcpu, intid: int) -> None:
        """Takes note of one."""
        cpu = vcpu.index
        if self._intids[cpu] == intid:
            self._counts[cpu] = count = self._counts[cpu] + 1
            if count >= MANY:
                self.on_many(vcpu, intid, count)
        else:
            self._intids[cpu] = intid
            self._counts[cpu] = 1

    def forget(self, vcpu: Vcpu) -> None:
        """Begins to count anew."""
        self._intids[vcpu.index] = -1


def _nobody(_vcpu: Vcpu, _intid: int, _count: int) -> None:
    """Hears of many, where nobody else wants to."""
