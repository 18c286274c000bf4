# SPDX-License-Identifier: MIT
"""Board: devices at their addresses, their lines wired to the GIC, and the time by which they act next."""

from __future__ import annotations

from functools import partial

from harness.arch import intid as ids
from harness.arch import virt
from harness.arch.rvic import inputs_up_to
from harness.board.gic_inputs import GicFrame, GicInputs
from harness.deadlines import Deadlines
from harness.devices import (
    Bus,
    GenericTimer,
    GuestMemory,
    Lines,
    Pl011,
    Pl031,
    TestDevice,
    VirtioDevice,
    VirtioMmio,
)
from harness.errors import ConfigError
from harness.gic import Frame, Gic
from harness.wording import plural

INTID_STEP = 32


class Board:
    """Board: everything outside the PEs and RAM.

    ``deadlines.first`` is the tick at which a device or a timer acts next by itself. ``lines[33]`` is the line of
    INTID 33 (SPI 1), to be driven by hand. ``slots``: number of virtio slots that a
    device can be in; the others stay empty. ``gic``: further options of :class:`Gic`.
    """

    def __init__(self, cpus: int, *, untrusted: int, slots: int = virt.VIRTIO_SLOTS, **gic: int) -> None:
        intids = max(virt.DEFAULT_INTIDS, min(1020, ids.SPI_BASE + untrusted) // INTID_STEP * INTID_STEP)
        self.intids = intids
        self.gic = Gic(cpus, intids, **gic)
        self._inputs = GicInputs(self.gic)
        self.lines = Lines(intids - 1, cpus, self._inputs.of)
        self.uart = Pl011()
        self.rtc = Pl031()
        self.testdev = TestDevice(self.lines)
        self.virtio = [VirtioMmio()] * virt.VIRTIO_SLOTS
        self._slots = range(slots)
        self.bus = Bus()
        self.timers = [GenericTimer() for _ in range(cpus)]
        self._timed: list[Pl011 | Pl031 | TestDevice | VirtioMmio] = [self.uart, self.rtc, self.testdev]
        self.deadlines = Deadlines()
        for timed in (*self._timed, *self.timers):
            self.deadlines.add(timed.next_action)
        self._wire()
        self._map()

    def _wire(self) -> None:
        """Leads the devices' wires to their lines; a virtio slot's follows when a device is in it."""
        self.uart.irq.listen(partial(self.lines[virt.UART_INTID].drive, "uart"))
        self.rtc.irq.listen(partial(self.lines[virt.RTC_INTID].drive, "rtc"))
        for cpu, timer in enumerate(self.timers):
            for intid, irq in (
                (ids.PPI_VIRTUAL_TIMER, timer.virtual_irq),
                (ids.PPI_PHYSICAL_TIMER, timer.physical_irq),
            ):
                irq.listen(partial(self.lines.private(intid, cpu).drive, "timer"))

    def _map(self) -> None:
        for base, frame in (
            (virt.GICD_BASE, Frame.GICD),
            (virt.GICC_BASE, Frame.GICC),
            (virt.GICH_BASE, Frame.GICH),
            (virt.GICV_BASE, Frame.GICV),
        ):
            self.bus.map(base, virt.GIC_FRAME_SIZE, GicFrame(self.gic, frame, self._inputs), frame.name)
        self.bus.map(virt.UART_BASE, virt.DEVICE_FRAME_SIZE, self.uart, "PL011")
        self.bus.map(virt.RTC_BASE, virt.DEVICE_FRAME_SIZE, self.rtc, "PL031")
        self.bus.map(virt.TESTDEV_BASE, virt.DEVICE_FRAME_SIZE, self.testdev, "testdev")
        # Nothing that a guest does changes an empty slot: one stands for all of them.
        slots = virt.VIRTIO_SLOTS
        self.bus.map_row(virt.VIRTIO_BASE, virt.VIRTIO_STRIDE, slots, self.virtio[0], "virtio")

    def plug(
        self,
        function: VirtioDevice,
        memory: GuestMemory,
        *,
        legacy: bool = False,
        slot_number: int | None = None,
    ) -> int:
        """Puts a virtio device into a slot and returns its number.

        As QEMU does, it takes the last slot that is free where none is asked for. ConfigError if there is no such.
        """
        free = [n for n in self._slots if self.virtio[n].function is None]
        if slot_number is None and not free:
            raise ConfigError(f"more than {plural(len(self._slots), 'virtio device')}{self._why_no_more}")
        n = free[-1] if slot_number is None else slot_number
        if n not in self._slots:
            raise ConfigError(f"virtio slot {n}: there are 0 to {len(self._slots) - 1}{self._why_no_more}")
        if n not in free:
            raise ConfigError(f"virtio slot {n}: another device is in it")
        slot = self.virtio[n] = VirtioMmio()
        self.bus.replace(virt.VIRTIO_BASE + n * virt.VIRTIO_STRIDE, slot)
        slot.irq.listen(partial(self.lines[virt.VIRTIO_FIRST_INTID + n].drive, "virtio"))
        slot.plug(function, memory, legacy=legacy)
        self._timed.append(slot)
        self.deadlines.add(slot.next_action)
        return n

    @property
    def _why_no_more(self) -> str:
        if len(self._slots) == virt.VIRTIO_SLOTS:
            return ""
        first = virt.VIRTIO_FIRST_INTID - ids.SPI_BASE
        last, enough = first + len(self._slots) - 1, inputs_up_to(first + virt.VIRTIO_SLOTS - 1)
        return (
            f" whose interrupts reach the guest: slot n has SPI {first}+n, and the RVID's inputs end at SPI {last}"
            f" (untrusted={enough} has inputs for all)"
        )

    @property
    def complaints(self) -> list[str]:
        """For people: what each device that asked its driver for a reset since power-on had against it."""
        return [
            f"the virtio device in slot {n} asked for a reset (DEVICE_NEEDS_RESET): {slot.complaint}"
            for n, slot in enumerate(self.virtio)
            if slot.complaint is not None
        ]

    def reset(self) -> None:
        """Takes every device to power-on. Time goes on, and what drives a line from outside still does.

        The GIC is first: in reset it signals nothing of what the devices do to their lines.
        """
        self.gic.reset()
        for region in self.bus.regions:
            reset = getattr(region.device, "reset", None)
            if reset is not None:
                reset()
        for timer in self.timers:
            timer.reset()
        self._inputs.reset(self.lines.high)

    def advance(self, now: int) -> None:
        """Lets time pass up to ``now``: timers, delayed pulses and alarms act."""
        for device in self._timed:
            device.advance(now)
        for timer in self.timers:
            if timer.next_action.tick <= now:
                timer.advance(now)

    def elapse(self, now: int) -> None:
        """Tells the devices that count the time of an access to come; what is due at ``now`` happens first."""
        for device in self._timed:
            device.elapse(now)
