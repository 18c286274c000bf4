# SPDX-License-Identifier: MIT
"""Registers of one Unicorn CPU, its hooks and its time in C: the fastest way."""

from __future__ import annotations

import ctypes
import weakref
from collections.abc import Callable
from contextlib import suppress
from typing import Any, ClassVar, Final

from harness.engine.emulator import binding as uc
from harness.engine.emulator import probe as _probe
from harness.engine.emulator.lifetime import CLOSED, Closable, view
from harness.engine.native import _cpu
from harness.errors import ClosedError

_NUMBERS: Final = (uc.REG_CP, uc.REG_X[0], uc.REG_X[29], uc.REG_X[30], uc.INS_MRS, uc.INS_MSR)


def _address(function: Any) -> int:
    return ctypes.cast(function, ctypes.c_void_p).value or 0


class NativeRegisters(_cpu.Cpu, Closable):
    """CPU in C; `x` is a view of its memory, and `owner` lives as long as any part of that is looked at."""

    __slots__ = ("__weakref__", "_memory", "x")
    lent = ("_memory", "x")
    stops_after_reads: ClassVar[bool] = False
    takes_turns: ClassVar[bool] = True

    def __init__(self, handle: int, owner: object, fail: Callable[[BaseException], None]) -> None:
        layout = _probe.layout()
        if layout.view is None or layout.native is None:
            raise uc.UnicornError("the C core does not fit this build of Unicorn")
        env = _probe.environment(handle)
        found = layout.native
        status = self.connect(
            (handle, _probe.cpu_object(handle), env),
            (
                _address(uc.emu_start),
                _address(uc.emu_stop),
                _address(uc.hook_add_function),
                _address(uc.reg_read),
                _address(uc.reg_write),
                _address(uc.vmem_translate),
                found.do_interrupt,
            ),
            (_probe.ENV_X, *layout.view, found.flags, found.next_block),
            _NUMBERS,
            fail,
            ClosedError,
            CLOSED,
        )
        uc.check(status, "uc_hook_add")
        self._memory = view(env, _probe.ENV_SPAN, owner).cast("Q")
        first = _probe.ENV_X // 8
        self.x: memoryview = self._memory[first : first + 31]

    def close(self) -> object | None:
        """Lets go of the CPU; returns the memory behind `x` if somebody still looks at a part of it."""
        memory = weakref.ref(self._memory.obj)
        for each in (self.x, self._memory):
            with suppress(BufferError):  # somebody's C code holds it
                each.release()
        self.disconnect()
        self.withdraw()
        return memory()
