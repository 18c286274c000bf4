# SPDX-License-Identifier: MIT
"""Event streams of the timers, which end a wait in WFE now and then (DDI 0487, D11.2.5)."""

from __future__ import annotations

from harness.board.board import Board
from harness.board.clock import Clock
from harness.el2 import Vcpu


class EventStreams:
    """Event streams of all vCPUs, and up to when each vCPU has seen its own."""

    def __init__(self, board: Board, clock: Clock, vcpus: int) -> None:
        self._timers, self._clock = board.timers, clock
        self._seen = [0] * vcpus

    def due(self, vcpu: Vcpu) -> int | None:
        """Returns the tick of the first event that a vCPU has not seen; None without a stream."""
        timer = self._timers[vcpu.index]
        timer.set_cntkctl(vcpu.pe.sysreg["CNTKCTL_EL1"])  # which the guest writes without an exit
        return timer.next_event(self._seen[vcpu.index])

    def take(self, vcpu: Vcpu) -> bool:
        """Lets a vCPU see the events that have come; says whether there are any."""
        due, now = self.due(vcpu), self._clock.now()
        if due is None or due > now:
            return False
        self._seen[vcpu.index] = now
        return True
