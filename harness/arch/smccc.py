# SPDX-License-Identifier: MIT
"""SMC Calling Convention (DEN0028): function identifiers and return codes."""

from __future__ import annotations

from harness.arch.masks import MASK32, MASK64

SUCCESS = 0
NOT_SUPPORTED = MASK64  # -1 as the 64-bit x0 of an SMC64 call

# Fields of a function identifier (DEN0028, 2.5).
FAST = 1 << 31
SMC64 = 1 << 30
OWNER_SHIFT = 24
OWNER_MASK = 0x3F

# Arm Architecture Calls (owner 0; DEN0028, 7).
SMCCC_VERSION = 0x8000_0000
SMCCC_ARCH_FEATURES = 0x8000_0001
VERSION_1_1 = 0x1_0001


def is_fast_smc64(function: int) -> bool:
    """Tells if this is an SMC64 fast call (DEN0028, 2.5.1): bits 23:16 are zero, bits 15:0 number it."""
    return 0 <= function <= MASK32 and function & 0xC0FF_0000 == FAST | SMC64


def owner(function: int) -> int:
    """Returns the owning entity number of a function identifier: 0 Arm architecture, 4 standard secure (PSCI)."""
    return function >> OWNER_SHIFT & OWNER_MASK
