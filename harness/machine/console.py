# SPDX-License-Identifier: MIT
"""The machine's console: what the guest printed on its UART or by semihosting, and what is typed to it."""

from __future__ import annotations

from harness.devices import Pl011


class Console:
    """Text out of and into the PL011. Bytes that are no UTF-8 show as U+FFFD."""

    def __init__(self, uart: Pl011) -> None:
        self._uart = uart

    @property
    def data(self) -> bytes:
        """Everything printed so far, as bytes."""
        return bytes(self._uart.output)

    @property
    def text(self) -> str:
        """Everything printed so far."""
        return self._uart.output.decode("utf-8", "replace")

    def write(self, data: bytes) -> None:
        """Print from outside the UART (semihosting)."""
        self._uart.output += data

    def feed(self, data: bytes | str) -> None:
        """Type: the bytes arrive at the UART's receiver now."""
        self._uart.feed(data.encode() if isinstance(data, str) else data)

    def __len__(self) -> int:
        return len(self._uart.output)
