# SPDX-License-Identifier: MIT
"""Vector registers of one Unicorn CPU."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from typing import Final

from harness.engine.emulator import binding as uc
from harness.engine.emulator.lifetime import Closable
from harness.engine.emulator.values import register_number, register_value

_COUNT: Final = len(uc.REG_V)
_BITS: Final = 128


class VectorRegisters(Closable):
    """V0 to V31 as 128-bit ints; ConfigErrors for other numbers and values."""

    def __init__(self, handle: int, owner: object) -> None:
        self._handle = handle
        self._owner = owner

    def __getitem__(self, n: int) -> int:
        buffer = ctypes.create_string_buffer(_BITS // 8)
        uc.check(uc.reg_read(self._handle, uc.REG_V[register_number("v", n, _COUNT)], buffer), "V")
        return int.from_bytes(buffer.raw, "little")

    def __setitem__(self, n: int, value: int) -> None:
        register = uc.REG_V[register_number("v", n, _COUNT)]
        data = register_value(f"v[{n}]", value, _BITS).to_bytes(_BITS // 8, "little")
        buffer = ctypes.create_string_buffer(data, _BITS // 8)
        uc.check(uc.reg_write(self._handle, register, buffer), "V")

    def __len__(self) -> int:
        return _COUNT

    def __iter__(self) -> Iterator[int]:
        return (self[n] for n in range(_COUNT))
