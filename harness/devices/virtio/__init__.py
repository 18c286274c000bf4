# SPDX-License-Identifier: MIT
"""Virtio devices over MMIO (Virtual I/O Device, version 1.2): transport, split virtqueue, console and block.

Chapters are those of that document. Devices reach guest memory only through :class:`GuestMemory`, which the
board gives at each :meth:`VirtioMmio.service`, so that their own state stays plain data.
"""

from harness.devices.virtio.block import Block, Disk, MemoryDisk
from harness.devices.virtio.console import VirtioConsole
from harness.devices.virtio.mmio import Function, VirtioMmio
from harness.devices.virtio.queue import Chain, GuestMemory, Queue, QueueError

__all__ = [
    "Block",
    "Chain",
    "Disk",
    "Function",
    "GuestMemory",
    "MemoryDisk",
    "Queue",
    "QueueError",
    "VirtioConsole",
    "VirtioMmio",
]
