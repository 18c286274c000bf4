# SPDX-License-Identifier: MIT
"""A processing element: one AArch64 CPU at EL1 and EL0, with EL2's exception table in Python."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence

from harness.arch import esr as syndrome
from harness.arch import hyp, sysreg
from harness.arch.esr import EC
from harness.arch.sysreg import SysregEncoding
from harness.engine.breakpoints import Watches
from harness.engine.completions.cycles import CycleCounter
from harness.engine.completions.event_register import EventRegister
from harness.engine.completions.exception_entry import ExceptionEntry
from harness.engine.completions.first_run import Foresight
from harness.engine.completions.implementation_defined import REGISTERS
from harness.engine.completions.system_registers import SystemRegisterHooks
from harness.engine.core import Backend
from harness.engine.deviations import Deviation
from harness.engine.emulator import binding as uc
from harness.engine.emulator.registers import MASK64
from harness.engine.exits import Hooks
from harness.engine.memory.ram import Memory
from harness.engine.mmio import access as accesses
from harness.engine.mmio.access import Access
from harness.engine.mmio.loadstore import ZR, decode

Handler = Callable[["PE", int], object]
ReadRegister = Callable[["PE"], int]
WriteRegister = Callable[["PE", int], object]

_HLT_MASK, _HLT = 0xFFE0_001F, 0xD440_0000


class PE(ExceptionEntry):
    """One CPU of a machine.

    `handlers[EC]` are called as handler(pe, esr) for each exception to EL2, with pc as ELR_EL2 would be:
    after an HVC, at the instruction of everything else. `on_system_register` serves the timer registers
    (CNT*_EL0) and any register the CPU does not know: (read, write), None for UNDEFINED. `on_halt` gets
    HLT #imm with pc at it; True means that it is dealt with. `deviations_met` counts, by name, what
    :data:`harness.engine.DEVIATIONS` a guest has run into.
    """

    def __init__(
        self,
        index: int,
        memory: Memory,
        *,
        mpidr: int,
        model: str = "cortex-a72",
        backend: Backend | None = None,
    ) -> None:
        self.handlers: list[Handler] = [_no_handler] * 64
        self.on_system_register: dict[SysregEncoding, tuple[ReadRegister | None, WriteRegister | None]] = {}
        self.on_halt: Callable[[PE, int], bool] | None = None
        self.deviations_met: dict[Deviation, int] = {}
        super().__init__(index, memory, mpidr=mpidr, model=model, backend=backend)
        self.watches = Watches(self)
        self.cycles = CycleCounter(self)
        self.events = EventRegister(self)
        self._hooks = Hooks(self)
        self._registers_served = SystemRegisterHooks(self)
        self.foresight = Foresight(self)
        self._word = ctypes.c_uint64()

    def __repr__(self) -> str:
        return f"PE({self.index}, mpidr={self.mpidr:#x}, pc={self.pc:#x}, el={self.el})"

    def reset(self, pc: int, x0: int) -> None:
        """Power-on state (D1.3.1.4): EL1h, DAIF masked, MMU off, registers zero but x0, virq low."""
        self.restore_reset_values()
        for n in range(31):
            self.x[n] = 0
        self.x[0] = x0
        self.sp = 0
        self.pc = pc
        self.waiting = False
        self.lockup = None
        self._entered_at = self._entered_vector = -1
        self.system_register_written("VBAR_EL1")
        self.foresight.access_control_written()
        self.cycles.reset()
        self.events.reset()

    def run(self, count: int) -> int:
        """Retire `count` (> 0) instructions, or fewer if stopped, waiting or locked up; return how many."""
        return 0 if self.lockup is not None else super().run(count)

    # Exits.

    @property
    def fault_address(self) -> int:
        """FAR of the current exit: a virtual address."""
        return self.registers.fault_address()

    @property
    def fault_ipa(self) -> int:
        """IPA of the current abort: HPFAR_EL2 and the offset in the page (for a walk: FAR's)."""
        return self.registers.fault_page() | self.registers.fault_address() & 0xFFF

    def advance(self) -> None:
        """Skip the trapped instruction."""
        registers = self.registers
        registers.pc = registers.pc + 4 & MASK64

    def access(self, esr: int) -> Access:
        """Decode the current data abort."""
        word = self.instruction()
        insn = None if word is None else decode(word)
        far = self.registers.fault_address()
        return accesses.decode(esr, insn, far, self.registers.fault_page() | far & 0xFFF, self)

    def finish(self, access: Access, values: Sequence[int | None]) -> None:
        """Complete an access with the value of each part, and skip its instruction.

        An access with a deviation is aborted instead.
        """
        if access.deviation is not None:
            self.count_deviation(access.deviation)
            self.inject_abort(self.fault_address, access.fault, write=access.write)
            return
        accesses.complete(access, values, self)
        self.advance()

    def count_deviation(self, deviation: Deviation) -> None:
        """The guest has run into this one."""
        self.deviations_met[deviation] = self.deviations_met.get(deviation, 0) + 1

    def translate(self, va: int) -> int | None:
        """IPA of an executable virtual address, None where stage 1 or stage 2 does not map it."""
        if not self.registers.stage1():
            return va
        if uc.vmem_translate(self.handle, va, uc.PROT_EXEC, ctypes.byref(self._word)):
            return None
        return self._word.value

    def translate_data(self, va: int, *, write: bool) -> int | None:
        """IPA of a virtual address that the PE may load from, or store to, now; None where it may not.

        The CPU walks stage 1 itself. Stage 2, filled on demand, is off meanwhile: it says nothing of rights.
        """
        if not self.registers.stage1():
            return va
        hcr = self._hcr
        self.set_hcr(hcr & ~hyp.HCR_VM)
        try:
            right = uc.PROT_WRITE if write else uc.PROT_READ
            if uc.vmem_translate(self.handle, va, right, ctypes.byref(self._word)):
                return None
            return self._word.value
        finally:
            self.set_hcr(hcr)

    def instruction(self) -> int | None:
        """The word at pc; None where it cannot be read."""
        pc = self.registers.pc
        ipa = self.translate(pc) if self.registers.stage1() else pc
        return None if ipa is None else self.memory.instruction(ipa)

    # System registers as the guest has them; `sysreg` is what Unicorn holds.

    def mrs(self, name: str) -> int:
        """What MRS at EL1 gives; no timer register, which the machine serves."""
        return self._registers_served.mrs(name)

    def msr(self, name: str, value: int) -> None:
        """Do what MSR at EL1 does; no timer register."""
        self._registers_served.msr(name, value)

    # Registers for access.py.

    def general(self, n: int) -> int:
        """Xn, 0 for 31."""
        return 0 if n == ZR else self.x[n]

    def base(self, n: int) -> int:
        """Xn, SP for 31."""
        return self.registers.sp if n == ZR else self.x[n]

    def here(self) -> int:
        """Address of the trapped instruction."""
        return self.pc

    def vector(self, n: int) -> int:
        """Vn, 128 bits."""
        return self.v[n]

    def set_general(self, n: int, value: int) -> None:
        """Write Xn; 31 is discarded."""
        if n != ZR:
            self.x[n] = value

    def set_base(self, n: int, value: int) -> None:
        """Write Xn, SP for 31."""
        if n == ZR:
            self.sp = value
        else:
            self.x[n] = value

    def set_vector(self, n: int, value: int) -> None:
        """Write Vn, all 128 bits."""
        self.v[n] = value

    # Instructions that the CPU model calls undefined.

    def undefined_halt(self, word: int) -> bool:
        """HLT #imm (semihosting); whether somebody dealt with it."""
        if word & _HLT_MASK != _HLT or self.on_halt is None:
            return False
        return self.on_halt(self, word >> 5 & 0xFFFF)

    def undefined_sysreg(self, word: int) -> bool:
        """MRS or MSR of a register the CPU does not have; whether we have it."""
        trap = sysreg.parse_instruction(word)
        if trap is None or (self.el == 0 and trap.encoding.op1 != 3):
            return False
        pair = self.on_system_register.get(trap.encoding) or REGISTERS.get(trap.encoding)
        if pair is None:
            if not trap.read or not (sysreg.is_id_space(trap.encoding) or trap.encoding in _READ_AS_ZERO):
                return False
            pair = (_zero, None)
        read, write = pair
        if trap.read and read is not None:
            self.set_general(trap.rt, read(self))
        elif not trap.read and write is not None:
            write(self, self.general(trap.rt))
        else:
            return False
        self.advance()
        return True

    def inject_undefined_before(self) -> None:
        """Undefined Instruction exception of the instruction that was just skipped."""
        self.pc -= 4
        self.inject_undefined()

    # Watching.

    def add_breakpoint(self, va: int, callback: Callable[[PE], object]) -> tuple[str, int]:
        """Call before each execution of the instruction at `va`; stop() there leaves it unexecuted."""
        return self.watches.add(va, lambda: callback(self))

    def remove_breakpoint(self, handle: tuple[str, int]) -> None:
        """Undo :meth:`add_breakpoint`."""
        self.watches.remove(handle)

    def watch_exceptions(
        self, on_virq: Callable[[PE, int], object] | None, on_eret: Callable[[PE], object] | None
    ) -> None:
        """Call on_virq(pe, vector) before the first instruction of an IRQ vector, on_eret(pe) before an ERET."""
        self.watches.watch(
            None if on_virq is None else lambda vector: on_virq(self, vector),
            None if on_eret is None else lambda: on_eret(self),
        )

    def line_moved(self) -> None:
        """An interrupt may be taken, and returned from, unseen."""
        self.events.registered = True

    def page_executable(self, va: int, ipa: int) -> None:
        """A page became executable (memory.Observer)."""
        self.watches.page_executable(va, ipa)

    def system_register_written(self, name: str) -> None:
        """The host wrote a system register."""
        super().system_register_written(name)
        if name == "CPACR_EL1":
            self.foresight.access_control_written()
        if name == "VBAR_EL1" and self.watches.on_virq is not None:
            self.watches.vectors_moved(self.sysreg["VBAR_EL1"])


# No debugger's channel: its status is empty (D17.3.20).
_READ_AS_ZERO = frozenset({sysreg.NAMES_TO_ENCODINGS["MDCCSR_EL0"]})


def _zero(_pe: PE) -> int:
    return 0


# What EL2 asked for by its own controls, and must serve.
_WANTED = frozenset({EC.WFX, EC.HVC64, EC.SMC64, EC.SYSREG, EC.INSTRUCTION_ABORT_LOWER, EC.DATA_ABORT_LOWER})


def _no_handler(pe: PE, esr: int) -> None:
    """Whatever else a guest finds that is not EL1's business is not there (as KVM has it)."""
    if syndrome.exception_class(esr) not in _WANTED:
        pe.inject_undefined()
        return
    raise LookupError(f"no handler for the exit at {pe.pc:#x}: {syndrome.describe(esr)}")
