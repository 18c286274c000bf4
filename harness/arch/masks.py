# SPDX-License-Identifier: MIT
"""Masks of the two widths of register that AArch64 has: W and X (DDI 0487, B1.2.1)."""

from __future__ import annotations

from typing import Final

MASK32: Final = (1 << 32) - 1
MASK64: Final = (1 << 64) - 1
