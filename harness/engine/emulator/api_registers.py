# SPDX-License-Identifier: MIT
"""Registers of one Unicorn CPU through its public functions: the way that works with any build."""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable, Iterator
from typing import overload

from harness.arch.masks import MASK64
from harness.arch.sysreg import NAMES_TO_ENCODINGS
from harness.engine.emulator import binding as uc
from harness.engine.emulator import probe as _probe
from harness.engine.emulator.lifetime import Closable
from harness.engine.emulator.python_hooks import PythonHooks
from harness.engine.emulator.registers import HPFAR_FIPA, RawGeneral


class ApiGeneral(Closable):
    """X0 to X30 through uc_reg_read and uc_reg_write."""

    __slots__ = ("_handle", "_owner", "_pointer", "_value")

    def __init__(self, handle: int, owner: object) -> None:
        self._handle = handle
        self._owner = owner
        self._value = ctypes.c_uint64()
        self._pointer = ctypes.byref(self._value)

    @overload
    def __getitem__(self, key: int, /) -> int: ...
    @overload
    def __getitem__(self, key: slice, /) -> RawGeneral: ...
    def __getitem__(self, key: int | slice, /) -> int | RawGeneral:
        if isinstance(key, slice):
            return memoryview(struct.pack("<31Q", *self)).cast("Q")[key]
        uc.check(uc.reg_read(self._handle, uc.REG_X[key], self._pointer), "X")
        return self._value.value

    def __setitem__(self, key: int, value: int, /) -> None:
        if not 0 <= value <= MASK64:
            raise ValueError(f"X{key} = {value}: not a 64-bit value")
        self._value.value = value
        uc.check(uc.reg_write(self._handle, uc.REG_X[key], self._pointer), "X")

    def __len__(self) -> int:
        return 31

    def __iter__(self) -> Iterator[int]:
        return (self[n] for n in range(31))

    def tolist(self) -> list[int]:
        """Returns all as a list."""
        return list(self)


class ApiRegisters(PythonHooks):
    """Registers through public functions of Unicorn only."""

    lent = ("_handle", "_fail", "x", "base", "event", "on_call")
    x: ApiGeneral

    def __init__(self, handle: int, owner: object, fail: Callable[[BaseException], None]) -> None:
        super().__init__(handle, fail)
        self._value = ctypes.c_uint64()
        self._pointer = ctypes.byref(self._value)
        self.x = ApiGeneral(handle, owner)
        self._hpfar = uc.CpRegister.of(NAMES_TO_ENCODINGS["HPFAR_EL2"])
        self._sctlr = uc.CpRegister.of(NAMES_TO_ENCODINGS["SCTLR_EL1"])
        self.counter = 0
        self.limit = 0
        # The first code hook installed is the first called, so every other one sees the counter advanced.
        self._callback = uc.CodeHook(self._count)
        uc.hook_add(handle, uc.HOOK_CODE, self._callback)

    def _count(self, handle: int, _address: int, _size: int, _user: int) -> None:
        try:
            self.counter += 1
            if self.counter > self.limit:
                uc.emu_stop(handle)
        except BaseException as error:  # KeyboardInterrupt: nothing else can happen here
            self._fail(error)

    def _read(self, register: int) -> int:
        uc.check(uc.reg_read(self._handle, register, self._pointer), "register")
        return self._value.value

    def _write(self, register: int, value: int) -> None:
        if not 0 <= value <= MASK64:
            raise ValueError(f"{value}: not a 64-bit value")
        self._value.value = value
        uc.check(uc.reg_write(self._handle, register, self._pointer), "register")

    @property
    def pc(self) -> int:
        """Program counter."""
        return self._read(uc.REG_PC)

    @pc.setter
    def pc(self, value: int) -> None:
        self._write(uc.REG_PC, value)

    @property
    def sp(self) -> int:
        """Current stack pointer."""
        return self._read(uc.REG_SP)

    @sp.setter
    def sp(self, value: int) -> None:
        self._write(uc.REG_SP, value)

    @property
    def level(self) -> int:
        """PSTATE.EL."""
        return self._read(uc.REG_PSTATE) >> 2 & 3

    def _exception_word(self, offset: int, size: int) -> int:
        at = _probe.layout().exception + offset
        return int.from_bytes(_probe.context_bytes(self._handle)[at : at + size], "little")

    def syndrome(self) -> int:
        """Returns ESR of the exception in progress."""
        return self._exception_word(0, 4)

    def fault_address(self) -> int:
        """Returns FAR of the exception in progress."""
        return self._exception_word(_probe.VADDRESS, 8)

    def fault_page(self) -> int:
        """Returns the IPA of the page of the latest stage-2 abort."""
        uc.check(uc.reg_read(self._handle, uc.REG_CP, ctypes.byref(self._hpfar)), "HPFAR_EL2")
        return (int(self._hpfar.value) & HPFAR_FIPA) << 8

    def stage1(self) -> bool:
        """Says whether stage 1 is on: SCTLR_EL1.M."""
        uc.check(uc.reg_read(self._handle, uc.REG_CP, ctypes.byref(self._sctlr)), "SCTLR_EL1")
        return bool(self._sctlr.value & 1)

    def target_level(self) -> int:
        """Returns the Exception level that the exception in progress is bound for."""
        return self._exception_word(_probe.TARGET_EL, 4)

    def start(self, pc: int, count: int) -> int:
        """Runs up to `count` instructions; returns a uc_err."""
        self.counter, self.limit = 0, count
        return int(uc.emu_start(self._handle, pc, uc.FOREVER, 0, 0))

    def close(self) -> None:
        """Lets go of the CPU. Nothing looks at its memory: a slice of `x` is a copy."""
        self.x.withdraw()
        self.withdraw()
