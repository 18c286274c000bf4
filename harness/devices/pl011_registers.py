# SPDX-License-Identifier: MIT
"""Registers of the PL011: their offsets and bits (DDI 0183, 3.2 and 3.3)."""

from __future__ import annotations

from enum import IntEnum


class Pl011Register(IntEnum):
    """Offsets (DDI 0183, table 3-1)."""

    UARTDR = 0x00
    UARTRSR = 0x04
    UARTFR = 0x18
    UARTILPR = 0x20
    UARTIBRD = 0x24
    UARTFBRD = 0x28
    UARTLCR_H = 0x2C
    UARTCR = 0x30
    UARTIFLS = 0x34
    UARTIMSC = 0x38
    UARTRIS = 0x3C
    UARTMIS = 0x40
    UARTICR = 0x44
    UARTDMACR = 0x48


# UARTDR bits 11:8; UARTRSR has them at 3:0; UARTRIS at 10:7.
OE, BE, PE, FE = 1 << 11, 1 << 10, 1 << 9, 1 << 8
# UARTFR (3.3.3).
FR_CTS, FR_DSR, FR_DCD, FR_BUSY, FR_RXFE, FR_TXFF, FR_RXFF, FR_TXFE, FR_RI = (1 << bit for bit in range(9))
# UARTLCR_H (3.3.7).
LCR_BRK, LCR_FEN = 1 << 0, 1 << 4
# UARTCR (3.3.8).
CR_UARTEN, CR_LBE, CR_TXE, CR_RXE = 1 << 0, 1 << 7, 1 << 8, 1 << 9
CR_DTR, CR_RTS, CR_OUT1, CR_OUT2 = 1 << 10, 1 << 11, 1 << 12, 1 << 13
# UARTIMSC, UARTRIS, UARTMIS, UARTICR (3.3.10 to 3.3.13).
INT_RX, INT_TX, INT_RT = 1 << 4, 1 << 5, 1 << 6

# Registers that only store what is written: offset -> writable bits.
STORAGE: dict[int, int] = {
    Pl011Register.UARTILPR: 0xFF,
    Pl011Register.UARTIBRD: 0xFFFF,
    Pl011Register.UARTFBRD: 0x3F,
    Pl011Register.UARTLCR_H: 0xFF,
    Pl011Register.UARTCR: 0xFF87,
    Pl011Register.UARTIFLS: 0x3F,
    Pl011Register.UARTIMSC: 0x7FF,
    Pl011Register.UARTDMACR: 0x7,
}
AT_RESET: dict[int, int] = {
    **dict.fromkeys(STORAGE, 0),
    Pl011Register.UARTCR: 0x300,
    Pl011Register.UARTIFLS: 0x12,
}
