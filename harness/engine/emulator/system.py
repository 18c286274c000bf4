# SPDX-License-Identifier: MIT
"""System and vector registers of one Unicorn CPU, and its saved context."""

from __future__ import annotations

import ctypes
import weakref
from collections.abc import Iterator, MutableMapping
from typing import TYPE_CHECKING

from harness.arch import pstate
from harness.arch.sysreg import NAMES_TO_ENCODINGS
from harness.engine.emulator import binding as uc

if TYPE_CHECKING:
    from harness.engine.core import Core

_STACKS = ("SP_EL0", "SP_EL1")


def stack_pointer(value: int) -> str:
    """Name of the stack pointer that a PSTATE selects."""
    return "SP_EL1" if pstate.uses_own_stack(value) else "SP_EL0"


class VectorRegisters:
    """V0 to V31 as 128-bit ints."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    def __getitem__(self, n: int) -> int:
        buffer = ctypes.create_string_buffer(16)
        uc.check(uc.reg_read(self._handle, uc.REG_V[n], buffer), "V")
        return int.from_bytes(buffer.raw, "little")

    def __setitem__(self, n: int, value: int) -> None:
        buffer = ctypes.create_string_buffer(value.to_bytes(16, "little"), 16)
        uc.check(uc.reg_write(self._handle, uc.REG_V[n], buffer), "V")

    def __len__(self) -> int:
        return 32


class SystemRegisters(MutableMapping[str, int]):
    """System registers by the manual's name (harness.arch.sysreg); a KeyError for any other."""

    def __init__(self, core: Core) -> None:
        self._core = weakref.proxy(core)
        self._cells: dict[str, uc.CpRegister] = {}

    def cell(self, name: str) -> uc.CpRegister:
        """The structure that holds the register's encoding, and the value last read or written."""
        cell = self._cells.get(name)
        if cell is None:
            cell = self._cells[name] = uc.CpRegister.of(NAMES_TO_ENCODINGS[name])
        return cell

    def __getitem__(self, name: str) -> int:
        core = self._core
        if name in _STACKS and name == core.livestack_pointer():
            return int(core.sp)
        cell = self.cell(name)
        uc.check(uc.reg_read(core.handle, uc.REG_CP, ctypes.byref(cell)), name)
        return int(cell.value)

    def __setitem__(self, name: str, value: int) -> None:
        core = self._core
        if name in _STACKS and name == core.livestack_pointer():
            core.sp = value
        elif name == "HCR_EL2":
            core.set_hcr(value)
        else:
            self.write(name, value)
            core.system_register_written(name)

    def write(self, name: str, value: int) -> None:
        """Write the register itself, without side effects of ours."""
        cell = self.cell(name)
        cell.value = value
        uc.check(uc.reg_write(self._core.handle, uc.REG_CP, ctypes.byref(cell)), name)

    def __delitem__(self, name: str) -> None:
        raise TypeError("a system register cannot be deleted")

    def __iter__(self) -> Iterator[str]:
        return iter(NAMES_TO_ENCODINGS)

    def __len__(self) -> int:
        return len(NAMES_TO_ENCODINGS)


class Context:
    """A saved context of Unicorn."""

    def __init__(self, handle: int) -> None:
        self._handle = handle
        self._context = ctypes.c_void_p()
        uc.check(uc.context_alloc(handle, ctypes.byref(self._context)), "uc_context_alloc")
        uc.check(uc.context_save(handle, self._context), "uc_context_save")
        weakref.finalize(self, uc.context_free, self._context)

    def restore(self) -> None:
        """Put it back."""
        uc.check(uc.context_restore(self._handle, self._context), "uc_context_restore")
