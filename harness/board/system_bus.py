# SPDX-License-Identifier: MIT
"""System bus: the physical address space as the CPUs reach it, at the present time."""

from __future__ import annotations

from harness.arch.virt import is_gic
from harness.board.board import Board
from harness.board.clock import Clock


class SystemBus:
    """Bus of the board in time. Both accesses raise BusError where nothing answers.

    A device is told the time of an access before it.
    """

    def __init__(self, board: Board, clock: Clock) -> None:
        self._board = board
        self._clock = clock

    def read(self, cpu: int, address: int, size: int) -> int:
        """Reads a device register as ``cpu``."""
        if not is_gic(address):
            self._board.elapse(self._clock.now())
        return self._board.bus.read(cpu, address, size)

    def write(self, cpu: int, address: int, size: int, value: int) -> None:
        """Writes a device register as ``cpu``."""
        board = self._board
        if is_gic(address):  # which keeps no time
            board.bus.write(cpu, address, size, value)
            return
        board.elapse(self._clock.now())
        board.bus.write(cpu, address, size, value)

    def device_name(self, address: int) -> str:
        """Returns the name of the device that answers at an address."""
        region = self._board.bus.find(address)
        return region.name if region is not None else "nothing"
