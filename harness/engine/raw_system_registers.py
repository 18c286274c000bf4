# SPDX-License-Identifier: MIT
"""System registers as Unicorn holds them, for the host to read and to write with all that follows from it."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Final, Protocol

from harness.arch import pstate
from harness.arch.sysreg import NAMES_TO_ENCODINGS, kept
from harness.engine.emulator import binding as uc
from harness.engine.emulator.system_registers import SystemRegisterFile

_STACK_POINTERS: Final = ("SP_EL0", "SP_EL1")


def stack_pointer(value: int) -> str:
    """Returns the name of the stack pointer that a PSTATE selects."""
    return "SP_EL1" if pstate.uses_own_stack(value) else "SP_EL0"


class RegisterOwner(Protocol):
    """CPU of the registers: what of it changes with one of them."""

    sp: int

    @property
    def pstate(self) -> int:
        """PSTATE in SPSR layout."""
        ...

    def set_hcr(self, value: int) -> None:
        """Writes HCR_EL2."""

    def system_register_written(self, name: str) -> None:
        """Drops what was derived from a register."""


class RawSystemRegisters(MutableMapping[str, int]):
    """System registers by the manual's name (harness.arch.sysreg); a KeyError for any other."""

    def __init__(self, file: SystemRegisterFile, cpu: RegisterOwner) -> None:
        self._file = file
        self._cpu = cpu
        self.write = file.write  # the register itself, and nothing else

    def cell(self, name: str) -> uc.CpRegister:
        """Returns the structure with the register's encoding, and the value last read or written."""
        return self._file.cell(name)

    def __getitem__(self, name: str) -> int:
        cpu = self._cpu
        if name in _STACK_POINTERS and name == stack_pointer(cpu.pstate):
            return cpu.sp
        return self._file.read(name)

    def __setitem__(self, name: str, value: int) -> None:
        cpu = self._cpu
        if name in _STACK_POINTERS and name == stack_pointer(cpu.pstate):
            cpu.sp = value
        elif name == "HCR_EL2":
            cpu.set_hcr(value)
        else:
            self._file.write(name, kept(name, value))
            cpu.system_register_written(name)

    def __delitem__(self, name: str) -> None:
        raise TypeError("a system register cannot be deleted")

    def __iter__(self) -> Iterator[str]:
        return iter(NAMES_TO_ENCODINGS)

    def __len__(self) -> int:
        return len(NAMES_TO_ENCODINGS)
