# SPDX-License-Identifier: MIT
"""System bus: the physical address space as the CPUs reach it, at the present time."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from harness.arch.virt import is_gic
from harness.board.board import Board
from harness.board.clock import Clock
from harness.board.gic_inputs import GicFrame
from harness.devices import Load, Port, Region


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

    def port(self, cpu: int, address: int) -> Port | None:
        """Returns the way of a CPU to the device at an address, None where nothing answers."""
        region = self._board.bus.find(address)
        if region is None:
            return None
        if isinstance(region.device, GicFrame):
            return region.device.port(cpu, region.base)
        return TimedPort(cpu, region, self._board, self._clock)

    def device_name(self, address: int) -> str:
        """Returns the name of the device that answers at an address."""
        region = self._board.bus.find(address)
        return region.name if region is not None else "nothing"


class TimedPort(Port):
    """Way of a CPU to a device that is told the time of an access before it.

    The others are told as well if one of them was to act by then, for that happens first.
    """

    def __init__(self, cpu: int, region: Region, board: Board, clock: Clock) -> None:
        self._cpu = cpu
        self._base = region.base
        self._size = region.size
        self._sizes = region.sizes
        self._read = region.device.read
        self._write = region.device.write
        self._elapse: Callable[[int], object] = getattr(region.device, "elapse", _keeps_no_time)
        self._elapse_all = board.elapse
        self._deadlines = board.deadlines
        self._now = clock.now
        quiet: Mapping[int, Load] = getattr(region.device, "quiet_loads", dict)()
        self.quiet_loads = {region.base + offset: load for offset, load in quiet.items()}

    def load(self, address: int, size: int) -> int:
        """Reads a register of the device, at the present time."""
        offset = address - self._base
        if offset + size > self._size or size not in self._sizes:
            return -1
        now = self._now()
        (self._elapse if now < self._deadlines.first else self._elapse_all)(now)
        return self._read(self._cpu, offset, size)

    def store(self, address: int, size: int, value: int) -> bool:
        """Writes a register of the device, at the present time."""
        offset = address - self._base
        if offset + size > self._size or size not in self._sizes:
            return False
        now = self._now()
        (self._elapse if now < self._deadlines.first else self._elapse_all)(now)
        self._write(self._cpu, offset, size, value)
        return True


def _keeps_no_time(_now: int) -> None:
    """Hears that time passes, where nobody else wants to."""
