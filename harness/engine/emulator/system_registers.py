# SPDX-License-Identifier: MIT
"""System registers of one Unicorn CPU, read and written as they are."""

from __future__ import annotations

import ctypes

from harness.arch.sysreg import NAMES_TO_ENCODINGS
from harness.engine.emulator import binding as uc
from harness.engine.emulator.lifetime import Closable


class SystemRegisterFile(Closable):
    """System registers by the manual's name (harness.arch.sysreg), without side effects; KeyError for any other."""

    def __init__(self, handle: int, owner: object) -> None:
        self._handle = handle
        self._owner = owner
        self._cells: dict[str, uc.CpRegister] = {}

    def cell(self, name: str) -> uc.CpRegister:
        """Returns the structure with the register's encoding, and the value last read or written."""
        cell = self._cells.get(name)
        if cell is None:
            cell = self._cells[name] = uc.CpRegister.of(NAMES_TO_ENCODINGS[name])
        return cell

    def read(self, name: str) -> int:
        """Returns the register's value in Unicorn."""
        cell = self.cell(name)
        uc.check(uc.reg_read(self._handle, uc.REG_CP, ctypes.byref(cell)), name)
        return int(cell.value)

    def write(self, name: str, value: int) -> None:
        """Writes the register in Unicorn."""
        cell = self.cell(name)
        cell.value = value
        uc.check(uc.reg_write(self._handle, uc.REG_CP, ctypes.byref(cell)), name)
