# SPDX-License-Identifier: MIT
"""Synchronous exceptions into EL1, entered by hand (DDI 0487, D1.3.5: AArch64.TakeException).

Unicorn delivers virtual interrupts itself, but for a synchronous exception it only calls a hook.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from harness.arch import esr as syndrome
from harness.arch import hyp, pstate, vectors
from harness.arch.esr import EC
from harness.arch.masks import MASK64
from harness.engine.core import Core
from harness.engine.deviations import Deviation
from harness.engine.emulator.registers import NEVER


class Lockup(NamedTuple):
    """End of a guest that cannot go on: the vector of its exception faults in its turn. `reason` is for people."""

    pc: int
    esr: int
    far: int
    vbar: int
    reason: str


class ExceptionCore(Core):
    """CPU that takes synchronous exceptions to EL1.

    `deviations_met` counts what :data:`harness.engine.DEVIATIONS` its guest has run into; `on_deviation` is called
    for each, with pc at the instruction.
    """

    lockup: Lockup | None = None
    big_endian = 0  # SCTLR_EL1.EE and E0E, as last written
    deviations_met: dict[Deviation, int]
    on_deviation: Callable[[Deviation], object] | None = None

    def forget_exceptions(self) -> None:
        """Ends a lockup, as a reset does."""
        self.lockup = None
        self.registers.entered_at = self.registers.entered_vector = NEVER

    def count_deviation(self, deviation: Deviation) -> None:
        """Notes that the guest has run into this one, and tells of it."""
        self.deviations_met[deviation] = self.deviations_met.get(deviation, 0) + 1
        if self.on_deviation is not None:
            self.on_deviation(deviation)

    def enter_el1(
        self, esr: int, *, far: int | None = None, elr: int | None = None, saved: int | None = None
    ) -> None:
        """Takes a synchronous exception to EL1 from EL0 or EL1.

        ELR is `elr`, or pc (the preferred return address is the caller's to set); SPSR is `saved`, or PSTATE.
        FAR_EL1 is written only if `far` is given. Where the vector itself cannot run, `lockup` is set and the
        slice ends.
        """
        old = self.pstate
        return_address = self.pc if elr is None else elr
        vbar = self.sysreg["VBAR_EL1"]
        vector = vbar + vectors.source(old) + vectors.Kind.SYNCHRONOUS
        if self._vector_faults(esr, return_address, vector):
            self._lock_up(esr, self.pc, far or 0, vbar)
            return
        write = self.sysreg.write
        if far is not None:
            write("FAR_EL1", far)
        write("ESR_EL1", esr)
        write("ELR_EL1", return_address)
        self.pstate = self._entry_pstate(old)
        write("SPSR_EL1", old if saved is None else saved)
        self.pc = vector
        self.registers.entered_at, self.registers.entered_vector = self.retired, vector

    def _entry_pstate(self, old: int) -> int:
        """Returns PSTATE at EL1h: flags kept, DAIF masked, SS and IL clear, PAN, if any, by SCTLR_EL1.SPAN."""
        new = old & (pstate.CONDITIONS | pstate.PAN) | pstate.RESET
        if not self.sysreg["SCTLR_EL1"] & hyp.SCTLR_SPAN and self.has_pan:
            new |= pstate.PAN
        return new

    @property
    def has_pan(self) -> bool:
        """True if the CPU model has PSTATE.PAN: ID_AA64MMFR1_EL1.PAN."""
        return bool(self.sysreg["ID_AA64MMFR1_EL1"] >> 20 & 0xF)

    def _vector_faults(self, esr: int, pc: int, vector: int) -> bool:
        """Says whether it is the vector just entered that excepts: its state is the same, so that never ends."""
        registers = self.registers
        if registers.entered_vector != vector:
            return False
        if syndrome.exception_class(esr) in _FETCH:
            return self.retired == registers.entered_at and pc == vector
        again = pc == vector and self.retired == registers.entered_at + 1
        return again and syndrome.exception_class(esr) in _REPEATED

    def _lock_up(self, esr: int, pc: int, far: int, vbar: int) -> None:
        reason = (
            f"the exception vector at {pc:#x} (VBAR_EL1 = {vbar:#x}) faults itself: {syndrome.describe(esr)};"
            f" the exception before it was {syndrome.describe(self.sysreg['ESR_EL1'])}"
            f" at {self.sysreg['ELR_EL1']:#x}"
        )
        self.lockup = Lockup(pc, esr, far, vbar, reason)
        self.stop()

    def inject_undefined(self) -> None:
        """Takes an Undefined Instruction exception, EC 0 (D1.3.5.5): pc must be at the instruction."""
        self.enter_el1(syndrome.make(EC.UNKNOWN))

    def inject_undefined_before(self) -> None:
        """Takes an Undefined Instruction exception of the instruction that was just skipped."""
        self.pc = self.pc - 4 & MASK64
        self.inject_undefined()

    def inject_external_abort(self, far: int, *, write: bool = False, instruction: bool = False) -> None:
        """Takes a synchronous External abort, DFSC 0x10, on what is at pc (D8.16)."""
        self.inject_abort(far, syndrome.FSC_EXTERNAL, write=write, instruction=instruction)

    def inject_abort(self, far: int, fault: int, *, write: bool = False, instruction: bool = False) -> None:
        """Takes an abort with any fault status code; ISV is never set in an abort taken to EL1."""
        kind = EC.INSTRUCTION_ABORT_LOWER if instruction else EC.DATA_ABORT_LOWER
        iss = fault | (syndrome.WNR if write else 0)
        self.enter_el1(syndrome.make(syndrome.from_level(kind, self.el), iss), far=far)


_FETCH = (EC.INSTRUCTION_ABORT_LOWER, EC.INSTRUCTION_ABORT_SAME)
_REPEATED = (EC.UNKNOWN, EC.FP_ACCESS, EC.DATA_ABORT_SAME, EC.ILLEGAL_STATE, EC.BRK64)
