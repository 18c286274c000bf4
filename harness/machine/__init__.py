# SPDX-License-Identifier: MIT
"""The machine: board, scheduler, virtual time, and the :class:`Machine` that users hold."""

from harness.machine import until
from harness.machine.machine import Machine
from harness.machine.stop import Stop, StopReason

__all__ = ["Machine", "Stop", "StopReason", "until"]
