# SPDX-License-Identifier: MIT
"""Device models of the board: pure state, no knowledge of CPU, hypervisor or host.

:mod:`~harness.devices.bus` maps them. A device drives its own wire (``irq``), at the end of whatever changes it;
:mod:`~harness.devices.lines` joins the wires of all. A device that keeps time is told it (``advance(now)``, and
``elapse(now)`` before an access of its own) and says when it next acts by itself (``next_action``).
"""

from harness.devices.bus import Bus, BusError, Device, Load, Port, Region
from harness.devices.lines import Line, Lines
from harness.devices.output import Output
from harness.devices.pl011 import Pl011
from harness.devices.pl031 import Pl031
from harness.devices.testdev import TestDevice
from harness.devices.timer import GenericTimer, TimerRegister
from harness.devices.virtio import (
    Block,
    Disk,
    GuestMemory,
    MemoryDisk,
    VirtioConsole,
    VirtioDevice,
    VirtioMmio,
)

__all__ = [
    "Block",
    "Bus",
    "BusError",
    "Device",
    "Disk",
    "GenericTimer",
    "GuestMemory",
    "Line",
    "Lines",
    "Load",
    "MemoryDisk",
    "Output",
    "Pl011",
    "Pl031",
    "Port",
    "Region",
    "TestDevice",
    "TimerRegister",
    "VirtioConsole",
    "VirtioDevice",
    "VirtioMmio",
]
