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
from harness.el2.controllers.base import Controller, Emulated, Reach
from harness.el2.psci import Outcome
from harness.el2.smccc import Hypercalls
from harness.el2.vcpu import Power, Resume, Vcpu
from harness.engine import PE, Memory, Part
from harness.trace.events import (
    Completed,
    DataAbort,
    Event,
    InstructionAbort,
    Mmio,
    PowerChange,
    VirqLowered,
    VirqRaised,
    Wfx,
)
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

    def lines_moved(self) -> None:
        """EL2 changed an interrupt line by itself: what follows from it must happen now."""
        ...

    def own_physical_timer(self) -> None:
        """Let the guests use CNTP_* without a trap."""
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
        self._wires = self._fiq_wires = 0

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
        if self.wants_irq(vcpu.index):
            self.controller.physical_irq(vcpu)

    def wants_irq(self, cpu: int) -> bool:
        """Whether EL2 has an interrupt to take on this CPU: its nIRQ is asserted, and is EL2's."""
        return self.controller.takes_irqs and bool(self.platform.irq_lines() >> cpu & 1)

    def follow_wires(self) -> None:
        """Where a GIC itself drives the vCPUs' interrupt inputs, let the PEs see them; a high one ends a WFI."""
        self._follow_fiq_wires(self.controller.vfiq_wires())
        wires = self.controller.virq_wires()
        if wires is None or wires == self._wires:
            return
        changed, self._wires = wires ^ self._wires, wires
        for vcpu in self.vcpus:
            if changed >> vcpu.index & 1:
                level = bool(wires >> vcpu.index & 1)
                vcpu.pe.virq = level
                if level:
                    vcpu.waiting = False
                if self.events.active:
                    event = VirqRaised if level else VirqLowered
                    self.events.emit(event(self.platform.now(), vcpu.index))

    def _follow_fiq_wires(self, wires: int | None) -> None:
        """The guest's GIC signals by FIQ: Group 0 where its CPU interface has FIQEn set (IHI 0048B, 4.4.1)."""
        if wires is None or wires == self._fiq_wires:
            return
        changed, self._fiq_wires = wires ^ self._fiq_wires, wires
        for vcpu in self.vcpus:
            if changed >> vcpu.index & 1:
                vcpu.pe.vfiq = bool(wires >> vcpu.index & 1)
                if vcpu.pe.vfiq:
                    vcpu.waiting = False

    # Power (PSCI's PowerController)

    def power_on(self, target: Vcpu, entry: int, context: int) -> None:
        """Reset the vCPU with its interrupt controller and timers, and let it run."""
        target.pe.reset(entry, context)
        target.power = Power.ON
        target.waiting = False
        target.resume = None
        self.platform.cpu_reset(target.index)
        self.controller.reset_vcpu(target)
        self._wires &= ~(1 << target.index)  # reset took the PE's inputs low; they follow again from here
        self._fiq_wires &= ~(1 << target.index)
        self.follow_wires()
        self.power_event(target, "on")

    def power_off(self, vcpu: Vcpu) -> None:
        """CPU_OFF: the vCPU runs no further."""
        vcpu.power = Power.OFF
        vcpu.pe.stop()
        self.power_event(vcpu, "off")

    def suspend(self, vcpu: Vcpu, resume: Resume | None) -> None:
        """CPU_SUSPEND: wait as WFI does, unless an interrupt is there already."""
        if not self.controller.has_interrupt(vcpu):
            vcpu.waiting = True
            vcpu.resume = resume
            vcpu.pe.stop()
            if resume is not None:
                self.controller.suspended(vcpu)

    def resume(self, vcpu: Vcpu) -> None:
        """An interrupt has ended a powerdown state: the PE comes back from reset, its lines as they are."""
        if vcpu.resume is None:
            return
        (entry, context), vcpu.resume = vcpu.resume, None
        lines = vcpu.pe.virq, vcpu.pe.vfiq
        vcpu.pe.reset(entry, context)
        vcpu.pe.virq, vcpu.pe.vfiq = lines
        self.controller.resumed(vcpu)
        self.power_event(vcpu, "resumed")

    def reset(self) -> None:
        """The system comes out of reset: every vCPU is off. :meth:`start` comes next, as at the beginning."""
        self.outcome = self.ended_by = None
        self._wires = self._fiq_wires = 0
        for vcpu in self.vcpus:
            vcpu.power = Power.OFF
            vcpu.waiting = False
            vcpu.kicked_for = vcpu.resume = None
            vcpu.pe.reset(0, 0)

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
            self.events.emit(PowerChange(self.platform.now(), vcpu.index, what, vcpu.index))

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
        """One access: the value read, if it reads. BusError where the guest sees no device."""
        reach = self.controller.reach(part.ipa)
        if reach is None:
            raise BusError(part.ipa)
        serve = self._traced if self.events.active else self._serve
        served = serve(pe, part, reach)
        return [served.value] if part.value is None else []

    def _serve(self, pe: PE, part: Part, reach: Reach) -> Emulated:
        if reach.emulated:
            served = self.controller.emulate(self.vcpus[pe.index], part.ipa, part.size, part.value)
            self.platform.lines_moved()
            return served
        if part.value is None:
            return Emulated(self.platform.read(pe.index, reach.address, part.size))
        self.platform.write(pe.index, reach.address, part.size, part.value)
        return Emulated(part.value)

    def _traced(self, pe: PE, part: Part, reach: Reach) -> Emulated:
        """Serve an access, telling of it before its consequences."""
        tick, cpu, pc = self.platform.now(), pe.index, pe.pc
        self.events.hold()
        told: list[Event] = []
        try:
            value, register, intid, target = served = self._serve(pe, part, reach)
            if reach.is_exit:
                told.append(
                    DataAbort(tick, cpu, pc, part.ipa, part.size, part.write, value, intid, register, target)
                )
            if not reach.emulated:
                name = self.platform.device_name(reach.address)
                told.append(Mmio(tick, cpu, pc, part.ipa, part.size, part.write, value, name))
            if part.write and not reach.is_exit:
                ended = self.controller.completes(self.vcpus[cpu], part.ipa, value)
                told += [Completed(tick, cpu, ended)] if ended is not None else []
        finally:
            self.events.release(*told)
        return served

    def _abort_guest(self, pe: PE, write: bool) -> None:
        """Nothing answers there: a synchronous external abort, as the bus would give on hardware."""
        if self.events.active:
            self.events.emit(DataAbort(self.platform.now(), pe.index, pe.pc, pe.fault_ipa, 0, write, None))
        pe.inject_external_abort(pe.fault_address, write=write, instruction=False)
