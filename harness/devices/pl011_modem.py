# SPDX-License-Identifier: MIT
"""Modem lines of the PL011: of a terminal that is always ready, or its own, looped back (DDI 0183, 3.3.8)."""

from __future__ import annotations

from typing import Final

from harness.devices.pl011_registers import (
    CR_DTR,
    CR_LBE,
    CR_OUT1,
    CR_OUT2,
    CR_RTS,
    FR_CTS,
    FR_DCD,
    FR_DSR,
    FR_RI,
)

TERMINAL: Final = FR_CTS | FR_DSR | FR_DCD
_LOOPED = ((CR_RTS, FR_CTS), (CR_DTR, FR_DSR), (CR_OUT1, FR_DCD), (CR_OUT2, FR_RI))
_INTERRUPTS = ((FR_RI, 1 << 0), (FR_CTS, 1 << 1), (FR_DCD, 1 << 2), (FR_DSR, 1 << 3))


def modem_status(control: int) -> int:
    """Returns the modem status inputs, as UARTFR has them, with this value in UARTCR."""
    if not control & CR_LBE:
        return TERMINAL
    return sum(flag for bit, flag in _LOOPED if control & bit)


def modem_interrupts(changed: int) -> int:
    """Returns the interrupts, as UARTRIS has them, of modem status inputs that have changed."""
    return sum(interrupt for flag, interrupt in _INTERRUPTS if changed & flag)
