# SPDX-License-Identifier: MIT
"""The CPU under a PE: one Unicorn instance with its registers, its slices of instructions, its flushes."""

from __future__ import annotations

import ctypes
import sys
import weakref
from collections.abc import Callable
from enum import Enum
from typing import Literal

from harness.arch import hyp, pstate
from harness.engine.emulator import binding as uc
from harness.engine.emulator import probe as _probe
from harness.engine.emulator.registers import ApiRegisters, General, Registers, ViewRegisters
from harness.engine.emulator.system import Context, SystemRegisters, VectorRegisters, stack_pointer
from harness.engine.memory.ram import Memory
from harness.engine.memory.stage2 import TABLE_BASE
from harness.errors import ConfigError

Backend = Literal["view", "api"]

_MPIDR_RES1 = 1 << 31
# Pointer authentication is EL1's own, with its keys, where the model has it: API and APK do nothing elsewhere.
_SCR = hyp.SCR_RW | hyp.SCR_HCE | hyp.SCR_NS | hyp.SCR_APK | hyp.SCR_API
_HCR = hyp.HCR_RW | hyp.HCR_IMO | hyp.HCR_FMO | hyp.HCR_VM | hyp.HCR_TWI | hyp.HCR_TSC | hyp.HCR_TPU


class Inside(Enum):
    """Which kind of hook runs: what it takes to stop depends on it."""

    NOTHING = 0  # or an interrupt hook: between two instructions
    INSTRUCTION = 1  # amid a block, in an instruction that will complete
    BEFORE = 2  # amid a block, before an instruction


_NOTHING = Inside.NOTHING  # an enum's member is slow to look up before Python 3.12


class Core:
    """Registers and slices of one CPU; see :class:`harness.engine.PE` for the whole."""

    def __init__(
        self, index: int, memory: Memory, *, mpidr: int, model: str, backend: Backend | None
    ) -> None:
        if model not in uc.CPU_MODELS:
            raise ConfigError(f"CPU model {model!r}: not one of {', '.join(uc.CPU_MODELS)}")
        self.index, self.memory, self.mpidr = index, memory, mpidr
        self.handle = uc.open_engine(model)
        self._finalizer = weakref.finalize(self, uc.close, self.handle)
        self.sysreg = SystemRegisters(self)
        self.sysreg.write("SCR_EL3", _SCR)
        if backend is None:
            backend = "api" if _probe.layout().view is None else "view"
        self.backend: Backend = backend
        self.registers: Registers = (
            ViewRegisters(self.handle) if backend == "view" else ApiRegisters(self.handle, self.fail)
        )
        self.x: General = self.registers.x
        self.v = VectorRegisters(self.handle)
        self._pstate = ctypes.c_uint64()
        self._hcr = 0
        # The line moves with every interrupt: its register is found once.
        self._hcr_cell = self.sysreg.cell("HCR_EL2")
        self._hcr_pointer = ctypes.byref(self._hcr_cell)
        self._retired = 0
        self._deadline = 0
        self._running = False
        self._between = False  # deferred actions run
        self._stopping = False
        self._deferred: list[Callable[[], None]] = []
        self._restart = False
        self._error: BaseException | None = None
        self.inside = Inside.NOTHING
        self.waiting = False
        self._set_up_el2()
        memory.attach(self)
        self._pristine = Context(self.handle)

    def _set_up_el2(self) -> None:
        self.set_hcr(hyp.HCR_RW)  # before all else: without it EL1 is AArch32
        self.sysreg.write("VPIDR_EL2", self.sysreg["MIDR_EL1"])
        self.sysreg.write("VMPIDR_EL2", self.mpidr | _MPIDR_RES1)
        self.sysreg.write("CNTHCTL_EL2", hyp.CNTHCTL_EL1PCTEN | hyp.CNTHCTL_EL1PCEN)
        self.sysreg.write("VTCR_EL2", hyp.VTCR_39_BIT)
        self.sysreg.write("VTTBR_EL2", TABLE_BASE)
        self.set_hcr(_HCR | hyp.HCR_APK | hyp.HCR_API)

    def close(self) -> None:
        """Give the CPU back to the host; nothing of it may be used afterwards."""
        if self._finalizer.alive:
            self.memory.detach(self)
            self._finalizer()

    # Registers.

    @property
    def pc(self) -> int:
        """Program counter."""
        return self.registers.pc

    @pc.setter
    def pc(self, value: int) -> None:
        self.registers.pc = value

    @property
    def sp(self) -> int:
        """The current stack pointer: SP_EL0 or SP_EL1 by PSTATE."""
        return self.registers.sp

    @sp.setter
    def sp(self, value: int) -> None:
        self.registers.sp = value

    @property
    def el(self) -> int:
        """Current Exception level, 0 or 1."""
        return self.registers.level

    @property
    def pstate(self) -> int:
        """PSTATE in SPSR layout; writing it banks SP. ValueError for a mode other than EL0t, EL1t, EL1h."""
        uc.check(uc.reg_read(self.handle, uc.REG_PSTATE, ctypes.byref(self._pstate)), "PSTATE")
        return self._pstate.value

    @pstate.setter
    def pstate(self, value: int) -> None:
        if value & pstate.MODE not in (pstate.Mode.EL0T, pstate.Mode.EL1T, pstate.Mode.EL1H):
            raise ValueError(f"PSTATE {value:#x}: {pstate.mode_name(value)} is not a state of a guest")
        self.sysreg.write(stack_pointer(self.pstate), self.sp)
        self._pstate.value = value
        uc.check(uc.reg_write(self.handle, uc.REG_PSTATE, ctypes.byref(self._pstate)), "PSTATE")
        # Any system register write makes Unicorn derive its flags from PSTATE again.
        self.set_hcr(self._hcr)
        cell = self.sysreg.cell(stack_pointer(value))
        uc.check(uc.reg_read(self.handle, uc.REG_CP, ctypes.byref(cell)), "SP")
        self.sp = int(cell.value)

    def livestack_pointer(self) -> str:
        """Name of the stack pointer register that SP is now."""
        return stack_pointer(self.pstate)

    def set_hcr(self, value: int) -> None:
        """Write HCR_EL2; the virtual interrupt line follows at the next instruction."""
        self._hcr = value
        self._hcr_cell.value = value
        uc.check(uc.reg_write(self.handle, uc.REG_CP, self._hcr_pointer), "HCR_EL2")
        if self.inside is not _NOTHING:
            self.restart()

    @property
    def virq(self) -> bool:
        """HCR_EL2.VI: the virtual IRQ line."""
        return bool(self._hcr & hyp.HCR_VI)

    @virq.setter
    def virq(self, high: bool) -> None:
        hcr = self._hcr | hyp.HCR_VI if high else self._hcr & ~hyp.HCR_VI
        if hcr != self._hcr:
            self.set_hcr(hcr)
            self.line_moved()

    @property
    def vfiq(self) -> bool:
        """HCR_EL2.VF: the virtual FIQ line."""
        return bool(self._hcr & hyp.HCR_VF)

    @vfiq.setter
    def vfiq(self, high: bool) -> None:
        hcr = self._hcr | hyp.HCR_VF if high else self._hcr & ~hyp.HCR_VF
        if hcr != self._hcr:
            self.set_hcr(hcr)
            self.line_moved()

    def line_moved(self) -> None:
        """An interrupt input has another level."""

    @property
    def trap_wfi(self) -> bool:
        """HCR_EL2.TWI: whether WFI is an exit; if clear it ends the slice with `waiting` set."""
        return bool(self._hcr & hyp.HCR_TWI)

    @trap_wfi.setter
    def trap_wfi(self, trap: bool) -> None:
        self.set_hcr(self._hcr | hyp.HCR_TWI if trap else self._hcr & ~hyp.HCR_TWI)

    def system_register_written(self, name: str) -> None:
        """The host wrote a register: drop what was derived from it."""
        if name in _TRANSLATION_REGISTERS:
            self.flush_addresses()

    def restore_reset_values(self) -> None:
        """Every register of EL1 and EL0 as at power-on; the controls of EL2 stay, with the line low."""
        controls = {name: self.sysreg[name] for name in _EL2_CONTROLS}
        self._pristine.restore()
        for name, value in controls.items():
            self.sysreg.write(name, value)
        self.set_hcr(self._hcr & ~(hyp.HCR_VI | hyp.HCR_VF | hyp.HCR_VSE))
        self.pstate = pstate.RESET
        self.flush_addresses()

    # What memory tells us (memory.Observer).

    def map_buffer(self, base: int, size: int, address: int) -> None:
        """Make a host buffer visible at a physical address."""
        uc.check(uc.mem_map_ptr(self.handle, base, size, uc.PROT_ALL, address), f"memory at {base:#x}")

    def flush_addresses(self) -> None:
        """Forget cached address translations."""
        uc.flush_tlb(self.handle)

    def trap_tlb_maintenance(self) -> None:
        """Let TLBI reach other PEs (D8.14.5): by itself Unicorn's acts on its own TLB alone."""
        self.set_hcr(self._hcr | hyp.HCR_TTLB)

    def flush_code(self) -> None:
        """Forget translated code; amid a block, as soon as it is left."""
        if self.inside is Inside.NOTHING:
            uc.flush_code(self.handle)
        else:
            self.defer(self.flush_code)

    def page_executable(self, va: int, ipa: int) -> None:
        """A page became executable."""

    # Slices.

    @property
    def retired(self) -> int:
        """Instructions retired since creation; inside a hook, with the one that caused it."""
        return self._retired + self.registers.counter

    def run(self, count: int) -> int:
        """Retire `count` (> 0) instructions or fewer, if stopped; return how many. Host exceptions come out."""
        if count <= 0:
            raise ValueError(f"a slice of {count} instructions")
        begin = self._retired
        self._deadline = begin + count
        self._stopping = self.waiting = False
        report, sys.unraisablehook = sys.unraisablehook, self._unraisable
        try:
            while self._run_once():
                pass
        finally:
            sys.unraisablehook = report
        if self._error is not None:
            error, self._error = self._error, None
            raise error
        return self._retired - begin

    def _run_once(self) -> bool:
        """Run to the deadline or to whatever stops before; whether there is more to run."""
        registers = self.registers
        self._restart = False
        self._running = True
        status = registers.start(registers.pc, self._deadline - self._retired)
        self._running = False
        expired = registers.counter > registers.limit
        self._retired += registers.limit if expired else registers.counter
        registers.counter = 0
        if self._error is not None or self._stopping:
            self._run_deferred()
            return False
        uc.check(status, f"run at pc {self.pc:#x}")
        if self._restart:
            self._run_deferred()
            return not self._stopping and self._retired < self._deadline
        self.waiting = not expired
        return False

    def stop(self) -> None:
        """End the running slice right after the current exit or instruction; nothing if none runs."""
        if self._running:
            self._stopping = True
            self._leave()
        elif self._between:
            self._stopping = True

    def restart(self) -> None:
        """Leave the translated block after this instruction, do what was deferred, and go on."""
        if self._running:
            self._restart = True
            self._leave()

    def _leave(self) -> None:
        if self.inside is Inside.INSTRUCTION:
            self.registers.limit = self.registers.counter
        else:
            uc.emu_stop(self.handle)

    @property
    def leaving(self) -> bool:
        """Whether the slice is to be left now."""
        return self._stopping or self._restart

    def shorten(self, n: int) -> None:
        """Let the running slice end at most `n` further instructions from now."""
        if not self._running:
            return
        self._deadline = min(self._deadline, self.retired + n)
        self.registers.limit = min(self.registers.limit, self.registers.counter + n)

    def defer(self, action: Callable[[], None]) -> None:
        """Do something that cannot be done amid a block as soon as it is left."""
        if action not in self._deferred:
            self._deferred.append(action)
        self.restart()

    def _run_deferred(self) -> None:
        actions, self._deferred = self._deferred, []
        self._between = True
        try:
            for action in actions:
                action()
        finally:
            self._between = False

    def fail(self, error: BaseException) -> None:
        """Keep an exception that a hook raised, and leave: run() raises it."""
        if self._error is None:
            self._error = error
        self.inside = Inside.NOTHING
        uc.emu_stop(self.handle)

    def _unraisable(self, info: sys.UnraisableHookArgs) -> None:
        """A signal that came while the guest ran is raised on entry to a hook, too early to be caught there."""
        if info.exc_value is None or isinstance(info.exc_value, Exception):
            sys.__unraisablehook__(info)
        else:
            self.fail(info.exc_value)

    def count_one(self) -> None:
        """A deferred action has done the instruction at pc: count it."""
        self._retired += 1

    def not_retired(self) -> None:
        """The trapped instruction will run again: take it out of the count."""
        self.registers.counter -= 1


_EL2_CONTROLS = ("VPIDR_EL2", "VMPIDR_EL2", "MDCR_EL2", "CPTR_EL2", "HSTR_EL2", "CNTVOFF_EL2", "CNTHCTL_EL2")
_TRANSLATION_REGISTERS = frozenset(
    {"SCTLR_EL1", "TCR_EL1", "TTBR0_EL1", "TTBR1_EL1", "MAIR_EL1", "VTTBR_EL2", "VTCR_EL2"}
)
