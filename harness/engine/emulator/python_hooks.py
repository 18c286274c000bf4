# SPDX-License-Identifier: MIT
"""Hooks of one Unicorn CPU by ctypes, and time by its count of instructions: what both ways in Python share."""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable
from typing import ClassVar

from harness.arch import esr as syndrome
from harness.arch.masks import MASK32
from harness.arch.sysreg import NAMES_TO_ENCODINGS
from harness.engine.emulator import binding as uc
from harness.engine.emulator.lifetime import Closable
from harness.engine.emulator.registers import (
    NEVER,
    OnCall,
    OnLoad,
    OnStore,
    RawGeneral,
    ReadHook,
    Registers,
)


class PythonHooks(Closable):
    """Half of :class:`Registers`; the other half says where the state is.

    Unicorn counts an instruction before its code hooks are called, and calls one at each: so it stops anywhere.
    """

    stops_after_reads: ClassVar[bool] = True
    takes_turns: ClassVar[bool] = False
    asked: ClassVar[bool] = False
    counts: ClassVar[bool] = False
    counter: int
    limit: int
    x: RawGeneral

    def __init__(self, handle: int, fail: Callable[[BaseException], None]) -> None:
        self._handle, self._fail = handle, fail
        self._callbacks: list[object] = []
        self._hcr = uc.CpRegister.of(NAMES_TO_ENCODINGS["HCR_EL2"])
        self._hcr_pointer = ctypes.byref(self._hcr)
        self.base = 0
        self.event = False
        self.entered_at = self.entered_vector = NEVER
        self.on_call: OnCall | None = None
        self.on_load: OnLoad | None = None
        self.on_store: OnStore | None = None
        self.watched = False
        self._offset = self._rate = 0

    def take_turns(
        self,
        ring: tuple[Registers, ...],
        first: int,
        quantum: int,
        count: int,
        now: int,
        rate: int,
        begun: Callable[[int], object],
    ) -> tuple[int, int]:
        """Refuses: see ``takes_turns``."""
        raise NotImplementedError

    def syndrome(self) -> int:
        """Returns ESR of the exception in progress."""
        raise NotImplementedError

    # Hooks.

    def hook_exceptions(self, hypercall: Callable[[], object], exception: Callable[[], object]) -> int:
        """Calls `on_call` and then `hypercall` for HVC, and `exception` for the rest; returns a uc_err."""
        fail, read_syndrome, hvc, immediate = self._fail, self.syndrome, uc.EXCP_HVC, syndrome.IMM16

        def interrupt(_handle: int, number: int, _user: int) -> None:
            self.event = True  # by the return from it
            try:
                if number == hvc:  # nearly all of them
                    x, on_call = self.x, self.on_call
                    served = None if on_call is None else on_call.get(x[0] & MASK32)
                    if served is None or read_syndrome() & immediate or not served(x[1], x[2], x[3]):
                        hypercall()
                else:
                    exception()
            except BaseException as error:
                fail(error)

        self._keep(uc.IntrHook(interrupt), uc.HOOK_INTR)
        return 0

    def hook_registers(self, read: ReadHook, reads: bytes, write: ReadHook, writes: bytes) -> int:
        """Calls `read` for each MRS and `write` for each MSR (register); returns a uc_err."""
        self._keep(uc.InsnHook(read), uc.HOOK_INSN, uc.INS_MRS)
        self._keep(uc.InsnHook(write), uc.HOOK_INSN, uc.INS_MSR)
        return 0

    def hook_new_blocks(self, look: Callable[[int, int], object]) -> None:
        """Calls look(pc, size in bytes) before each block's first run."""

        def edge(_handle: int, block: int, _previous: int, _user: int) -> None:
            try:
                pc, _instructions, size = struct.unpack("<QHH", ctypes.string_at(block, 12))
                look(pc, size)
            except BaseException as error:
                self._fail(error)

        self._keep(uc.EdgeHook(edge), uc.HOOK_EDGE_GENERATED)

    def look_for(self, patterns: bytes) -> None:
        """Has nothing to do: each block is looked at."""

    def serve_maintenance(self, mixed: set[int]) -> None:
        """Has nothing to do: the hook on exceptions serves it."""

    def hook_after(self, va: int) -> int:
        """Has nothing to do: see ``stops_after_reads``."""
        return 0

    def _keep(self, callback: object, kind: int, insn: int = 0) -> None:
        self._callbacks.append(callback)
        uc.hook_add(self._handle, kind, callback, insn=insn)

    # Time.

    @property
    def retired(self) -> int:
        """Instructions retired since the CPU was made."""
        return self.base + self.counter

    @property
    def expired(self) -> bool:
        """True if the slice has ended by its limit, before another instruction."""
        return self.counter > self.limit

    def stop(self) -> None:
        """Leaves now: between two blocks, or before an instruction."""
        uc.emu_stop(self._handle)

    def stop_after(self) -> None:
        """Leaves after the instruction that runs."""
        self.limit = self.counter

    def arrive(self) -> bool:
        """Takes the instruction of a code hook out of the count; False where the slice ends before it."""
        if self.counter > self.limit:
            return False
        self.counter -= 1
        return True

    def ends_here(self) -> bool:
        """Says whether the slice ends before the instruction of a code hook."""
        return self.counter >= self.limit

    def leave(self) -> None:
        """Leaves before the instruction of a code hook."""
        if self.counter >= self.limit:
            self.counter = self.limit + 1
        uc.emu_stop(self._handle)

    def proceed(self) -> None:
        """Lets the instruction of a code hook run, and counts it."""
        self.counter += 1

    def serve_counts(self, virtual_offset: int) -> None:
        """Has nothing to do: the counters are read by `read`."""

    def set_time(self, offset: int, rate: int) -> None:
        """Says that the time is offset + rate * retired."""
        self._offset, self._rate = offset, rate

    @property
    def now(self) -> int:
        """Time."""
        return self._offset + self._rate * (self.base + self.counter)

    # Registers and memory.

    def map(self, base: int, size: int, address: int) -> None:
        """Has nothing to do: whoever looks at memory has it."""

    def write_hcr(self, value: int) -> int:
        """Writes HCR_EL2; returns a uc_err."""
        self._hcr.value = value
        return int(uc.reg_write(self._handle, uc.REG_CP, self._hcr_pointer))

    @property
    def hcr(self) -> int:
        """HCR_EL2, as last written."""
        value: int = self._hcr.value
        return value

    def drive(self, line: int, high: bool) -> bool:
        """Gives a line in HCR_EL2 a level; says if it was another."""
        hcr: int = self._hcr.value
        wanted = hcr | line if high else hcr & ~line
        if wanted == hcr:
            return False
        uc.check(self.write_hcr(wanted), "HCR_EL2")
        self.event = True
        return True

    def answer(self, x0: int, x1: int) -> None:
        """Answers a hypercall: x0 and x1, x2 = x3 = 0."""
        x = self.x
        x[0] = x0
        x[1] = x1
        x[2] = x[3] = 0
