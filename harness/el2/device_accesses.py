# SPDX-License-Identifier: MIT
"""Plain loads and stores of a vCPU at device addresses, whose ways to what answers there are found once."""

from __future__ import annotations

from typing import Final

from harness.arch.virt import VIRTIO_STRIDE
from harness.devices import Load, Port
from harness.el2.controllers.base import Controller
from harness.el2.vcpu import Vcpu
from harness.el2.vm import Vm

_SHIFT: Final = VIRTIO_STRIDE.bit_length() - 1  # of the smallest frame there is


class DeviceAccesses:
    """Device accesses of one vCPU, as its PE asks for them: ``on_load`` and ``on_store``.

    While somebody listens to events, nothing is done here: the exit's handler tells of what it does.
    """

    def __init__(self, vm: Vm, vcpu: Vcpu, controller: Controller) -> None:
        self._vcpu = vcpu
        self._nirq = vcpu.nirq
        self._events = vm.events
        self._bus = vm.bus
        self._controller = controller
        self._ports: dict[int, Port] = {}  # by number of a frame
        self._quiet: dict[int, Load] = {}  # by address

    def load(self, ipa: int, size: int) -> int:
        """Returns the value of a load; -1 if nothing was done."""
        if self._events.active:
            return -1
        quiet = self._quiet.get(ipa)
        if quiet is not None and size > 1:
            return quiet()
        port = self._ports.get(ipa >> _SHIFT) or self._find(ipa)
        if port is None:
            return -1
        value = port.load(ipa, size)
        if self._nirq.level:
            self._vcpu.pe.defer(self._take_physical_interrupts)
        return value

    def store(self, ipa: int, size: int, value: int) -> bool:
        """Does a store; False if nothing was done."""
        if self._events.active:
            return False
        port = self._ports.get(ipa >> _SHIFT) or self._find(ipa)
        if port is None:
            return False
        done = port.store(ipa, size, value)
        if self._nirq.level:
            self._vcpu.pe.defer(self._take_physical_interrupts)
        return done

    def _find(self, ipa: int) -> Port | None:
        port = self._controller.port(self._vcpu, ipa, self._bus)
        if port is not None:
            self._ports[ipa >> _SHIFT] = port
            self._quiet.update(port.quiet_loads)
        return port

    def _take_physical_interrupts(self) -> None:
        """Takes what the access has made pending on this CPU, its instruction being complete."""
        if self._nirq.level:
            self._controller.physical_irq(self._vcpu)
