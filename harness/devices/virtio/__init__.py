# SPDX-License-Identifier: MIT
"""Virtio devices over MMIO (Virtual I/O Device, version 1.2): transport, split virtqueue, console and block.

Chapters are those of that document. Devices reach guest memory only through the :class:`GuestMemory` that the board
gives to their slot.
"""

from harness.devices.virtio.block import Block, Disk, MemoryDisk
from harness.devices.virtio.console import VirtioConsole
from harness.devices.virtio.device import VirtioDevice
from harness.devices.virtio.mmio import VirtioMmio
from harness.devices.virtio.queue import Chain, GuestMemory, Queue, QueueError

__all__ = [
    "Block",
    "Chain",
    "Disk",
    "GuestMemory",
    "MemoryDisk",
    "Queue",
    "QueueError",
    "VirtioConsole",
    "VirtioDevice",
    "VirtioMmio",
]
