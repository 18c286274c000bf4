# SPDX-License-Identifier: MIT
"""General-purpose registers of a vCPU for the host, checked in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, overload

from harness.engine import PE, register_number, register_value

_COUNT: Final = 31


class GeneralRegisters(Sequence[int]):
    """``m.cpus[n].x``: X0 to X30, unsigned 64-bit ints; a slice is a tuple of what they hold now.

    It keeps its CPU alive. An error is a ConfigError, and an IndexError, ValueError or TypeError too.
    """

    def __init__(self, pe: PE) -> None:
        self._pe = pe

    @overload
    def __getitem__(self, key: int) -> int: ...
    @overload
    def __getitem__(self, key: slice) -> tuple[int, ...]: ...
    def __getitem__(self, key: int | slice) -> int | tuple[int, ...]:
        if isinstance(key, slice):
            return tuple(self._pe.x.tolist()[key])
        return self._pe.x[register_number("x", key, _COUNT)]

    def __setitem__(self, key: int, value: int) -> None:
        n = register_number("x", key, _COUNT)
        self._pe.x[n] = register_value(f"x[{n}]", value)

    def __len__(self) -> int:
        return _COUNT

    def tolist(self) -> list[int]:
        """Returns all as a list."""
        return self._pe.x.tolist()

    def __repr__(self) -> str:
        held = (
            "closed" if self._pe.closed else ", ".join(f"x{n} {self[n]:#x}" for n in range(_COUNT) if self[n])
        )
        return f"<general-purpose registers of CPU{self._pe.index}: {held or 'all 0'}>"
