# SPDX-License-Identifier: MIT
"""Console device (5.3), with its one port: queue 0 receives, queue 1 transmits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

from harness.devices.output import Output
from harness.devices.virtio.queue import GuestMemory, Queue

RECEIVE, TRANSMIT = 0, 1
F_EMERG_WRITE = 1 << 2
_EMERG_WR = 8  # of struct virtio_console_config: cols, rows, max_nr_ports, emerg_wr
_CONFIG_BYTES = 12


@dataclass(slots=True)
class VirtioConsole:
    """Console; ``output`` is what the guest printed, :meth:`feed` its keyboard."""

    device_id: ClassVar[int] = 3
    queues: ClassVar[int] = 2
    features: ClassVar[int] = F_EMERG_WRITE

    output: Output = field(default_factory=Output)
    _backlog: bytearray = field(default_factory=bytearray)
    _listeners: list[Callable[[], object]] = field(default_factory=list, compare=False)

    def feed(self, data: bytes) -> None:
        """Types: the bytes are received as soon as the driver offers buffers."""
        self._backlog += data
        for listener in self._listeners:
            listener()

    @property
    def unreceived(self) -> int:
        """Number of bytes that were typed and have no buffer of the driver's yet."""
        return len(self._backlog)

    def on_input(self, listener: Callable[[], object]) -> None:
        """Calls ``listener()`` whenever something was typed."""
        self._listeners.append(listener)

    def config(self) -> bytes:
        """Returns struct virtio_console_config (5.3.4), whose size and ports are not offered."""
        return bytes(_CONFIG_BYTES)

    def write_config(self, offset: int, data: bytes) -> None:
        """Prints a character, at any time: the emergency write (5.3.5)."""
        if offset == _EMERG_WR:
            self.output += data[:1]

    def pending(self) -> int:
        """Returns the receive queue's bit if something was typed."""
        return 1 << RECEIVE if self._backlog else 0

    def reset(self) -> None:
        """Keeps what was printed and what was typed."""

    def serve(self, index: int, queue: Queue, memory: GuestMemory) -> bool:
        """Prints what is to be transmitted; fills buffers with what was typed."""
        return self._receive(queue, memory) if index == RECEIVE else self._transmit(queue, memory)

    def _transmit(self, queue: Queue, memory: GuestMemory) -> bool:
        used = False
        while (chain := queue.pop(memory)) is not None:
            self.output += chain.read(memory)
            queue.push(memory, chain, 0)
            used = True
        return used

    def _receive(self, queue: Queue, memory: GuestMemory) -> bool:
        used = False
        while self._backlog and (chain := queue.pop(memory)) is not None:
            data = bytes(self._backlog[: chain.room])
            chain.write(memory, data)
            queue.push(memory, chain, len(data))
            del self._backlog[: len(data)]
            used = True
        return used
