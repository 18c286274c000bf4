# SPDX-License-Identifier: MIT
"""The EL2 hypervisor: every exit from a guest comes here, is dispatched by ESR_EL2.EC, and returns to the guest.

Exceptions reach EL2 with ``pe.pc`` holding what ELR_EL2 would (DDI 0487, D1.10): after an HVC, *at* any
instruction that was trapped. So a handler of a trap advances the PC itself; the handler of HVC must not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from harness.arch.esr import EC
from harness.devices import BusError
from harness.el2.controller import Controller
from harness.el2.psci import Outcome
from harness.el2.smccc import Hypercalls
from harness.el2.vcpu import Power, Vcpu
from harness.engine import PE, Memory, Part
from harness.trace.events import DataAbort, Event, InstructionAbort, Mmio, Wfx
from harness.trace.events import Power as PowerEvent
from harness.trace.hub import Events
from harness.trace.names import Names

ISS_WFX_TI = 0b11  # 0 WFI, 1 WFE (DDI 0487, ISS encoding for WF* traps)


class Platform(Protocol):
    """What EL2 needs of the machine below and around it."""

    def now(self) -> int:
        """System counter, in ticks."""
        ...

    def irq_lines(self) -> int:
        """Bit n: nIRQ of CPU n is asserted by the physical interrupt controller."""
        ...

    def read(self, cpu: int, address: int, size: int) -> int:
        """Read a device register; BusError where nothing answers."""
        ...

    def write(self, cpu: int, address: int, size: int, value: int) -> None:
        """Write a device register; BusError where nothing answers."""
        ...

    def device_name(self, address: int) -> str:
        """The device that answers at a physical address."""
        ...

    def cpu_reset(self, cpu: int) -> None:
        """Reset what belongs to a CPU outside its PE: its timers."""
        ...

    def timer_read(self, cpu: int, name: str) -> int:
        """MRS of a register of the CPU's Generic Timer, by its manual name."""
        ...

    def timer_write(self, cpu: int, name: str, value: int) -> None:
        """MSR of a register of the CPU's Generic Timer."""
        ...


class Hypervisor:
    """EL2 of every PE of one machine.

    ``outcome`` is set when the guest ends the system (PSCI SYSTEM_OFF, SYSTEM_RESET), with ``ended_by``.
    """

    def __init__(
        self,
        pes: list[PE],
        memory: Memory,
        platform: Platform,
        events: Events,
    ) -> None:
        self.vcpus = [Vcpu(pe.index, pe.mpidr, pe) for pe in pes]
        self.events = events
        self.platform = platform
        self.outcome: Outcome | None = None
        self.ended_by: Vcpu | None = None
        self._memory = memory
        self.controller: Controller
        self.calls: Hypercalls

    def start(self, controller: Controller, names: Names) -> None:
        """Install the interrupt controller's EL2 side and the exception tables; start the physical GIC."""
        self.controller = controller
        self.calls = Hypercalls(self, controller, names)
        controller.start()
        table: dict[int, Callable[[PE, int], None]] = {
            EC.WFX: self._wfx,
            EC.HVC64: self.calls.on_hvc,
            EC.SMC64: self.calls.on_smc,
            EC.SYSREG: self._system_register,
            EC.INSTRUCTION_ABORT_LOWER: self._instruction_abort,
            EC.DATA_ABORT_LOWER: self._data_abort,
        }
        for vcpu in self.vcpus:
            for ec, handler in table.items():
                vcpu.pe.handlers[ec] = handler

    # Physical interrupts

    def take_physical_interrupts(self) -> None:
        """Take what is signalled to CPUs between turns: those in the guest leave it, the others are in EL2.

        A CPU that is off takes nothing; it stays pending in the GIC.
        """
        lines = self.platform.irq_lines()
        for vcpu in self.vcpus:
            if lines >> vcpu.index & 1 and vcpu.power is Power.ON:
                self.controller.physical_irq(vcpu)

    def after_exit(self, vcpu: Vcpu) -> None:
        """Take what an exit's own handling made pending on this CPU, before the guest resumes."""
        if self.platform.irq_lines() >> vcpu.index & 1:
            self.controller.physical_irq(vcpu)

    # Power (PSCI's PowerController)

    def power_on(self, target: Vcpu, entry: int, context: int) -> None:
        """Reset the vCPU with its interrupt controller and timers, and let it run."""
        target.pe.reset(entry, context)
        target.power = Power.ON
        target.waiting = False
        self.platform.cpu_reset(target.index)
        self.controller.reset_vcpu(target)
        self.power_event(target, "on")

    def power_off(self, vcpu: Vcpu) -> None:
        """CPU_OFF: the vCPU runs no further."""
        vcpu.power = Power.OFF
        vcpu.pe.stop()
        self.power_event(vcpu, "off")

    def suspend(self, vcpu: Vcpu) -> None:
        """CPU_SUSPEND to a standby state: wait as WFI does, unless an interrupt is there already."""
        if not self.controller.has_interrupt(vcpu):
            vcpu.waiting = True
            vcpu.pe.stop()

    def end(self, outcome: Outcome, vcpu: Vcpu) -> None:
        """SYSTEM_OFF or SYSTEM_RESET: no vCPU runs further."""
        self.outcome = outcome
        self.ended_by = vcpu
        vcpu.pe.stop()
        self.power_event(vcpu, "system off" if outcome is Outcome.POWER_OFF else "system reset")

    def is_memory(self, address: int) -> bool:
        """Whether there is RAM at the address."""
        return self._memory.is_ram(address, 4)

    def power_event(self, vcpu: Vcpu, what: str) -> None:
        """Tell the listeners of a change of power state."""
        if self.events.active:
            self.events.emit(PowerEvent(self.platform.now(), vcpu.index, what, vcpu.index))

    # Exits

    def _wfx(self, pe: PE, esr: int) -> None:
        vcpu = self.vcpus[pe.index]
        if self.events.active:
            self.events.emit(Wfx(self.platform.now(), pe.index, pe.pc, bool(esr & ISS_WFX_TI)))
        pe.advance()
        if not self.controller.has_interrupt(vcpu):
            vcpu.waiting = True
            pe.stop()

    def _system_register(self, pe: PE, esr: int) -> None:
        if not self.controller.system_register(self.vcpus[pe.index], esr):
            pe.inject_undefined()

    def _instruction_abort(self, pe: PE, _esr: int) -> None:
        if self.events.active:
            self.events.emit(InstructionAbort(self.platform.now(), pe.index, pe.pc, pe.fault_ipa))
        pe.inject_external_abort(pe.fault_address, write=False, instruction=True)

    def _data_abort(self, pe: PE, esr: int) -> None:
        """A stage-2 fault outside RAM is MMIO: perform it on the bus, or answer with an external abort."""
        access = pe.access(esr)
        values: list[int] = []
        try:
            for part in access.parts:
                values += self._perform(pe, part)
        except BusError:
            self._abort_guest(pe, access.parts[0].write)
            return
        pe.finish(access, values)
        self.after_exit(self.vcpus[pe.index])

    def _perform(self, pe: PE, part: Part) -> list[int]:
        """One access on the bus: the value read, if it reads. BusError where the guest sees no device."""
        if not self.controller.may_access(part.ipa):
            raise BusError(part.ipa)
        if not self.events.active:
            return self._on_bus(pe, part)
        tick, pc = self.platform.now(), pe.pc
        self.events.hold()
        told: list[Event] = []
        try:
            values = self._on_bus(pe, part)
            value = part.value if part.value is not None else values[0]
            if self.controller.is_exit(part.ipa):
                told.append(DataAbort(tick, pe.index, pc, part.ipa, part.size, part.write, value))
            name = self.platform.device_name(part.ipa)
            told.append(Mmio(tick, pe.index, pc, part.ipa, part.size, part.write, value, name))
        finally:
            self.events.release(*told)
        return values

    def _on_bus(self, pe: PE, part: Part) -> list[int]:
        if part.value is None:
            return [self.platform.read(pe.index, part.ipa, part.size)]
        self.platform.write(pe.index, part.ipa, part.size, part.value)
        return []

    def _abort_guest(self, pe: PE, write: bool) -> None:
        """Nothing answers there: a synchronous external abort, as the bus would give on hardware."""
        if self.events.active:
            self.events.emit(DataAbort(self.platform.now(), pe.index, pe.pc, pe.fault_ipa, 0, write, None))
        pe.inject_external_abort(pe.fault_address, write=write, instruction=False)
