# SPDX-License-Identifier: MIT
"""MMIO transport (4.2): one slot of the board, with a device in it or empty.

Version 2 is the register layout of 4.2.2; ``legacy`` gives version 1 (4.2.4), which QEMU's ``virt`` has unless
told ``force-legacy=false``. An empty slot answers as QEMU's does: magic, version 1, vendor, and zeros.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.arch.masks import MASK32
from harness.deadlines import NEVER, Deadline
from harness.devices.virtio.device import VirtioDevice
from harness.devices.virtio.queue import QUEUE_SIZE_MAX, TURN, GuestMemory, Queue, QueueError
from harness.devices.virtio.registers import (
    CONFIG,
    F_VERSION_1,
    ISR_CONFIG,
    ISR_USED,
    LEGACY_ONLY,
    MAGIC,
    VENDOR,
    Status,
    VirtioRegister,
)
from harness.wires import Wire

_AREAS = {
    VirtioRegister.QUEUE_DESC_LOW: "descriptors",
    VirtioRegister.QUEUE_DRIVER_LOW: "driver",
    VirtioRegister.QUEUE_DEVICE_LOW: "device",
}
_NO_SHARED_MEMORY = (
    VirtioRegister.SHM_LEN_LOW,
    VirtioRegister.SHM_LEN_HIGH,
    VirtioRegister.SHM_BASE_LOW,
    VirtioRegister.SHM_BASE_HIGH,
)


@dataclass(slots=True)
class VirtioMmio:
    """One slot; ``irq`` is its line, high while an interrupt is not acknowledged.

    A queue is served as soon as the driver notifies it, or the device has something for it; what goes beyond one
    turn is done from ``next_action`` on, a turn each tick. ``error`` says for people why the device needs a reset,
    if it does, and ``complaint`` why it last did since power-on.
    """

    function: VirtioDevice | None = None
    memory: GuestMemory | None = field(default=None, compare=False)
    legacy: bool = False
    irq: Wire = field(default_factory=Wire)
    next_action: Deadline = field(
        default_factory=Deadline
    )  # the next turn, while there is something left to do
    status: int = 0
    isr: int = 0
    error: str | None = None
    complaint: str | None = None
    driver_features: int = 0
    now: int = 0
    _selected_queue: int = 0
    _device_page: int = 0  # DeviceFeaturesSel
    _driver_page: int = 0
    _queues: list[Queue] = field(default_factory=list)
    _notified: int = 0  # queues to serve, by bit
    _page_size: int = 0
    _aligns: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.function is not None:
            self.reset()

    def plug(self, function: VirtioDevice, memory: GuestMemory, *, legacy: bool = False) -> None:
        """Puts a device into the slot, which reaches guest memory through ``memory``."""
        self.function, self.memory, self.legacy = function, memory, legacy
        function.on_input(self._serve)
        self.reset()

    def reset(self) -> None:
        """Takes the slot back to power-on."""
        count = self.function.queues if self.function is not None else 0
        self.complaint = None
        self._page_size = 0
        self._aligns = [4096] * count  # what drivers mean that leave QueueAlign alone, as under QEMU
        self._reset_device()

    def _reset_device(self) -> None:
        """Resets the device, as the driver asks for that writes 0 to Status (2.4).

        GuestPageSize and QueueAlign are the legacy transport's, not the device's: a driver writes the first of them
        once, before it resets the device (4.2.4).
        """
        count = self.function.queues if self.function is not None else 0
        self.status = self.isr = self.driver_features = 0
        self.error = None
        self._selected_queue = self._device_page = self._driver_page = 0
        self._notified = 0
        self.next_action.set(NEVER)
        self._queues = [Queue() for _ in range(count)]
        if self.function is not None:
            self.function.reset()
        self.irq.drive(False)

    # Time

    def elapse(self, now: int) -> None:
        """Lets time pass before an access at that tick."""
        self.now = now

    def advance(self, now: int) -> None:
        """Lets time pass up to tick ``now``: what was left to do goes on."""
        self.now = now
        if now >= self.next_action.tick:
            self._serve()

    # The device's own work

    def _serve(self) -> None:
        """Serves the queues that were notified, or that the device has something for; the line follows."""
        if self.function is not None and self.memory is not None:
            self._serve_queues(self.function, self.memory)
        self.irq.drive(bool(self.isr))

    def _serve_queues(self, function: VirtioDevice, memory: GuestMemory) -> None:
        self.next_action.set(NEVER)
        if not self.status & Status.DRIVER_OK or self.error is not None:
            return
        notified, spoken = self._notified, function.pending()
        self._notified = 0
        if not notified | spoken:
            return
        try:
            for index, queue in enumerate(self._queues):
                if not (notified | spoken) >> index & 1 or not queue.ready:
                    continue
                if not notified >> index & 1:
                    queue.due = None  # the device has something for buffers that were offered long ago
                queue.credit = TURN
                if function.serve(index, queue, memory) and queue.wants_interrupt(memory):
                    self.isr |= ISR_USED
                self._notified |= queue.unfinished << index
        except QueueError as error:
            self.error = self.complaint = str(error)
            self._notified = 0
            self.status |= Status.DEVICE_NEEDS_RESET
            self.isr |= ISR_CONFIG  # a configuration change notification goes with it (2.1.2)
        if self._notified:
            self.next_action.set(self.now + 1)

    # Registers

    def read(self, cpu: int, offset: int, size: int) -> int:
        """Returns the value of a register; below the configuration space only words have one (4.2.2.2)."""
        if self.function is None:
            return _empty(offset, size)
        if offset >= CONFIG:
            return self._read_config(self.function, offset - CONFIG, size)
        return self._read(self.function, offset) & MASK32 if size == 4 else 0

    def write(self, cpu: int, offset: int, size: int, value: int) -> None:
        """Writes a register; anything but a word does nothing there, as with QEMU."""
        if self.function is None:
            return
        if offset >= CONFIG:
            self.function.write_config(
                offset - CONFIG, (value & (1 << 8 * size) - 1).to_bytes(size, "little")
            )
        elif size == 4 and (self.legacy or offset not in LEGACY_ONLY):
            self._write(self.function, offset, value & MASK32)
        self._serve()

    def _read_config(self, function: VirtioDevice, offset: int, size: int) -> int:
        return int.from_bytes(function.config()[offset : offset + size], "little")

    def _offered(self, function: VirtioDevice) -> int:
        return function.features if self.legacy else function.features | F_VERSION_1

    def _queue(self) -> Queue | None:
        return self._queues[self._selected_queue] if self._selected_queue < len(self._queues) else None

    def _read(self, function: VirtioDevice, offset: int) -> int:
        match offset:
            case VirtioRegister.MAGIC_VALUE:
                return MAGIC
            case VirtioRegister.VERSION:
                return 1 if self.legacy else 2
            case VirtioRegister.DEVICE_ID:
                return function.device_id
            case VirtioRegister.VENDOR_ID:
                return VENDOR
            case VirtioRegister.DEVICE_FEATURES:
                return self._offered(function) >> 32 * self._device_page if self._device_page < 2 else 0
            case VirtioRegister.INTERRUPT_STATUS:
                return self.isr
            case VirtioRegister.STATUS:
                return self.status
        if offset in _NO_SHARED_MEMORY and not self.legacy:
            return MASK32  # a length of all ones: no such region (4.2.2)
        queue = self._queue()
        return self._read_queue(queue, offset) if queue is not None else 0

    def _read_queue(self, queue: Queue, offset: int) -> int:
        if offset == VirtioRegister.QUEUE_NUM_MAX:
            return QUEUE_SIZE_MAX
        if offset == VirtioRegister.QUEUE_READY and not self.legacy:
            return int(queue.ready)
        if offset == VirtioRegister.QUEUE_PFN and self.legacy and queue.ready:
            return queue.descriptors // (self._page_size or 1)
        return 0

    def _write(self, function: VirtioDevice, offset: int, value: int) -> None:
        match offset:
            case VirtioRegister.DEVICE_FEATURES_SEL:
                self._device_page = value
            case VirtioRegister.DRIVER_FEATURES_SEL:
                self._driver_page = value
            case VirtioRegister.DRIVER_FEATURES:
                self._accept(value)
            case VirtioRegister.GUEST_PAGE_SIZE:
                self._page_size = value
            case VirtioRegister.QUEUE_SEL:
                self._selected_queue = value
            case VirtioRegister.QUEUE_NOTIFY:
                if value < len(self._queues):
                    self._notified |= 1 << value
                    self._queues[value].due = None
            case VirtioRegister.INTERRUPT_ACK:
                self.isr &= ~value
            case VirtioRegister.STATUS:
                self._write_status(function, value & 0xFF)
            case _:
                queue = self._queue()
                if queue is not None:
                    self._write_queue(queue, offset, value)

    def _accept(self, value: int) -> None:
        if self._driver_page < 2 and not self.status & Status.FEATURES_OK:
            shift = 32 * self._driver_page
            self.driver_features = self.driver_features & ~(MASK32 << shift) | value << shift

    def _write_status(self, function: VirtioDevice, value: int) -> None:
        if not value:
            self._reset_device()
            return
        wrong = self.driver_features & ~self._offered(function)
        if not self.legacy and (wrong or not self.driver_features & F_VERSION_1):
            value &= ~Status.FEATURES_OK  # the driver reads it back and gives up (3.1.1)
        broken = Status.DEVICE_NEEDS_RESET if self.error is not None else 0  # the device's own bit
        self.status = value & ~Status.DEVICE_NEEDS_RESET | broken

    def _write_queue(self, queue: Queue, offset: int, value: int) -> None:
        if offset == VirtioRegister.QUEUE_READY and not self.legacy:
            if not value & 1:
                queue.forget()
            queue.ready = bool(value & 1)
        elif offset == VirtioRegister.QUEUE_PFN:
            self._place_legacy(queue, value)
        elif offset == VirtioRegister.QUEUE_ALIGN:
            self._aligns[self._selected_queue] = value
        elif queue.ready:
            return  # addresses and size are the driver's only while the queue is not in use (4.2.2.2)
        elif offset == VirtioRegister.QUEUE_NUM:
            queue.num = value
        elif offset & ~4 in _AREAS and not self.legacy:
            name, shift = _AREAS[VirtioRegister(offset & ~4)], 32 if offset & 4 else 0
            setattr(queue, name, getattr(queue, name) & ~(MASK32 << shift) | value << shift)

    def _place_legacy(self, queue: Queue, page: int) -> None:
        """Places a legacy queue (4.2.4), which lies in a row from that page; page 0 takes it out of use."""
        queue.ready = bool(page)
        queue.forget()
        queue.descriptors = page * self._page_size
        queue.driver = queue.descriptors + 16 * queue.num
        align = max(1, self._aligns[self._selected_queue])
        end = queue.driver + 6 + 2 * queue.num  # with used_event (2.7.2)
        queue.device = (end + align - 1) // align * align


def _empty(offset: int, size: int) -> int:
    """Returns QEMU's answer where no device is plugged in: a driver sees device ID 0 and goes on."""
    word = {
        VirtioRegister.MAGIC_VALUE: MAGIC,
        VirtioRegister.VERSION: 1,
        VirtioRegister.VENDOR_ID: VENDOR,
    }.get(VirtioRegister(offset) if offset in list(VirtioRegister) else VirtioRegister.DEVICE_ID, 0)
    return word & (1 << 8 * size) - 1
