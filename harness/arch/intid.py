# SPDX-License-Identifier: MIT
"""GIC interrupt identifiers (IHI 0048B, 2.2.1) and the board's own private interrupts."""

from __future__ import annotations

SGI_COUNT = 16
PPI_BASE = 16
SPI_BASE = 32
SPURIOUS = 1023
SPURIOUS_GROUP1 = 1022

PPI_MAINTENANCE = 25
PPI_HYP_TIMER = 26
PPI_VIRTUAL_TIMER = 27
PPI_PHYSICAL_TIMER = 30


def is_private(intid: int) -> bool:
    """Tells if the INTID is banked per CPU (an SGI or a PPI)."""
    return intid < SPI_BASE


def name(intid: int) -> str:
    """Returns the manual's name: ``SGI 3``, ``PPI 27``, ``SPI 1`` (the SPI number, not the INTID)."""
    if intid < PPI_BASE:
        return f"SGI {intid}"
    if intid < SPI_BASE:
        return f"PPI {intid}"
    return f"SPI {intid - SPI_BASE}"
