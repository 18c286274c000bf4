# SPDX-License-Identifier: MIT
"""Plain loads and stores of a vCPU at device addresses, whose ways to what answers there are found once."""

from __future__ import annotations

from typing import Final

from harness.arch.virt import VIRTIO_STRIDE
from harness.devices import BusError, Load, Port
from harness.el2.access import Emulated
from harness.el2.controllers.base import Controller
from harness.el2.cpu_interface import acknowledged, ended, is_cpu_interface
from harness.el2.vcpu import Vcpu
from harness.el2.vm import Vm
from harness.trace import Exit, Ledger
from harness.trace.exits import ACCEPTED, ENDED, NO_INTID

_SHIFT: Final = VIRTIO_STRIDE.bit_length() - 1  # of the smallest frame there is
_KIND: Final = "DataAbort"

# What an access to a frame is to a ledger that listens alone.
_UNKNOWN: Final = 0  # to be looked at each time: nothing is done here
_EXIT: Final = 1  # to a device
_EMULATED: Final = 2  # to a register of an interrupt controller, by EL2: an exit that may name an interrupt
_MAPPED: Final = 3  # no exit


class DeviceAccesses:
    """Device accesses of one vCPU, as its PE asks for them: ``on_load`` and ``on_store``.

    While an event is to be made of an access, nothing is done here: the exit's handler tells of what it does. A
    ledger that listens alone takes accesses without one.
    """

    def __init__(self, vm: Vm, vcpu: Vcpu, controller: Controller) -> None:
        self._vcpu = vcpu
        self._cpu = vcpu.index
        self._nirq = vcpu.nirq
        self._registers = vcpu.pe.registers
        self._events = vm.events
        self._bus = vm.bus
        self._controller = controller
        self._ports: dict[int, Port] = {}  # by number of a frame
        self._kinds: dict[int, int] = {}
        self._quiet: dict[int, Load] = {}  # by address
        self._exit = Exit(_KIND, _KIND, vcpu.index)
        self._exits: dict[str | None, Exit] = {}  # by register

    def load(self, ipa: int, size: int) -> int:
        """Returns the value of a load; -1 if nothing was done."""
        ledger = self._events.ledger
        if self._events.active and (ledger is None or self._events.needed):
            return -1
        quiet = self._quiet.get(ipa)
        if quiet is not None and size > 1 and (ledger is None or self._kinds[ipa >> _SHIFT] == _EXIT):
            if ledger is not None:
                ledger.record(self._exit, self._cpu, NO_INTID, self._registers.now)
            return quiet()
        port = self._ports.get(ipa >> _SHIFT) or self._find(ipa)
        if port is None:
            return -1
        value = port.load(ipa, size) if ledger is None else self._recorded_load(ledger, port, ipa, size)
        if self._nirq.level:
            self._vcpu.pe.defer(self._take_physical_interrupts)
        return value

    def store(self, ipa: int, size: int, value: int) -> bool:
        """Does a store; False if nothing was done."""
        ledger = self._events.ledger
        if self._events.active and (ledger is None or self._events.needed):
            return False
        port = self._ports.get(ipa >> _SHIFT) or self._find(ipa)
        if port is None:
            return False
        if ledger is None:
            done = port.store(ipa, size, value)
        else:
            done = self._recorded_store(ledger, port, ipa, size, value)
        if self._nirq.level:
            self._vcpu.pe.defer(self._take_physical_interrupts)
        return done

    def _find(self, ipa: int) -> Port | None:
        port = self._controller.port(self._vcpu, ipa, self._bus)
        if port is not None:
            self._ports[ipa >> _SHIFT] = port
            self._kinds[ipa >> _SHIFT] = self._kind(ipa)
            self._quiet.update(port.quiet_loads)
        return port

    def _take_physical_interrupts(self) -> None:
        """Takes what the access has made pending on this CPU, its instruction being complete."""
        if self._nirq.level:
            self._controller.physical_irq(self._vcpu)

    # While a ledger listens alone

    def _kind(self, ipa: int) -> int:
        reach = self._controller.reach(ipa)
        if reach is None:
            return _UNKNOWN
        if not reach.is_exit:
            return _MAPPED
        return _EMULATED if reach.emulated else _EXIT

    def _recorded_load(self, ledger: Ledger, port: Port, ipa: int, size: int) -> int:
        kind = self._kinds[ipa >> _SHIFT]
        if kind == _EXIT:
            value = port.load(ipa, size)
            if value >= 0:
                ledger.record(self._exit, self._cpu, NO_INTID, self._registers.now)
            return value
        if kind == _EMULATED:
            served = self._emulate(ledger, ipa, size, None)
            return -1 if served is None else served.value
        if kind == _UNKNOWN:
            return -1
        value = port.load(ipa, size)
        if is_cpu_interface(ipa) and value >= 0:
            intid = acknowledged(ipa, size, value)
            if intid is not None:
                ledger.record(ACCEPTED[self._cpu], self._cpu, intid, self._registers.now)
        return value

    def _recorded_store(self, ledger: Ledger, port: Port, ipa: int, size: int, value: int) -> bool:
        kind = self._kinds[ipa >> _SHIFT]
        if kind == _EXIT:
            done = port.store(ipa, size, value)
            if done:
                ledger.record(self._exit, self._cpu, NO_INTID, self._registers.now)
            return done
        if kind == _EMULATED:
            return self._emulate(ledger, ipa, size, value) is not None
        if kind == _UNKNOWN:
            return False
        done = port.store(ipa, size, value)
        if is_cpu_interface(ipa) and done:
            intid = ended(ipa, size, value)
            if intid is not None:
                ledger.record(ENDED[self._cpu], self._cpu, intid, self._registers.now)
        return done

    def _emulate(self, ledger: Ledger, ipa: int, size: int, value: int | None) -> Emulated | None:
        """Lets the controller serve an access and enters it; None where it has no such register."""
        cpu = self._cpu
        try:
            served = self._controller.emulate(self._vcpu, ipa, size, value)
        except BusError:
            return None
        exit = self._exit_of(served.register)
        if served.intid is None:
            ledger.record(exit.failed, cpu, NO_INTID, self._registers.now)
        else:
            target = cpu if served.target is None else served.target
            ledger.record(exit, target, served.intid, self._registers.now)
        return served

    def _exit_of(self, register: str | None) -> Exit:
        exit = self._exits.get(register)
        if exit is None:
            exit = self._exits[register] = Exit(_KIND, register or _KIND, self._vcpu.index)
        return exit
