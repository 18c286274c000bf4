# SPDX-License-Identifier: MIT
"""Reasons for which a run ends. Every run ends with one of these."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class StopReason(StrEnum):
    """Reason for which a run ended."""

    POWER_OFF = "power_off"
    """PSCI SYSTEM_OFF."""
    RESET = "reset"
    """PSCI SYSTEM_RESET; where that restarts the guest, once too often."""
    EXIT = "exit"
    """Semihosting SYS_EXIT, with its code."""
    UNTIL = "until"
    """A condition given to ``run`` was met."""
    LIMIT = "limit"
    """The limit of instructions was reached."""
    IDLE = "idle"
    """Every CPU waits or is off, and nothing that is armed can wake one."""
    STUCK = "stuck"
    """A CPU is in a loop that it can never leave, and no other can go on."""
    STORM = "storm"
    """A CPU takes the same level-sensitive interrupt again and again, and nothing else goes on there."""
    FAULT = "fault"
    """A guest took an exception that it has no way to handle."""
    INTERRUPTED = "interrupted"
    """Ctrl-C, or a signal such as SIGTERM, where a face attends the run; elsewhere Ctrl-C is KeyboardInterrupt."""


@dataclass(frozen=True, slots=True)
class Stop:
    """End of a run: the vCPU that ended it, its PC there, instructions retired in this run by all vCPUs.

    ``detail`` is one sentence or more for people. ``code`` is the exit code where ``reason`` is EXIT,
    ``signal`` the number of the signal where it is INTERRUPTED.
    """

    reason: StopReason
    cpu: int
    pc: int
    instructions: int
    detail: str
    code: int | None = None
    signal: int | None = None

    @property
    def ok(self) -> bool:
        """True if the guest ended by itself and meant well: powered off, or exited with code 0."""
        return self.reason is StopReason.POWER_OFF or (self.reason is StopReason.EXIT and self.code == 0)
