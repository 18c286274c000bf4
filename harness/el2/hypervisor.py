# SPDX-License-Identifier: MIT
"""EL2 hypervisor: every exit from a guest comes here, is dispatched by ESR_EL2.EC, and returns to the guest.

Exceptions reach EL2 with ``pe.pc`` holding what ELR_EL2 would (DDI 0487, D1.10): after an HVC, *at* any
instruction that was trapped. So a handler of a trap advances the PC itself; the handler of HVC must not.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from harness.arch.esr import EC, exception_class
from harness.devices import BusError
from harness.el2.access import Emulated, Reach
from harness.el2.controllers.base import Controller
from harness.el2.cpu_interface import acknowledged, ended, is_cpu_interface
from harness.el2.power import PowerControl
from harness.el2.psci import Psci
from harness.el2.smccc import Hypercalls
from harness.el2.vcpu import Power, Vcpu
from harness.el2.vm import Vm
from harness.engine import PE, Deviation, DeviceAccess, Part
from harness.engine.deviations import WALK_OUTSIDE_RAM
from harness.engine.memory.stage2 import PAGE_SIZE
from harness.trace.events import (
    Acknowledged,
    Completed,
    DataAbort,
    DeviationMet,
    Event,
    InstructionAbort,
    Mmio,
    Wfx,
)
from harness.trace.names import Names

ISS_WFX_TI = 0b11  # 0 WFI, 1 WFE (DDI 0487, ISS encoding for WF* traps)


class Hypervisor:
    """EL2 of every PE of one VM."""

    def __init__(self, vm: Vm, controller: Controller, power: PowerControl, names: Names) -> None:
        self.vm = vm
        self.vcpus = vm.vcpus
        self.controller = controller
        self.power = power
        self._events = vm.events
        self._now = vm.now
        self._bus = vm.bus
        calls = Hypercalls(vm, controller.services(), Psci(power).functions(), names)
        table: dict[int, Callable[[PE, int], None]] = {
            EC.WFX: self._wfx,
            EC.HVC64: calls.on_hvc,
            EC.SMC64: calls.on_smc,
            EC.SYSREG: self._system_register,
            EC.INSTRUCTION_ABORT_LOWER: self._instruction_abort,
            EC.DATA_ABORT_LOWER: self._data_abort,
        }
        for vcpu in self.vcpus:
            for ec, handler in table.items():
                vcpu.pe.handlers[ec] = handler
            vcpu.pe.on_deviation = partial(self._deviation, vcpu.pe)

    def reset(self) -> None:
        """Takes EL2 to where a system reset leaves it: every vCPU is off, the interrupt controller starts anew."""
        self.power.reset()
        self.controller.reset()
        for vcpu in self.vcpus:
            self.vm.acknowledges.forget(vcpu)

    # Physical interrupts

    def take_physical_interrupts(self) -> None:
        """Takes what is signalled to CPUs between turns: those in the guest leave it, the others are in EL2.

        A CPU that is off takes nothing; it stays pending in the GIC. So does for now what one of them signals to
        another: that CPU is not asked twice.
        """
        signalled = [vcpu for vcpu in self.vcpus if vcpu.nirq.level]
        for vcpu in signalled:
            if vcpu.power is Power.ON:
                self.controller.physical_irq(vcpu)

    def after_exit(self, vcpu: Vcpu) -> None:
        """Takes what an exit's own handling made pending on this CPU, before the guest resumes."""
        if vcpu.nirq.level:
            self.controller.physical_irq(vcpu)

    # Exits

    def _wfx(self, pe: PE, esr: int) -> None:
        vcpu = self.vcpus[pe.index]
        if self._events.active:
            self._events.emit(Wfx(self._now(), pe.index, pe.pc, bool(esr & ISS_WFX_TI)))
        pe.advance()
        if not self.controller.has_interrupt(vcpu):
            vcpu.waiting = True
            pe.stop()

    def _system_register(self, pe: PE, esr: int) -> None:
        if not self.controller.system_register(self.vcpus[pe.index], esr):
            pe.inject_undefined()

    def _instruction_abort(self, pe: PE, _esr: int) -> None:
        if self._events.active:
            self._events.emit(InstructionAbort(self._now(), pe.index, pe.pc, pe.fault_ipa))
        pe.inject_external_abort(pe.fault_address, write=False, instruction=True)

    def _data_abort(self, pe: PE, esr: int) -> None:
        """Performs a stage-2 fault outside RAM, which is MMIO, on the bus, or answers with an external abort."""
        access = pe.access(esr)
        if access.deviation is not None:
            self._refuse(pe, access)
            return
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
        """Performs one access; returns the value read, if it reads. BusError where the guest sees no device."""
        reach = self.controller.reach(part.ipa)
        if reach is None:
            raise BusError(part.ipa)
        serve = self._traced if self._events.active else self._serve
        served = serve(pe, part, reach)
        if part.value is not None:
            return []
        if not reach.is_exit and is_cpu_interface(part.ipa):
            intid = acknowledged(part.ipa, part.size, served.value)
            if intid is not None:
                self.vm.acknowledges.note(self.vcpus[pe.index], intid)
        return [served.value]

    def _serve(self, pe: PE, part: Part, reach: Reach) -> Emulated:
        if reach.emulated:
            return self.controller.emulate(self.vcpus[pe.index], part.ipa, part.size, part.value)
        if part.value is None:
            return Emulated(self._bus.read(pe.index, reach.address, part.size))
        self._bus.write(pe.index, reach.address, part.size, part.value)
        return Emulated(part.value)

    def _traced(self, pe: PE, part: Part, reach: Reach) -> Emulated:
        """Serves an access, telling of it before its consequences."""
        tick, cpu, pc = self._now(), pe.index, pe.pc
        self._events.hold()
        told: list[Event] = []
        try:
            value, register, intid, target = served = self._serve(pe, part, reach)
            if reach.is_exit:
                told.append(
                    DataAbort(tick, cpu, pc, part.ipa, part.size, part.write, value, intid, register, target)
                )
            if not reach.emulated:
                name = self._bus.device_name(reach.address)
                told.append(Mmio(tick, cpu, pc, part.ipa, part.size, part.write, value, name))
            if not reach.is_exit:
                told += _unseen(tick, cpu, part, value)
        finally:
            self._events.release(*told)
        return served

    def _refuse(self, pe: PE, access: DeviceAccess) -> None:
        """Aborts an access that cannot be done: an exit, if any access to that address is one."""
        reach = self.controller.reach(pe.fault_ipa)
        if self._events.active and (reach is None or reach.is_exit):
            size, write, fault = access.insn.size, access.write, access.fault
            self._events.emit(
                DataAbort(self._now(), pe.index, pe.pc, pe.fault_ipa, size, write, None, fault=fault)
            )
        pe.finish(access, ())
        self.after_exit(self.vcpus[pe.index])

    def _refuse_walk(self, pe: PE) -> None:
        """Tells of a stage-2 abort on a walk of stage 1, which the engine answers: an exit as any other abort."""
        ipa = pe.fault_ipa & -PAGE_SIZE
        reach = self.controller.reach(ipa)
        if reach is not None and not reach.is_exit:
            return
        if exception_class(pe.registers.syndrome()) == EC.INSTRUCTION_ABORT_LOWER:
            self._events.emit(InstructionAbort(self._now(), pe.index, pe.pc, ipa))
        else:
            self._events.emit(DataAbort(self._now(), pe.index, pe.pc, ipa, 8, False, None))

    def _deviation(self, pe: PE, deviation: Deviation) -> None:
        if self._events.active:
            if deviation is WALK_OUTSIDE_RAM:
                self._refuse_walk(pe)
            self._events.emit(DeviationMet(self._now(), pe.index, pe.pc, deviation.name, deviation.section))

    def _abort_guest(self, pe: PE, write: bool) -> None:
        """Answers with a synchronous external abort, as the bus would give on hardware where nothing answers."""
        if self._events.active:
            self._events.emit(DataAbort(self._now(), pe.index, pe.pc, pe.fault_ipa, 0, write, None))
        pe.inject_external_abort(pe.fault_address, write=write, instruction=False)


def _unseen(tick: int, cpu: int, part: Part, value: int) -> list[Event]:
    """Returns what the guest did to an interrupt by an access that is no exit."""
    if part.write:
        intid = ended(part.ipa, part.size, value)
        return [] if intid is None else [Completed(tick, cpu, intid)]
    intid = acknowledged(part.ipa, part.size, value)
    return [] if intid is None else [Acknowledged(tick, cpu, intid)]
