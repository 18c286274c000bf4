# SPDX-License-Identifier: MIT
"""Services of the machine that a guest reaches by semihosting: its exit, its console, its time, its memory."""

from __future__ import annotations

from harness.board.board import Board
from harness.board.clock import Clock
from harness.board.console import Console
from harness.boot.loader import Loader
from harness.engine import PE, Memory
from harness.run.conditions import Conditions
from harness.run.loop import Loop


class GuestServices:
    """Services that :class:`~harness.host.semihosting.Semihosting` asks for, over the parts of a machine."""

    def __init__(
        self,
        memory: Memory,
        board: Board,
        clock: Clock,
        loader: Loader,
        console: Console,
        conditions: Conditions,
        loop: Loop,
    ) -> None:
        self.memory = memory
        self.now = clock.now
        self._board = board
        self._loader = loader
        self._console = console
        self._conditions = conditions
        self._loop = loop

    @property
    def command_line(self) -> str:
        """Name of the guest and its arguments."""
        return self._loader.command_line

    @property
    def free_memory(self) -> tuple[int, int]:
        """First address and end of the largest part of RAM that nothing was loaded to."""
        return self._loader.free_memory

    def exit(self, pe: PE, code: int) -> None:
        """Ends the run: SYS_EXIT."""
        self._loop.exit = pe, code
        pe.stop()

    def write(self, pe: PE, data: bytes) -> None:
        """Prints on the console: SYS_WRITE0, SYS_WRITEC, and SYS_WRITE to it."""
        self._console.write(data)
        self._conditions.console_written(pe.index)

    def read(self, most: int, *, wait: bool) -> bytes:
        """Takes what was typed: SYS_READC, and SYS_READ of the console. Waits only for a person."""
        self._board.elapse(self.now())
        while not (data := self._board.uart.take(most)):
            terminal = self._loop.attendance.terminal
            if not wait or terminal is None or not terminal.open:
                break
            if terminal.quit or self._loop.interrupted:
                break
            terminal.wait(None)
        return data
