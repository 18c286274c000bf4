# SPDX-License-Identifier: MIT
"""Interrupt that a vCPU has been presented with, in a list register or without one."""

from __future__ import annotations

from typing import Final

from harness.arch.gic import IAR_INTID

BY_HAND: Final = 0x100
"""Place of an active interrupt that nobody acknowledged: after all others."""


class Presented:
    """Interrupt that the guest has, or may take: the software GIC's IAR value of it, and its LR's flags.

    ``priority`` and ``group``: by which it was acknowledged; BY_HAND for the one, where nobody did.
    """

    __slots__ = ("group", "hardware", "iar", "priority", "tells_end")

    def __init__(self, iar: int, priority: int) -> None:
        self.iar = iar
        self.priority = priority
        self.group = 0
        self.hardware = False
        self.tells_end = False  # LR.EOI: its end is a maintenance interrupt

    @property
    def intid(self) -> int:
        """INTID of the guest."""
        return self.iar & IAR_INTID
