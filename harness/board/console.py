# SPDX-License-Identifier: MIT
"""Consoles of the machine: what the guest printed on its UART or by semihosting, and what is typed to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from harness import arguments
from harness.devices import Output


class Port(Protocol):
    """Device with a terminal at its other end: the PL011, or a virtio console."""

    output: Output

    @property
    def unreceived(self) -> int:
        """Number of bytes typed that the device has no room for yet."""
        ...

    def feed(self, data: bytes) -> None:
        """Types ``data``."""
        ...


def _nobody() -> None:
    """Hears that something is about to be typed, where nobody else wants to."""


class Console:
    """Console of one device: text out of it and into it. Bytes that are no UTF-8 show as U+FFFD.

    ``elapse()`` is called before something is typed, that the device may know the time. The last 16 MiB are kept of
    what is printed; ``len()`` counts all of it.
    """

    def __init__(self, port: Port, elapse: Callable[[], object] = _nobody) -> None:
        self._port = port
        self._elapse = elapse

    @property
    def data(self) -> bytes:
        """Everything printed so far that is kept, as bytes."""
        return bytes(self._port.output)

    def since(self, start: int) -> bytes:
        """Returns what was printed after the first ``start`` bytes, as far as it is kept."""
        return self._port.output.since(start)

    @property
    def text(self) -> str:
        """Everything printed so far that is kept."""
        return self._port.output.decode("utf-8", "replace")

    @property
    def dropped(self) -> int:
        """Number of bytes at the beginning that are no longer kept; 0 but after very long runs."""
        return self._port.output.dropped

    @property
    def unreceived(self) -> int:
        """Number of bytes typed that the device has no room for yet."""
        return self._port.unreceived

    def write(self, data: bytes) -> None:
        """Prints from outside the UART (semihosting)."""
        self._port.output += data

    def feed(self, data: bytes | str) -> None:
        """Types: the bytes arrive at the device's receiver now."""
        self._elapse()
        self._port.feed(data.encode() if isinstance(data, str) else bytes(arguments.data("feed()", data)))

    def __len__(self) -> int:
        return self._port.output.total
