# SPDX-License-Identifier: MIT
"""GICv2 (IHI 0048B.b): a pure device model of distributor, CPU interfaces and virtual interfaces."""

from __future__ import annotations

from harness.gic.gic import Gic, State
from harness.gic.registers import Frame

__all__ = ["Frame", "Gic", "State"]
