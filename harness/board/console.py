# SPDX-License-Identifier: MIT
"""Consoles of the machine: what the guest printed on its UART or by semihosting, and what is typed to it."""

from __future__ import annotations

from typing import Protocol

from harness import arguments


class Port(Protocol):
    """Device with a terminal at its other end: the PL011, or a virtio console."""

    output: bytearray

    def feed(self, data: bytes) -> None:
        """Types ``data``."""
        ...


class Console:
    """Console of one device: text out of it and into it. Bytes that are no UTF-8 show as U+FFFD."""

    def __init__(self, port: Port) -> None:
        self._port = port

    @property
    def data(self) -> bytes:
        """Everything printed so far, as bytes."""
        return bytes(self._port.output)

    def since(self, start: int) -> bytes:
        """Returns what was printed after the first ``start`` bytes."""
        return bytes(self._port.output[start:])

    @property
    def text(self) -> str:
        """Everything printed so far."""
        return self._port.output.decode("utf-8", "replace")

    def write(self, data: bytes) -> None:
        """Prints from outside the UART (semihosting)."""
        self._port.output += data

    def feed(self, data: bytes | str) -> None:
        """Types: the bytes arrive at the device's receiver now."""
        self._port.feed(data.encode() if isinstance(data, str) else bytes(arguments.data("feed()", data)))

    def __len__(self) -> int:
        return len(self._port.output)
