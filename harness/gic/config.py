# SPDX-License-Identifier: MIT
"""Choices of a GICv2's implementer."""

from __future__ import annotations

from dataclasses import dataclass

from harness.errors import ConfigError


@dataclass(frozen=True, slots=True)
class GicConfig:
    """Numbers that a GICv2's implementer chooses; ConfigError outside the limits of IHI 0048B.

    ``intids`` counts SGIs and PPIs too: 32, 64, ... 992, 1020. Defaults are a GIC-400's.
    """

    cpus: int = 1
    intids: int = 288
    priority_bits: int = 5
    list_registers: int = 4

    def __post_init__(self) -> None:
        """Refuses what no GICv2 can be."""
        if not 1 <= self.cpus <= 8:
            raise ConfigError(f"a GICv2 has 1 to 8 CPU interfaces, not {self.cpus}")
        if not 32 <= self.intids <= 1020 or (self.intids % 32 and self.intids != 1020):
            raise ConfigError(f"a GICv2 has 32 to 992 INTIDs in steps of 32, or 1020, not {self.intids}")
        if not 4 <= self.priority_bits <= 8:
            raise ConfigError(f"a GICv2 implements 4 to 8 priority bits, not {self.priority_bits}")
        if not 1 <= self.list_registers <= 64:
            raise ConfigError(f"a GICv2 has 1 to 64 list registers, not {self.list_registers}")

    @property
    def priority_mask(self) -> int:
        """Implemented bits of a priority; the others are RAZ/WI (3.3)."""
        return 0xFF << (8 - self.priority_bits) & 0xFF

    @property
    def minimum_bpr(self) -> int:
        """Smallest binary point: all implemented bits are group priority (3.3.3); 2 for a GIC-400."""
        return max(0, 7 - self.priority_bits)
