# SPDX-License-Identifier: MIT
"""Two ways to the state of one Unicorn CPU, with one interface.

ViewRegisters looks straight into CPUARMState (fast; offsets confirmed by the probe); ApiRegisters uses
public functions only, and counts instructions in a hook of its own (slow; works with any build).
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable, Iterator
from typing import Protocol, overload

from harness.arch.sysreg import NAMES_TO_ENCODINGS
from harness.engine.emulator import binding as uc
from harness.engine.emulator import probe as _probe

MASK64 = (1 << 64) - 1
HPFAR_FIPA = 0xFFF_FFFF_FFF0  # IPA bits 47:12, from bit 4


class General(Protocol):
    """X0 to X30 by index: ints of 0 to 2**64 - 1 (a ValueError otherwise); slices for reading."""

    @overload
    def __getitem__(self, key: int, /) -> int: ...
    @overload
    def __getitem__(self, key: slice, /) -> General: ...
    def __setitem__(self, key: int, value: int, /) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[int]: ...
    def tolist(self) -> list[int]:
        """All as a list."""
        ...


class Registers(Protocol):
    """What a PE needs of its CPU beyond system registers.

    `counter` and `limit` are instructions since start(): the one that runs (or traps) is counted; when
    `limit` have run, the next one stops before it executes.
    """

    x: General
    pc: int
    sp: int
    counter: int
    limit: int

    @property
    def level(self) -> int:
        """PSTATE.EL."""
        ...

    def syndrome(self) -> int:
        """ESR of the exception in progress."""
        ...

    def fault_address(self) -> int:
        """FAR of the exception in progress."""
        ...

    def fault_page(self) -> int:
        """IPA of the page of the latest stage-2 abort, from HPFAR_EL2."""
        ...

    def stage1(self) -> bool:
        """SCTLR_EL1.M: whether the guest's own translation is on."""
        ...

    def target_level(self) -> int:
        """Exception level the exception in progress is bound for."""
        ...

    def start(self, pc: int, count: int) -> int:
        """Run up to `count` instructions; a uc_err."""
        ...


class ViewRegisters:
    """CPUARMState and the instruction counter as memory."""

    __slots__ = ("_address", "_count", "_exception", "_halves", "_handle", "_hpfar", "_sctlr", "_words", "x")

    def __init__(self, handle: int) -> None:
        layout = _probe.layout().view
        if layout is None:
            raise uc.UnicornError("the register view does not fit this build of Unicorn")
        env = _probe.environment(handle)
        self._handle = handle
        self._exception = layout.exception // 4
        self._address = (layout.exception + _probe.VADDRESS) // 8
        self._hpfar = layout.hpfar_el2 // 8
        self._sctlr = layout.sctlr_el1 // 8
        state = (ctypes.c_char * _probe.ENV_SPAN).from_address(env)
        self._words = memoryview(state).cast("B").cast("Q")
        self._halves = memoryview(state).cast("B").cast("I")
        first = _probe.ENV_X // 8
        self.x: General = self._words[first : first + 31]
        counters = (ctypes.c_char * 16).from_address(handle + _probe.UC_COUNTER)
        self._count = memoryview(counters).cast("B").cast("Q")

    @property
    def pc(self) -> int:
        """Program counter."""
        return self._words[_probe.ENV_PC // 8]

    @pc.setter
    def pc(self, value: int) -> None:
        self._words[_probe.ENV_PC // 8] = value

    @property
    def sp(self) -> int:
        """The current stack pointer."""
        return self._words[_probe.ENV_SP // 8]

    @sp.setter
    def sp(self, value: int) -> None:
        self._words[_probe.ENV_SP // 8] = value

    @property
    def counter(self) -> int:
        """Instructions since start()."""
        return self._count[0]

    @counter.setter
    def counter(self, value: int) -> None:
        self._count[0] = value

    @property
    def limit(self) -> int:
        """Instructions that start() was given."""
        return self._count[1]

    @limit.setter
    def limit(self, value: int) -> None:
        self._count[1] = value

    @property
    def level(self) -> int:
        """PSTATE.EL."""
        return self._words[_probe.ENV_PSTATE // 8] >> 2 & 3

    def syndrome(self) -> int:
        """ESR of the exception in progress."""
        return self._halves[self._exception]

    def fault_address(self) -> int:
        """FAR of the exception in progress."""
        return self._words[self._address]

    def fault_page(self) -> int:
        """IPA of the page of the latest stage-2 abort."""
        return (self._words[self._hpfar] & HPFAR_FIPA) << 8

    def stage1(self) -> bool:
        """SCTLR_EL1.M."""
        return bool(self._words[self._sctlr] & 1)

    def target_level(self) -> int:
        """Exception level that the exception in progress is bound for."""
        return self._halves[self._exception + _probe.TARGET_EL // 4]

    def start(self, pc: int, count: int) -> int:
        """Run up to `count` instructions; a uc_err."""
        return int(uc.emu_start(self._handle, pc, uc.FOREVER, 0, count))


class ApiGeneral:
    """X0 to X30 through uc_reg_read and uc_reg_write."""

    __slots__ = ("_handle", "_pointer", "_value")

    def __init__(self, handle: int) -> None:
        self._handle = handle
        self._value = ctypes.c_uint64()
        self._pointer = ctypes.byref(self._value)

    @overload
    def __getitem__(self, key: int, /) -> int: ...
    @overload
    def __getitem__(self, key: slice, /) -> General: ...
    def __getitem__(self, key: int | slice, /) -> int | General:
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
        """All as a list."""
        return list(self)


class ApiRegisters:
    """Public functions of Unicorn only."""

    __slots__ = (
        "__weakref__",
        "_callback",
        "_fail",
        "_handle",
        "_hpfar",
        "_pointer",
        "_sctlr",
        "_value",
        "counter",
        "limit",
        "x",
    )

    def __init__(self, handle: int, fail: Callable[[BaseException], None]) -> None:
        self._handle = handle
        self._fail = fail
        self._value = ctypes.c_uint64()
        self._pointer = ctypes.byref(self._value)
        self.x: General = ApiGeneral(handle)
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
        """The current stack pointer."""
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
        """ESR of the exception in progress."""
        return self._exception_word(0, 4)

    def fault_address(self) -> int:
        """FAR of the exception in progress."""
        return self._exception_word(_probe.VADDRESS, 8)

    def fault_page(self) -> int:
        """IPA of the page of the latest stage-2 abort."""
        uc.check(uc.reg_read(self._handle, uc.REG_CP, ctypes.byref(self._hpfar)), "HPFAR_EL2")
        return (int(self._hpfar.value) & HPFAR_FIPA) << 8

    def stage1(self) -> bool:
        """SCTLR_EL1.M."""
        uc.check(uc.reg_read(self._handle, uc.REG_CP, ctypes.byref(self._sctlr)), "SCTLR_EL1")
        return bool(self._sctlr.value & 1)

    def target_level(self) -> int:
        """Exception level that the exception in progress is bound for."""
        return self._exception_word(_probe.TARGET_EL, 4)

    def start(self, pc: int, count: int) -> int:
        """Run up to `count` instructions; a uc_err."""
        self.counter, self.limit = 0, count
        return int(uc.emu_start(self._handle, pc, uc.FOREVER, 0, 0))
