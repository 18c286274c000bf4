# SPDX-License-Identifier: MIT
"""EL1 physical timer under a hypervisor: CNTP_* trap to EL2, which keeps the timer for the guest.

EL2 leaves CNTHCTL_EL2.EL1PCEN clear, so each access is an exit with EC 0x18, and sets EL1PCTEN, so that
CNTPCT_EL0 is read without one (DDI 0487, D13.11.2). KVM does the same.
"""

from __future__ import annotations

from typing import Protocol

from harness.arch import sysreg
from harness.arch.hyp import CNTHCTL_EL1PCTEN
from harness.el2.vcpu import Vcpu
from harness.el2.vm import Vm
from harness.trace import Exit
from harness.trace.events import SysregTrap
from harness.trace.exits import NO_INTID


class TimerRegisters(Protocol):
    """Registers of the Generic Timers, by CPU and manual name."""

    def read(self, cpu: int, name: str) -> int:
        """Performs an MRS of a register of the CPU's timers."""
        ...

    def write(self, cpu: int, name: str, value: int) -> None:
        """Performs an MSR to a register of the CPU's timers."""
        ...


class GrantedTimers(Protocol):
    """Timers of the CPUs, whose physical one a guest may be granted."""

    def grant_physical_timer(self) -> None:
        """Lets the guests use CNTP_* without a trap."""
        ...


class PhysicalTimerTraps:
    """Emulation of the trapped CNTP_* registers over the machine's timer of the same CPU."""

    def __init__(self, vm: Vm, timers: TimerRegisters) -> None:
        self._vm = vm
        self._timers = timers
        self._exits = [Exit("SysregTrap", "SysregTrap", vcpu.index) for vcpu in vm.vcpus]

    def start(self, vcpu: Vcpu) -> None:
        """Programs the traps on the vCPU's PE."""
        vcpu.pe.sysreg["CNTHCTL_EL2"] = CNTHCTL_EL1PCTEN

    def emulate(self, vcpu: Vcpu, esr: int) -> bool:
        """Serves one trapped MRS or MSR; False if it is not one of these registers."""
        access = sysreg.parse_iss(esr)
        name = str(access.encoding)
        if not name.startswith("CNTP_"):
            return False
        pe = vcpu.pe
        pc = pe.pc
        write = not access.read
        if write:
            value = pe.x[access.rt] if access.rt != 31 else 0
            self._timers.write(vcpu.index, name, value)
        else:
            value = self._timers.read(vcpu.index, name)
            if access.rt != 31:
                pe.x[access.rt] = value
        pe.advance()
        events = self._vm.events
        if events.needed:
            events.emit(SysregTrap(self._vm.now(), vcpu.index, pc, name, write, value))
        elif events.ledger is not None:
            events.ledger.record(self._exits[vcpu.index], vcpu.index, NO_INTID, self._vm.now())
        return True
