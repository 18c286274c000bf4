# SPDX-License-Identifier: MIT
"""VM as the parts of EL2 share it: its vCPUs, the time, the physical bus, and who listens to what happens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from harness.devices import Port
from harness.el2.acknowledges import Acknowledges
from harness.el2.vcpu import Vcpu
from harness.trace.events import VirqLowered, VirqRaised
from harness.trace.hub import Events
from harness.wires import Gate, Wire


class PhysicalBus(Protocol):
    """Physical address space as a CPU at EL2 sees it. Both raise BusError where nothing answers."""

    def read(self, cpu: int, address: int, size: int) -> int:
        """Reads ``size`` bytes as ``cpu``."""
        ...

    def write(self, cpu: int, address: int, size: int, value: int) -> None:
        """Writes ``size`` bytes as ``cpu``."""
        ...


class PortBus(Protocol):
    """Bus on which the way to a device can be found once."""

    def port(self, cpu: int, address: int) -> Port | None:
        """Returns the way of a CPU to the device at an address, None where nothing answers."""
        ...


class DeviceBus(PhysicalBus, PortBus, Protocol):
    """Physical bus that knows its devices."""

    def device_name(self, address: int) -> str:
        """Returns the name of the device that answers at an address."""
        ...


def device_at(bus: PortBus, cpu: int, address: int) -> Port:
    """Returns the way of a CPU to a device that EL2 itself drives; LookupError where there is none."""
    port = bus.port(cpu, address)
    if port is None:
        raise LookupError(f"no device answers EL2 at {address:#x}")
    return port


@dataclass(frozen=True, slots=True)
class Vm:
    """VM: what every part of EL2 is made with.

    ``now`` gives the system counter, in ticks. ``inputs`` is the gate before the interrupt inputs of the PEs: it is
    closed while nothing may be seen of an intermediate state. ``acknowledges`` counts those of the
    guest, exits or not.
    """

    vcpus: list[Vcpu]
    now: Callable[[], int]
    events: Events
    bus: DeviceBus
    inputs: Gate = field(default_factory=Gate)
    acknowledges: Acknowledges = field(default_factory=Acknowledges)

    def connect(self, vcpu: Vcpu, irq: Sequence[Wire], fiq: Sequence[Wire]) -> None:
        """Lets hardware drive the interrupt inputs of a PE: each is high while any of its wires is.

        A high one ends a WFI. FIQ is how a CPU interface with FIQEn set signals Group 0 (IHI 0048B, 4.4.1).
        """

        def on_fiq(level: bool) -> None:
            vcpu.pe.vfiq = level
            if level:
                vcpu.wake()

        def on_irq(level: bool) -> None:
            vcpu.pe.virq = level
            if level:
                vcpu.wake()
            if self.events.telling or (level and self.events.needed):
                event = VirqRaised if level else VirqLowered
                self.events.emit(event(self.now(), vcpu.index))

        vcpu.vfiq.listen(on_fiq)
        vcpu.virq.listen(on_irq)
        self.inputs.lead(fiq, vcpu.vfiq)
        self.inputs.lead(irq, vcpu.virq)
