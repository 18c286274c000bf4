# SPDX-License-Identifier: MIT
"""End of a command by a signal."""

from __future__ import annotations

import signal


class InterruptedRunError(Exception):
    """End of a run by a signal, once all that there was to show of it is shown."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number

    @property
    def status(self) -> int:
        """Exit status, as a shell has it: 130 for SIGINT, 143 for SIGTERM."""
        return 128 + self.number

    @property
    def word(self) -> str:
        """Word for what has happened."""
        return (
            "interrupted" if self.number == signal.SIGINT else f"ended by {signal.Signals(self.number).name}"
        )
