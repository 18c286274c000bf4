# SPDX-License-Identifier: MIT
"""The CPU under a PE: one Unicorn instance with its registers, its slices of instructions, its flushes."""

from __future__ import annotations

import ctypes
import weakref
from collections.abc import Callable, Iterator, MutableMapping
from enum import Enum
from typing import Literal

from harness.arch import hyp, pstate
from harness.arch.sysreg import NAMES_TO_ENCODINGS
from harness.engine import _probe
from harness.engine import _unicorn as uc
from harness.engine._registers import ApiRegisters, General, Registers, ViewRegisters
from harness.engine.memory import Memory
from harness.engine.stage2 import TABLE_BASE
from harness.errors import ConfigError

Backend = Literal["view", "api"]

_MPIDR_RES1 = 1 << 31
_HCR = hyp.HCR_RW | hyp.HCR_IMO | hyp.HCR_VM | hyp.HCR_TWI | hyp.HCR_TSC | hyp.HCR_TPU


class Inside(Enum):
    """Which kind of hook runs: what it takes to stop depends on it."""

    NOTHING = 0  # or an interrupt hook: between two instructions
    INSTRUCTION = 1  # amid a block, in an instruction that will complete
    BEFORE = 2  # amid a block, before an instruction


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

    def _cell(self, name: str) -> uc.CpRegister:
        cell = self._cells.get(name)
        if cell is None:
            cell = self._cells[name] = uc.CpRegister.of(NAMES_TO_ENCODINGS[name])
        return cell

    def __getitem__(self, name: str) -> int:
        core = self._core
        if name == core.live_stack():
            return int(core.sp)
        cell = self._cell(name)
        uc.check(uc.reg_read(core.handle, uc.REG_CP, ctypes.byref(cell)), name)
        return int(cell.value)

    def __setitem__(self, name: str, value: int) -> None:
        core = self._core
        if name == core.live_stack():
            core.sp = value
        elif name == "HCR_EL2":
            core.set_hcr(value)
        else:
            self.write(name, value)
            core.system_register_written(name)

    def write(self, name: str, value: int) -> None:
        """Write the register itself, without side effects of ours."""
        cell = self._cell(name)
        cell.value = value
        uc.check(uc.reg_write(self._core.handle, uc.REG_CP, ctypes.byref(cell)), name)

    def __delitem__(self, name: str) -> None:
        raise TypeError("a system register cannot be deleted")

    def __iter__(self) -> Iterator[str]:
        return iter(NAMES_TO_ENCODINGS)

    def __len__(self) -> int:
        return len(NAMES_TO_ENCODINGS)


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
        self.sysreg.write("SCR_EL3", hyp.SCR_RW | hyp.SCR_HCE | hyp.SCR_NS)
        if backend is None:
            backend = "api" if _probe.layout().view_exception is None else "view"
        self.backend: Backend = backend
        self.registers: Registers = (ViewRegisters if backend == "view" else ApiRegisters)(self.handle)
        self.x: General = self.registers.x
        self.v = VectorRegisters(self.handle)
        self._pstate = ctypes.c_uint64()
        self._hcr = 0
        self._retired = 0
        self._deadline = 0
        self._running = False
        self._stopping = False
        self._deferred: list[Callable[[], None]] = []
        self._restart = False
        self._error: BaseException | None = None
        self.inside = Inside.NOTHING
        self.waiting = False
        self._set_up_el2()
        memory.attach(self)
        self._pristine = _Context(self.handle)

    def _set_up_el2(self) -> None:
        self.set_hcr(hyp.HCR_RW)  # before all else: without it EL1 is AArch32
        self.sysreg.write("VPIDR_EL2", self.sysreg["MIDR_EL1"])
        self.sysreg.write("VMPIDR_EL2", self.mpidr | _MPIDR_RES1)
        self.sysreg.write("CNTHCTL_EL2", hyp.CNTHCTL_EL1PCTEN | hyp.CNTHCTL_EL1PCEN)
        self.sysreg.write("VTCR_EL2", hyp.VTCR_39_BIT)
        self.sysreg.write("VTTBR_EL2", TABLE_BASE)
        self.set_hcr(_HCR)

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
        self.sysreg.write(_stack(self.pstate), self.sp)
        self._pstate.value = value
        uc.check(uc.reg_write(self.handle, uc.REG_PSTATE, ctypes.byref(self._pstate)), "PSTATE")
        # Any system register write makes Unicorn derive its flags from PSTATE again.
        self.set_hcr(self._hcr)
        cell = self.sysreg._cell(_stack(value))
        uc.check(uc.reg_read(self.handle, uc.REG_CP, ctypes.byref(cell)), "SP")
        self.sp = int(cell.value)

    def live_stack(self) -> str:
        """Name of the stack pointer register that SP is now."""
        return _stack(self.pstate)

    def set_hcr(self, value: int) -> None:
        """Write HCR_EL2; the virtual interrupt line follows at the next instruction."""
        self._hcr = value
        self.sysreg.write("HCR_EL2", value)
        if self.inside is not Inside.NOTHING:
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
        """Every register as at power-on, HCR_EL2 and the other EL2 controls as set up."""
        self._pristine.restore()
        self.set_hcr(_HCR)
        self.flush_addresses()

    # What memory tells us (memory.Observer).

    def map_buffer(self, base: int, size: int, address: int) -> None:
        """Make a host buffer visible at a physical address."""
        uc.check(uc.mem_map_ptr(self.handle, base, size, uc.PROT_ALL, address), f"memory at {base:#x}")

    def flush_addresses(self) -> None:
        """Forget cached address translations."""
        uc.flush_tlb(self.handle)

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
        while self._run_once():
            pass
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
            return self._retired < self._deadline
        self.waiting = not expired
        return False

    def stop(self) -> None:
        """End the running slice right after the current exit or instruction; nothing if none runs."""
        if not self._running:
            return
        self._stopping = True
        self._leave()

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
        for action in actions:
            action()

    def fail(self, error: BaseException) -> None:
        """Keep an exception that a hook raised, and leave: run() raises it."""
        if self._error is None:
            self._error = error
        self.inside = Inside.NOTHING
        uc.emu_stop(self.handle)

    def not_retired(self) -> None:
        """The trapped instruction will run again: take it out of the count."""
        self.registers.counter -= 1


def _stack(value: int) -> str:
    return "SP_EL1" if pstate.uses_own_stack(value) else "SP_EL0"


_TRANSLATION_REGISTERS = frozenset(
    {"SCTLR_EL1", "TCR_EL1", "TTBR0_EL1", "TTBR1_EL1", "MAIR_EL1", "VTTBR_EL2", "VTCR_EL2"}
)


class _Context:
    """A saved context of Unicorn."""

    def __init__(self, handle: int) -> None:
        self._handle = handle
        self._context = ctypes.c_void_p()
        uc.check(uc.context_alloc(handle, ctypes.byref(self._context)), "uc_context_alloc")
        uc.check(uc.context_save(handle, self._context), "uc_context_save")
        weakref.finalize(self, uc.context_free, self._context)

    def restore(self) -> None:
        uc.check(uc.context_restore(self._handle, self._context), "uc_context_restore")
