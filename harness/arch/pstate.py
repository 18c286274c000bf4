# SPDX-License-Identifier: MIT
"""PSTATE in the layout of SPSR_EL1 (DDI 0487, C5.2.18): fields, modes, and a line for people."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

N: Final = 1 << 31
Z: Final = 1 << 30
C: Final = 1 << 29
V: Final = 1 << 28
PAN: Final = 1 << 22
SS: Final = 1 << 21
IL: Final = 1 << 20
D: Final = 1 << 9
A: Final = 1 << 8
I: Final = 1 << 7  # noqa: E741 -- the manual's name
F: Final = 1 << 6
DAIF: Final = D | A | I | F
NRW: Final = 1 << 4
MODE: Final = 0x1F
CONDITIONS: Final = N | Z | C | V


class Mode(IntEnum):
    """M[4:0] of an AArch64 state at EL0 and EL1."""

    EL0T = 0b0000
    EL1T = 0b0100
    EL1H = 0b0101


RESET: Final = DAIF | Mode.EL1H


def exception_level(pstate: int) -> int:
    """Returns the exception level, 0 to 3."""
    return pstate >> 2 & 3


def uses_own_stack(pstate: int) -> bool:
    """Tells if SP is SP_ELx rather than SP_EL0 (PSTATE.SP)."""
    return bool(pstate & 1)


def mode_name(pstate: int) -> str:
    """Returns ``EL1h``, ``EL1t``, ``EL0t``, or the bits where AArch64 has no such mode."""
    if pstate & NRW:
        return f"AArch32 mode {pstate & MODE:#04x}"
    level = exception_level(pstate)
    if pstate & 2 or (level == 0 and pstate & 1):
        return f"reserved mode {pstate & MODE:#04x}"
    return f"EL{level}{'h' if pstate & 1 else 't'}"


def describe(pstate: int) -> str:
    """Returns one line: ``EL1h nZcv DaIF``; a capital means the bit is set."""

    def letters(text: str, top: int) -> str:
        return "".join(c.upper() if pstate >> (top - i) & 1 else c for i, c in enumerate(text))

    extra = "".join(f" {name}" for name, bit in (("PAN", PAN), ("SS", SS), ("IL", IL)) if pstate & bit)
    return f"{mode_name(pstate)} {letters('nzcv', 31)} {letters('daif', 9)}{extra}"
