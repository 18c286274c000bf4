# SPDX-License-Identifier: MIT
"""Identification registers that every PrimeCell peripheral has at 0xfe0 to 0xffc."""

from __future__ import annotations

_DESIGNER_ARM = 0x41
_CELL_ID = (0x0D, 0xF0, 0x05, 0xB1)


def identification(part: int, revision: int) -> dict[int, int]:
    """Returns PeriphID0..3 and PCellID0..3 by offset, for a part number of 12 bits (DDI 0183, 3.3.15, 3.3.16)."""
    peripheral = part | _DESIGNER_ARM << 12 | revision << 20
    return {
        **{0xFE0 + 4 * n: peripheral >> 8 * n & 0xFF for n in range(4)},
        **{0xFF0 + 4 * n: value for n, value in enumerate(_CELL_ID)},
    }
