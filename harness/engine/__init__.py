# SPDX-License-Identifier: MIT
"""One PE on Unicorn: registers, traps, exception entry, stage 2, slices. The only importer of unicorn."""

from harness.engine._core import Backend
from harness.engine._registers import General
from harness.engine._system import SystemRegisters, VectorRegisters
from harness.engine.access import Access, Part
from harness.engine.deviations import DEVIATIONS, Deviation
from harness.engine.exceptions import Lockup
from harness.engine.memory import Memory, MemoryError_, Region
from harness.engine.pe import PE, Handler
from harness.engine.stage2 import Page

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
