# SPDX-License-Identifier: MIT
"""GICv2 (IHI 0048B.b): a pure device model of distributor, CPU interfaces and virtual interfaces.

What the manual leaves to the implementation, or calls UNPREDICTABLE, and what this one does:

- no Security Extensions, no bypass, no lockable SPIs; a GIC-400's identification registers
- SGIs are always enabled; PPIs are as configurable as SPIs (GICD_ICFGR1), level-sensitive after reset
- among equal priorities the lowest INTID is first, then the lowest requesting CPU; among list registers the lowest
- GICD_CTLR's group enables apply before prioritisation: an interrupt of a group disabled there hides no other
- GICC_HPPIR shows the highest-priority pending interrupt, whatever GICC_CTLR and GICC_PMR hold back
- GICC_EOIR drops the highest active priority whatever INTID it names; with none active it does nothing
- GICC_DIR with EOImode 0, and ends of interrupts that do not exist, do nothing
- a byte, halfword or misaligned access that a register does not support is RAZ/WI; a doubleword is two words
- each CPU's GICH is aliased at 0x1000 + 0x200 * CPU of the GICH frame, as on a GIC-400 (its 0x5000 block)
"""

from __future__ import annotations

from harness.gic.commands import Writer
from harness.gic.found import Reader
from harness.gic.gic import Gic, State
from harness.gic.registers import LAYOUT, Frame

__all__ = ["LAYOUT", "Frame", "Gic", "Reader", "State", "Writer"]
