# SPDX-License-Identifier: MIT
"""Event streams of the counters (CNTKCTL_EL1.EVNTEN, D11.2.5), which end a WFE."""

from __future__ import annotations

from collections.abc import Iterable

from harness.board.board import Board
from harness.board.clock import Clock
from harness.el2 import Vcpu


class EventStreams:
    """Event streams of all vCPUs, and up to when each vCPU has seen its own."""

    def __init__(self, board: Board, clock: Clock) -> None:
        self._board = board
        self._clock = clock
        self._seen = [0] * len(board.timers)

    def next(self, vcpus: Iterable[Vcpu]) -> int | None:
        """Returns the tick of the next event that one of these vCPUs has not seen; None for none."""
        return min((due for vcpu in vcpus if (due := self._next(vcpu)) is not None), default=None)

    def has_event(self, vcpu: Vcpu) -> bool:
        """Returns True if a vCPU has an event that it had not seen."""
        due, now = self._next(vcpu), self._clock.now()
        if due is None or due > now:
            return False
        self._seen[vcpu.index] = now
        return True

    def _next(self, vcpu: Vcpu) -> int | None:
        timer = self._board.timers[vcpu.index]
        timer.set_cntkctl(vcpu.pe.sysreg["CNTKCTL_EL1"])  # which the guest writes without an exit
        return timer.next_event(self._seen[vcpu.index])
