# SPDX-License-Identifier: MIT
"""Device models of the board: pure state, no knowledge of CPU, hypervisor or host.

:mod:`~harness.devices.bus` maps them, :mod:`~harness.devices.lines` carries their interrupts; a device that
keeps time is told it (``advance(now)``) and says when it next wants to hear of it (``deadline()``).
"""

from harness.devices.bus import Bus, BusError, Device, Region
from harness.devices.lines import Line, LineChange, Lines
from harness.devices.pl011 import Pl011
from harness.devices.pl031 import Pl031
from harness.devices.testdev import TestDevice
from harness.devices.timer import GenericTimer, TimerRegister
from harness.devices.virtio import Block, Disk, Function, GuestMemory, MemoryDisk, VirtioConsole, VirtioMmio

__all__ = [
    "Block",
    "Bus",
    "BusError",
    "Device",
    "Disk",
    "Function",
    "GenericTimer",
    "GuestMemory",
    "Line",
    "LineChange",
    "Lines",
    "MemoryDisk",
    "Pl011",
    "Pl031",
    "Region",
    "TestDevice",
    "TimerRegister",
    "VirtioConsole",
    "VirtioMmio",
]
