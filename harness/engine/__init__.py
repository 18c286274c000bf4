# SPDX-License-Identifier: MIT
"""One PE on Unicorn: registers, traps, exception entry, stage 2, slices. The only importer of unicorn."""

from harness.engine.completions.exception_entry import Lockup
from harness.engine.core import Backend
from harness.engine.deviations import DEVIATIONS, Deviation
from harness.engine.emulator.registers import General
from harness.engine.emulator.system import SystemRegisters, VectorRegisters
from harness.engine.memory.ram import Memory, MemoryError_, Region
from harness.engine.memory.stage2 import Page
from harness.engine.mmio.access import Access, Part
from harness.engine.pe import PE, Handler

__all__ = [
    "DEVIATIONS",
    "PE",
    "Access",
    "Backend",
    "Deviation",
    "General",
    "Handler",
    "Lockup",
    "Memory",
    "MemoryError_",
    "Page",
    "Part",
    "Region",
    "SystemRegisters",
    "VectorRegisters",
]
