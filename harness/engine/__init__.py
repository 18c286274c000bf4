# SPDX-License-Identifier: MIT
"""PE on Unicorn: registers, traps, exception entry, stage 2, slices. No other package imports unicorn."""

from harness.engine.backends import Backend
from harness.engine.completions.exception_entry import Lockup
from harness.engine.deviations import DEVIATIONS, Deviation
from harness.engine.deviations import total as total_deviations
from harness.engine.emulator.interruptions import INTERRUPTIONS
from harness.engine.emulator.registers import OnCall, OnLoad, OnStore, RawGeneral
from harness.engine.emulator.values import register_number, register_value
from harness.engine.emulator.vector_registers import VectorRegisters
from harness.engine.memory.ram import Memory, NotRamError, RamRegion
from harness.engine.memory.stage2 import Page
from harness.engine.mmio.access import DeviceAccess, Part
from harness.engine.pe import PE, Handler
from harness.engine.turns import Ring, Turns

__all__ = [
    "DEVIATIONS",
    "INTERRUPTIONS",
    "PE",
    "Backend",
    "Deviation",
    "DeviceAccess",
    "Handler",
    "Lockup",
    "Memory",
    "NotRamError",
    "OnCall",
    "OnLoad",
    "OnStore",
    "Page",
    "Part",
    "RamRegion",
    "RawGeneral",
    "Ring",
    "Turns",
    "VectorRegisters",
    "register_number",
    "register_value",
    "total_deviations",
]
