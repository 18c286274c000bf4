# SPDX-License-Identifier: MIT
"""Processing element: one AArch64 CPU at EL1 and EL0, with EL2's exception table in Python."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from harness.arch import esr as syndrome
from harness.arch import hyp
from harness.arch.esr import EC
from harness.arch.sysreg import SysregEncoding
from harness.engine.backends import Backend
from harness.engine.breakpoints import Breakpoint, Breakpoints
from harness.engine.completions.cycle_counter import CycleCounter
from harness.engine.completions.event_register import EventRegister
from harness.engine.completions.exception_entry import ExceptionCore
from harness.engine.completions.mrs_msr import MrsMsrHooks
from harness.engine.completions.stage1_controls import Stage1Controls
from harness.engine.completions.translation_checks import TranslationChecks
from harness.engine.completions.undefined import UndefinedInstructions
from harness.engine.completions.watchpoints import Watchpoints
from harness.engine.deviations import NO_BIG_ENDIAN
from harness.engine.exception_hook import ExceptionHook
from harness.engine.memory.ram import Memory
from harness.engine.mmio import access as accesses
from harness.engine.mmio.access import DeviceAccess
from harness.engine.mmio.loadstore import ZR, decode
from harness.engine.plain_accesses import PlainAccesses
from harness.engine.watch_ranges import Hit, Range, WatchRanges

Handler = Callable[["PE", int], object]
ReadRegister = Callable[["PE"], int]
WriteRegister = Callable[["PE", int], object]


class PE(ExceptionCore):
    """One CPU of a machine.

    `handlers[EC]` are called as handler(pe, esr) for each exception to EL2, with pc as ELR_EL2 would be:
    after an HVC, at the instruction of everything else. `on_system_register` serves the timer registers
    (CNT*_EL0) and any register the CPU does not know: (read, write), None for UNDEFINED. `on_halt` gets
    HLT #imm with pc at it; True means that it is dealt with.

    `on_call`, if there is one, has functions by function identifier, w0 (DEN0028), that are asked first about an
    HVC #0: on_call[w0](x1, x2, x3), with pc past it. True means that the call is served and its results are
    written, by `answer`; False that nothing was done.

    `on_load` and `on_store`, if there are any, are asked first about a plain access outside RAM (see
    :mod:`harness.engine.plain_accesses`): on_load(ipa, size) returns the value, -1 if nothing was done;
    on_store(ipa, size, value) says whether it has served the store. The PE does the rest of the instruction
    afterwards; what has to wait for that they `defer`.
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
        self.deviations_met = {}
        try:
            super().__init__(index, memory, mpidr=mpidr, model=model, backend=backend)
            self._complete()
        except BaseException:
            if "handle" in self.__dict__:
                self.close()
            raise

    def _complete(self) -> None:
        """Makes the parts that complete what Unicorn leaves out."""
        self.breakpoints = Breakpoints(self)
        self.cycles = CycleCounter(self)
        self.event_register = EventRegister(self)
        self.stage1_controls = Stage1Controls(self)
        self.watch_ranges = WatchRanges(self, self, self.stage1_controls.registers)
        self.watchpoints = Watchpoints(self, self.watch_ranges)
        self._exceptions = ExceptionHook(
            self,
            self.handlers,
            undefined=UndefinedInstructions(self, self.on_system_register, self._halt),
            stage1=self.stage1_controls,
            watched=self.watch_ranges,
            plain=PlainAccesses(self, self, self.watch_ranges),
        )
        self.translation_checks = TranslationChecks(self, self.breakpoints, self.event_register)
        self._mrs_msr = MrsMsrHooks(
            self,
            self.on_system_register,
            cycles=self.cycles,
            checks=self.translation_checks,
            breakpoints=self.breakpoints,
            stage1=self.stage1_controls,
            watchpoints=self.watchpoints,
        )

    def __repr__(self) -> str:
        state = "closed" if self.closed else f"pc={self.pc:#x}, el={self.el}"
        return f"PE({self.index}, mpidr={self.mpidr:#x}, {state})"

    def reset(self, pc: int, x0: int) -> None:
        """Powers on (D1.3.1.4): EL1h, DAIF masked, MMU off, registers zero but x0, virq low."""
        self.stage1_controls.reset()
        self.restore_reset_values()
        for n in range(31):
            self.x[n] = 0
        self.x[0] = x0
        self.sp = 0
        self.pc = pc
        self.waiting = False
        self.forget_exceptions()
        self.system_register_written("VBAR_EL1")
        self.big_endian = self.sysreg["SCTLR_EL1"] & hyp.SCTLR_BIG_ENDIAN
        self.translation_checks.access_control_written()
        self.translation_checks.debug_control_written()
        self.watchpoints.follow()
        self.watch_ranges.follow()
        self.cycles.reset()
        self.event_register.reset()

    def run(self, count: int) -> int:
        """Retires `count` (> 0) instructions, or fewer if stopped, waiting or locked up; returns how many."""
        if self.lockup is not None:
            self.check_open()
            return 0
        return super().run(count)

    # Hypercalls.

    def answer(self, x0: int, x1: int) -> None:
        """Writes the results of a hypercall: x0 and x1, unsigned 64-bit ints, and x2 = x3 = 0."""
        self.registers.answer(x0, x1)

    # Time.

    def serve_counts(self, virtual_offset: int) -> None:
        """Says that what `on_system_register` has for CNTPCT_EL0 and CNTVCT_EL0 is no more than the time.

        So they may be read without a call: the time as :meth:`set_time` has it, and less by CNTVOFF_EL2.
        """
        self.registers.serve_counts(virtual_offset)

    def set_time(self, offset: int, rate: int) -> None:
        """Says that the time is offset + rate * retired from now on, modulo 2**64."""
        self.registers.set_time(offset, rate)

    # Device accesses.

    def access(self, esr: int) -> DeviceAccess:
        """Decodes the current data abort."""
        word = self.instruction()
        insn = None if word is None else decode(word)
        far = self.registers.fault_address()
        return accesses.decode(esr, insn, far, self.registers.fault_page() | far & 0xFFF, self)

    def finish(self, access: DeviceAccess, values: Sequence[int | None]) -> None:
        """Completes an access with the value of each part, and skips its instruction.

        An access with a deviation is aborted instead.
        """
        if access.deviation is not None:
            self.count_deviation(access.deviation)
            self.inject_abort(self.fault_address, access.fault, write=access.write)
            return
        if self.big_endian and self.big_endian & (hyp.SCTLR_EE if self.registers.level else hyp.SCTLR_E0E):
            self.count_deviation(NO_BIG_ENDIAN)
        accesses.complete(access, values, self)
        self.advance()

    # Registers as an access names them (mmio.access.RegisterFile).

    def general(self, n: int) -> int:
        """Returns Xn, 0 for 31."""
        return 0 if n == ZR else self.x[n]

    def base(self, n: int) -> int:
        """Returns Xn, SP for 31."""
        return self.registers.sp if n == ZR else self.x[n]

    def here(self) -> int:
        """Returns the address of the trapped instruction."""
        return self.pc

    def vector(self, n: int) -> int:
        """Returns Vn, 128 bits."""
        return self.v[n]

    def set_general(self, n: int, value: int) -> None:
        """Writes Xn; 31 is discarded."""
        if n != ZR:
            self.x[n] = value

    def set_base(self, n: int, value: int) -> None:
        """Writes Xn, SP for 31."""
        if n == ZR:
            self.sp = value
        else:
            self.x[n] = value

    def set_vector(self, n: int, value: int) -> None:
        """Writes Vn, all 128 bits."""
        self.v[n] = value

    # System registers as the guest has them; `sysreg` is what Unicorn holds.

    def mrs(self, name: str) -> int:
        """Returns what MRS at EL1 gives; no timer register, which the machine serves."""
        return self._mrs_msr.mrs(name)

    def msr(self, name: str, value: int) -> None:
        """Does what MSR at EL1 does; no timer register."""
        self._mrs_msr.msr(name, value)

    def system_register_written(self, name: str) -> None:
        """Follows a system register that the host wrote."""
        super().system_register_written(name)
        self.stage1_controls.host_wrote(name)
        if name == "CPACR_EL1":
            self.translation_checks.access_control_written()
        self.watchpoints.written(name)
        if name == "MDSCR_EL1":
            self.translation_checks.debug_control_written()
        if name == "SCTLR_EL1":
            self.big_endian = self.sysreg["SCTLR_EL1"] & hyp.SCTLR_BIG_ENDIAN
        if name == "VBAR_EL1" and self.breakpoints.on_virq is not None:
            self.breakpoints.vectors_moved(self.sysreg["VBAR_EL1"])

    # Observation.

    def add_breakpoint(self, va: int, callback: Callable[[PE], object]) -> Breakpoint:
        """Calls before each execution of the instruction at `va`; stop() there leaves it unexecuted."""
        return self.breakpoints.add(va, lambda: callback(self))

    def remove_breakpoint(self, breakpoint: Breakpoint) -> None:
        """Undoes :meth:`add_breakpoint`."""
        self.breakpoints.remove(breakpoint)

    def add_watchpoint(
        self,
        va: int,
        size: int,
        callback: Callable[[PE, Hit], object],
        *,
        reads: bool = True,
        writes: bool = True,
    ) -> int:
        """Calls before each access to bytes at `va`; stop() there leaves its instruction unexecuted."""
        return self.watch_ranges.add(Range(va, size, reads, writes, partial(self._watched, callback)))

    def _watched(self, callback: Callable[[PE, Hit], object], hit: Hit) -> bool:
        callback(self, hit)
        return False

    def remove_watchpoint(self, watchpoint: int) -> None:
        """Undoes :meth:`add_watchpoint`."""
        self.watch_ranges.remove(watchpoint)

    def watch_exceptions(
        self, on_virq: Callable[[PE, int], object] | None, on_eret: Callable[[PE], object] | None
    ) -> None:
        """Calls on_virq(pe, vector) before the first instruction of an IRQ vector, on_eret(pe) before an ERET."""
        self.breakpoints.watch(
            None if on_virq is None else lambda vector: on_virq(self, vector),
            None if on_eret is None else lambda: on_eret(self),
        )

    def flush_addresses(self) -> None:
        """Forgets cached address translations, those that this project keeps too."""
        super().flush_addresses()
        if self.stage1_controls.substitutes:
            self.stage1_controls.follow()

    def _halt(self, immediate: int) -> bool:
        return self.on_halt is not None and self.on_halt(self, immediate)


# What EL2 asked for by its own controls, and must serve.
_WANTED: Final = frozenset(
    {EC.WFX, EC.HVC64, EC.SMC64, EC.SYSREG, EC.INSTRUCTION_ABORT_LOWER, EC.DATA_ABORT_LOWER}
)


def _no_handler(pe: PE, esr: int) -> None:
    """Makes undefined whatever else a guest finds that is not EL1's business (as KVM has it)."""
    if syndrome.exception_class(esr) not in _WANTED:
        pe.inject_undefined()
        return
    raise LookupError(f"no handler for the exit at {pe.pc:#x}: {syndrome.describe(esr)}")
