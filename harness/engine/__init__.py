# SPDX-License-Identifier: MIT
"""One PE on Unicorn: registers, traps, exception entry, stage 2, slices. Nothing else imports unicorn."""

from harness.engine.completions.exception_entry import Lockup
from harness.engine.core import Backend
from harness.engine.deviations import DEVIATIONS, Deviation
from harness.engine.emulator.registers import RawGeneral
from harness.engine.emulator.values import register_number, register_value
from harness.engine.emulator.vector_registers import VectorRegisters
from harness.engine.memory.ram import Memory, NotRamError, Region
from harness.engine.memory.stage2 import Page
from harness.engine.mmio.access import Access, Part
from harness.engine.pe import PE, Handler

__all__ = [
    "DEVIATIONS",
    "PE",
    "Access",
    "Backend",
    "Deviation",
    "Handler",
    "Lockup",
    "Memory",
    "NotRamError",
    "Page",
    "Part",
    "RawGeneral",
    "Region",
    "VectorRegisters",
    "register_number",
    "register_value",
]
