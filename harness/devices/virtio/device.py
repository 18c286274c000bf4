# SPDX-License-Identifier: MIT
"""Devices as the transport sees them, whatever their type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from harness.devices.virtio.queue import GuestMemory, Queue


class VirtioDevice(Protocol):
    """Device in a slot: one of the types of chapter 5."""

    @property
    def device_id(self) -> int:
        """Type of device: 2 block, 3 console."""
        ...

    @property
    def queues(self) -> int:
        """Number of virtqueues."""
        ...

    @property
    def features(self) -> int:
        """Feature bits offered beside VIRTIO_F_VERSION_1."""
        ...

    def on_input(self, listener: Callable[[], object]) -> None:
        """Calls ``listener()`` whenever the device has something new for a queue."""
        ...

    def config(self) -> bytes:
        """Returns the device's configuration space."""
        ...

    def write_config(self, offset: int, data: bytes) -> None:
        """Takes what the driver wrote to the configuration space."""
        ...

    def pending(self) -> int:
        """Returns a bit for each queue that the device itself has something for."""
        ...

    def serve(self, index: int, queue: Queue, memory: GuestMemory) -> bool:
        """Does what a queue asks for; True if a buffer was used. QueueError for what is malformed."""
        ...

    def reset(self) -> None:
        """Takes the device back to its state after power-on."""
        ...
