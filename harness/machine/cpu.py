# SPDX-License-Identifier: MIT
"""Virtual CPU as a test sees it: registers by name, and its state."""

from __future__ import annotations

from harness.board.timers import Timers
from harness.el2 import Power, Vcpu
from harness.engine import PE, VectorRegisters, register_value
from harness.machine.general_registers import GeneralRegisters
from harness.machine.system_registers import SystemRegisters


class Cpu:
    """CPU ``m.cpus[n]``: ``x[0]`` to ``x[30]``, ``sp``, ``pc``, ``pstate``, ``sysreg["VBAR_EL1"]``, ``v[n]``."""

    def __init__(self, vcpu: Vcpu, timers: Timers) -> None:
        self._vcpu = vcpu
        self._x = GeneralRegisters(vcpu.pe)
        self._sysreg = SystemRegisters(vcpu.pe, timers)

    @property
    def index(self) -> int:
        """Number of the vCPU: Aff0 of its MPIDR."""
        return self._vcpu.index

    @property
    def pe(self) -> PE:
        """Engine's PE, for what is not here."""
        return self._vcpu.pe

    @property
    def x(self) -> GeneralRegisters:
        """General-purpose registers X0 to X30, unsigned 64-bit ints."""
        return self._x

    @property
    def v(self) -> VectorRegisters:
        """SIMD&FP registers V0 to V31, unsigned 128-bit ints."""
        return self._vcpu.pe.v

    @property
    def sysreg(self) -> SystemRegisters:
        """System registers by the manual's names, as the guest's own MRS and MSR have them."""
        return self._sysreg

    @property
    def pc(self) -> int:
        """Address of the next instruction."""
        return self._vcpu.pe.pc

    @pc.setter
    def pc(self, value: int) -> None:
        self._vcpu.pe.pc = register_value("pc", value)

    @property
    def sp(self) -> int:
        """Stack pointer that PSTATE.SP and PSTATE.EL select."""
        return self._vcpu.pe.sp

    @sp.setter
    def sp(self, value: int) -> None:
        self._vcpu.pe.sp = register_value("sp", value)

    @property
    def pstate(self) -> int:
        """PSTATE in the layout of SPSR_EL1."""
        return self._vcpu.pe.pstate

    @pstate.setter
    def pstate(self, value: int) -> None:
        self._vcpu.pe.pstate = register_value("pstate", value)

    @property
    def el(self) -> int:
        """Current exception level, 0 or 1."""
        return self._vcpu.pe.el

    @property
    def virq(self) -> bool:
        """Level of the virtual IRQ line: HCR_EL2.VI."""
        return self._vcpu.pe.virq

    @property
    def on(self) -> bool:
        """True while PSCI has it on."""
        return self._vcpu.power is Power.ON

    @property
    def waiting(self) -> bool:
        """True while it waits for an interrupt or an event."""
        return self._vcpu.waits

    def __repr__(self) -> str:
        if self._vcpu.pe.closed:
            return f"<CPU{self.index} closed>"
        state = "off" if not self.on else "waiting" if self.waiting else "running"
        return f"<CPU{self.index} {state}, pc {self.pc:#x}>"
