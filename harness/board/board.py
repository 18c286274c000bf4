# SPDX-License-Identifier: MIT
"""The board: devices at their addresses, their lines wired to the GIC, and the time by which they act next."""

from __future__ import annotations

from collections.abc import Callable

from harness.arch import intid as ids
from harness.arch import virt
from harness.devices import (
    Bus,
    Function,
    GenericTimer,
    GuestMemory,
    Lines,
    Pl011,
    Pl031,
    TestDevice,
    VirtioMmio,
)
from harness.errors import ConfigError
from harness.gic import Frame, Gic

INTID_STEP = 32


class GicFrame:
    """One register frame of the GIC as a device on the bus."""

    def __init__(self, gic: Gic, frame: Frame) -> None:
        self._gic = gic
        self._frame = frame

    def read(self, cpu: int, offset: int, size: int) -> int:
        """Read a register, banked by ``cpu``."""
        return self._gic.read(self._frame, cpu, offset, size)

    def write(self, cpu: int, offset: int, size: int, value: int) -> None:
        """Write a register, banked by ``cpu``."""
        self._gic.write(self._frame, cpu, offset, size, value)


class Board:
    """Everything outside the PEs and RAM.

    ``lines[33]`` is the line of INTID 33 (SPI 1), to be driven by hand; ``rose`` is told of each SPI whose line
    rises, before the GIC sees it. ``gic``: what else :class:`Gic` can be told.
    """

    def __init__(self, cpus: int, *, untrusted: int, rose: Callable[[int], None], **gic: int) -> None:
        intids = max(virt.DEFAULT_INTIDS, min(1020, ids.SPI_BASE + untrusted) // INTID_STEP * INTID_STEP)
        self.intids = intids
        self.gic = Gic(cpus, intids, **gic)
        self.lines = Lines(intids - 1)
        self.uart = Pl011()
        self.rtc = Pl031()
        self.testdev = TestDevice(self.lines)
        self.virtio = [VirtioMmio() for _ in range(virt.VIRTIO_SLOTS)]
        self.timers = [GenericTimer() for _ in range(cpus)]
        self._timer_deadlines: list[int | None] = [None] * cpus  # since drive_timer() last looked
        self.bus = Bus()
        self._rose = rose
        self._timed = (self.uart, self.rtc, self.testdev)
        self._level_sources = ((self.uart, virt.UART_INTID, "uart"), (self.rtc, virt.RTC_INTID, "rtc"))
        self._functions: list[tuple[VirtioMmio, GuestMemory, int]] = []  # slots in use, with their INTIDs
        self._maintenance = 0  # GICH's outputs as PPI 25 last saw them
        self._stretched: set[int] = set()  # level-sensitive SPIs whose pulse no CPU has acknowledged yet
        self._map()

    def _map(self) -> None:
        for base, frame in (
            (virt.GICD_BASE, Frame.GICD),
            (virt.GICC_BASE, Frame.GICC),
            (virt.GICH_BASE, Frame.GICH),
            (virt.GICV_BASE, Frame.GICV),
        ):
            self.bus.map(base, virt.GIC_FRAME_SIZE, GicFrame(self.gic, frame), frame.name)
        self.bus.map(virt.UART_BASE, virt.DEVICE_FRAME_SIZE, self.uart, "PL011")
        self.bus.map(virt.RTC_BASE, virt.DEVICE_FRAME_SIZE, self.rtc, "PL031")
        self.bus.map(virt.TESTDEV_BASE, virt.DEVICE_FRAME_SIZE, self.testdev, "testdev")
        for n, slot in enumerate(self.virtio):
            base = virt.VIRTIO_BASE + n * virt.VIRTIO_STRIDE
            self.bus.map(base, virt.VIRTIO_STRIDE, slot, f"virtio{n}")

    def plug(
        self, function: Function, memory: GuestMemory, *, legacy: bool = False, slot_number: int | None = None
    ) -> int:
        """Put a virtio device into a slot; its number. As QEMU does, without one it is the last that is free."""
        free = [n for n, slot in enumerate(self.virtio) if slot.function is None]
        if not free:
            raise ConfigError(f"more than {virt.VIRTIO_SLOTS} virtio devices")
        n = free[-1] if slot_number is None else slot_number
        if n not in range(virt.VIRTIO_SLOTS):
            raise ConfigError(f"virtio slot {n}: there are 0 to {virt.VIRTIO_SLOTS - 1}")
        if n not in free:
            raise ConfigError(f"virtio slot {n}: another device is in it")
        slot = self.virtio[n]
        slot.function, slot.legacy = function, legacy
        slot.reset()
        self._functions.append((slot, memory, virt.VIRTIO_FIRST_INTID + n))
        return n

    def reset(self) -> None:
        """Every device as after power-on. Time goes on, and what drives a line from outside still does."""
        for region in self.bus.regions:
            reset = getattr(region.device, "reset", None)
            if reset is not None:
                reset()
        for cpu, timer in enumerate(self.timers):
            timer.reset()
            self.drive_timer(cpu)
        for device, intid, name in self._level_sources:
            self.lines.drive(intid, name, device.irq)
        for slot, _, intid in self._functions:
            self.lines.drive(intid, "virtio", slot.irq)
        self.lines.drain()
        self._stretched.clear()
        self._maintenance = 0
        self.gic.reset()
        for intid, cpu in self.lines.high():
            self.gic.set_line(intid, True, cpu)

    def advance(self, now: int) -> None:
        """Let time pass up to ``now``: timers, delayed pulses, alarms; then let the GIC see the lines."""
        for device in self._timed:
            device.advance(now)
        for cpu, due in enumerate(self._timer_deadlines):
            if due is not None and due <= now:
                self.timers[cpu].advance(now)
                self.drive_timer(cpu)
        self.settle()

    def tell_time(self, now: int) -> None:
        """Tell the devices that count the time of an access to come; what is due at ``now`` happens first."""
        for device in self._timed:
            device.advance(now)

    def drive_timer(self, cpu: int) -> None:
        """Drive one CPU's timer PPIs as its timers stand at the time last heard of."""
        timer = self.timers[cpu]
        self._timer_deadlines[cpu] = timer.deadline()
        for intid, level in timer.levels(timer.now):
            self.lines.drive(intid, "timer", level, cpu)

    def settle(self) -> None:
        """Carry every change of a line to the GIC, in order.

        A pulse has no width in virtual time, and a level-sensitive input would miss it. There it is stretched
        until a CPU has acknowledged the interrupt, as a device does that lets go when it is served.
        """
        for device, intid, name in self._level_sources:
            self.lines.drive(intid, name, device.irq)
        for slot, memory, intid in self._functions:
            slot.service(memory)
            self.lines.drive(intid, "virtio", slot.irq)
        rose: set[int] = set()
        for intid, cpu, level in self.lines.drain():
            if intid >= ids.SPI_BASE:
                if level:
                    rose.add(intid)
                    self._rose(intid)
                elif intid in rose and not self.gic.state(intid, 0).edge:
                    self._stretched.add(intid)
                    continue
            self.gic.set_line(intid, level, cpu)
        self.settle_gic()

    def settle_gic(self) -> None:
        """What an access to the GIC can have changed: stretched pulses end, and its own output is an input."""
        if self._stretched:
            self._release()
        if self.gic.maintenance != self._maintenance:
            self._maintenance = self.gic.maintenance
            for cpu in range(len(self.timers)):
                self.gic.set_line(ids.PPI_MAINTENANCE, bool(self._maintenance >> cpu & 1), cpu)

    def _release(self) -> None:
        for intid in sorted(self._stretched):
            if self.gic.state(intid, 0).active:
                self._stretched.discard(intid)
                self.gic.set_line(intid, self.lines.level(intid), 0)

    def deadline(self, now: int) -> int | None:
        """First tick after ``now`` at which a device or a timer acts by itself; None if none will."""
        candidates = [d for device in self._timed if (d := device.deadline()) is not None]
        candidates += [due for due in self._timer_deadlines if due is not None and due > now]
        return min(candidates, default=None)
