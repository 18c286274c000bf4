# SPDX-License-Identifier: MIT
"""DMA of devices to guest memory, coherent with every PE's data and code."""

from __future__ import annotations

from harness.engine import Memory


class Dma:
    """DMA: the devices' :class:`~harness.devices.GuestMemory` over a machine's memory."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def readable(self, address: int, size: int) -> bool:
        """Returns True if all these bytes are memory, ROM included."""
        return self._memory.is_ram(address, size)

    def writable(self, address: int, size: int) -> bool:
        """Returns True if all these bytes are RAM."""
        return any(
            not region.readonly and region.base <= address and address + size <= region.end
            for region in self._memory.regions
        )

    def read(self, address: int, size: int) -> bytes:
        """Returns bytes at a physical address."""
        return self._memory.read(address, size)

    def write(self, address: int, data: bytes) -> None:
        """Writes bytes; translations of code that was there are dropped."""
        self._memory.write(address, data)
