# SPDX-License-Identifier: MIT
"""Registers of one Unicorn CPU where they are in its memory: the fast way."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from contextlib import suppress

from harness.engine.emulator import binding as uc
from harness.engine.emulator import probe as _probe
from harness.engine.emulator.lifetime import view
from harness.engine.emulator.python_hooks import PythonHooks
from harness.engine.emulator.registers import HPFAR_FIPA


class ViewRegisters(PythonHooks):
    """CPUARMState and the instruction counter as memory; `owner` lives as long as any part of it is looked at."""

    __slots__ = ("_address", "_count", "_exception", "_halves", "_hpfar", "_sctlr", "_words", "x")
    lent = ("_handle", "_fail", "_words", "_halves", "_count", "x", "base", "event", "on_call")

    def __init__(self, handle: int, owner: object, fail: Callable[[BaseException], None]) -> None:
        super().__init__(handle, fail)
        layout = _probe.layout().view
        if layout is None:
            raise uc.UnicornError("the register view does not fit this build of Unicorn")
        env = _probe.environment(handle)
        self._exception = layout.exception // 4
        self._address = (layout.exception + _probe.VADDRESS) // 8
        self._hpfar = layout.hpfar_el2 // 8
        self._sctlr = layout.sctlr_el1 // 8
        state = view(env, _probe.ENV_SPAN, owner)
        self._words = state.cast("Q")
        self._halves = state.cast("I")
        first = _probe.ENV_X // 8
        self.x: memoryview = self._words[first : first + 31]
        self._count = view(handle + _probe.UC_COUNTER, 16, owner).cast("Q")

    @property
    def pc(self) -> int:
        """Program counter."""
        return self._words[_probe.ENV_PC // 8]

    @pc.setter
    def pc(self, value: int) -> None:
        self._words[_probe.ENV_PC // 8] = value

    @property
    def sp(self) -> int:
        """Current stack pointer."""
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
        """Returns ESR of the exception in progress."""
        return self._halves[self._exception]

    def fault_address(self) -> int:
        """Returns FAR of the exception in progress."""
        return self._words[self._address]

    def fault_page(self) -> int:
        """Returns the IPA of the page of the latest stage-2 abort."""
        return (self._words[self._hpfar] & HPFAR_FIPA) << 8

    def stage1(self) -> bool:
        """Says whether stage 1 is on: SCTLR_EL1.M."""
        return bool(self._words[self._sctlr] & 1)

    def target_level(self) -> int:
        """Returns the Exception level that the exception in progress is bound for."""
        return self._halves[self._exception + _probe.TARGET_EL // 4]

    def start(self, pc: int, count: int) -> int:
        """Runs up to `count` instructions; returns a uc_err."""
        return int(uc.emu_start(self._handle, pc, uc.FOREVER, 0, count))

    def close(self) -> object | None:
        """Lets go of the views; returns the memory behind them if somebody still looks at a part of it."""
        memory = weakref.ref(self._words.obj)
        for each in (self.x, self._halves, self._words, self._count):
            with suppress(BufferError):  # somebody's C code holds it
                each.release()
        self.withdraw()
        return memory()
