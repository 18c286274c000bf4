# SPDX-License-Identifier: MIT
"""Output of a device with a terminal at its other end: the last bytes that a guest printed."""

from __future__ import annotations

from typing import Final, Self, SupportsIndex

KEPT: Final = 16 << 20
"""Bytes that are kept of what one device printed, so that a run without an end does not fill the host's memory."""


_append: Final = bytearray.append  # once for every character: super() would cost as much as all else


class Output(bytearray):
    """Bytes printed, the last :data:`KEPT` of them; ``dropped`` counts those before."""

    dropped = 0

    @property
    def total(self) -> int:
        """Number of bytes printed, dropped ones too."""
        return self.dropped + len(self)

    def since(self, start: int) -> bytes:
        """Returns what was printed after the first ``start`` bytes, as far as it is kept."""
        return bytes(self[max(0, start - self.dropped) :])

    def append(self, character: SupportsIndex, /) -> None:
        """Prints one byte."""
        _append(self, character)
        if len(self) > KEPT:
            self._drop(1)

    def __iadd__(self, data: bytes | bytearray | memoryview, /) -> Self:  # type: ignore[misc, override]  # not any buffer
        """Prints bytes."""
        super().extend(memoryview(data)[-KEPT:])
        self.dropped += max(0, len(data) - KEPT)
        if len(self) > KEPT:
            self._drop(len(self) - KEPT)
        return self

    def _drop(self, count: int) -> None:
        del self[:count]
        self.dropped += count
