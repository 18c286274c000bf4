# SPDX-License-Identifier: MIT
"""The MMIO transport (4.2): one slot of the board, with a device in it or empty.

Version 2 is the register layout of 4.2.2; ``legacy`` gives version 1 (4.2.4), which QEMU's ``virt`` has unless
told ``force-legacy=false``. An empty slot answers as QEMU's does: magic, version 1, vendor, and zeros.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, IntFlag
from typing import Protocol

from harness.devices.virtio.queue import QUEUE_SIZE_MAX, GuestMemory, Queue, QueueError

MAGIC = 0x7472_6976  # "virt"
VENDOR = 0x554D_4551  # "QEMU", whose board this is
CONFIG = 0x100
MASK32 = 0xFFFF_FFFF
F_VERSION_1 = 1 << 32
ISR_USED, ISR_CONFIG = 1, 2


class Register(IntEnum):
    """Offsets (4.2.2, table 4.1; 4.2.4, table 4.3)."""

    MAGIC_VALUE = 0x000
    VERSION = 0x004
    DEVICE_ID = 0x008
    VENDOR_ID = 0x00C
    DEVICE_FEATURES = 0x010
    DEVICE_FEATURES_SEL = 0x014
    DRIVER_FEATURES = 0x020
    DRIVER_FEATURES_SEL = 0x024
    GUEST_PAGE_SIZE = 0x028  # legacy
    QUEUE_SEL = 0x030
    QUEUE_NUM_MAX = 0x034
    QUEUE_NUM = 0x038
    QUEUE_ALIGN = 0x03C  # legacy
    QUEUE_PFN = 0x040  # legacy
    QUEUE_READY = 0x044
    QUEUE_NOTIFY = 0x050
    INTERRUPT_STATUS = 0x060
    INTERRUPT_ACK = 0x064
    STATUS = 0x070
    QUEUE_DESC_LOW = 0x080
    QUEUE_DESC_HIGH = 0x084
    QUEUE_DRIVER_LOW = 0x090
    QUEUE_DRIVER_HIGH = 0x094
    QUEUE_DEVICE_LOW = 0x0A0
    QUEUE_DEVICE_HIGH = 0x0A4
    SHM_LEN_LOW = 0x0B0
    SHM_LEN_HIGH = 0x0B4
    SHM_BASE_LOW = 0x0B8
    SHM_BASE_HIGH = 0x0BC
    CONFIG_GENERATION = 0x0FC


class Status(IntFlag):
    """Device status (2.1)."""

    ACKNOWLEDGE = 1
    DRIVER = 2
    DRIVER_OK = 4
    FEATURES_OK = 8
    DEVICE_NEEDS_RESET = 64
    FAILED = 128


LEGACY_ONLY = (Register.GUEST_PAGE_SIZE, Register.QUEUE_ALIGN, Register.QUEUE_PFN)
_AREAS = {
    Register.QUEUE_DESC_LOW: "descriptors",
    Register.QUEUE_DRIVER_LOW: "driver",
    Register.QUEUE_DEVICE_LOW: "device",
}
_NO_SHARED_MEMORY = (
    Register.SHM_LEN_LOW,
    Register.SHM_LEN_HIGH,
    Register.SHM_BASE_LOW,
    Register.SHM_BASE_HIGH,
)


class Function(Protocol):
    """What a slot holds: one type of device (chapter 5)."""

    @property
    def device_id(self) -> int:
        """Its type: 2 block, 3 console."""
        ...

    @property
    def queues(self) -> int:
        """How many virtqueues it has."""
        ...

    @property
    def features(self) -> int:
        """Feature bits offered beside VIRTIO_F_VERSION_1."""
        ...

    def config(self) -> bytes:
        """The device's configuration space."""
        ...

    def write_config(self, offset: int, data: bytes) -> None:
        """The driver wrote to the configuration space."""
        ...

    def pending(self) -> int:
        """Bit n: the device itself has something for queue n."""
        ...

    def serve(self, index: int, queue: Queue, memory: GuestMemory) -> bool:
        """Do what a queue asks for; whether any buffer was used. QueueError for what is malformed."""
        ...

    def reset(self) -> None:
        """The driver, or the system, reset the device."""
        ...


@dataclass(slots=True)
class VirtioMmio:
    """One slot; ``irq`` is its line, high while an interrupt is not acknowledged.

    ``error`` says for people why the device needs a reset, if it does.
    """

    function: Function | None = None
    legacy: bool = False
    status: int = 0
    isr: int = 0
    error: str | None = None
    driver_features: int = 0
    _selected_queue: int = 0
    _device_page: int = 0  # DeviceFeaturesSel
    _driver_page: int = 0
    _queues: list[Queue] = field(default_factory=list)
    _notified: int = 0
    _page_size: int = 0
    _aligns: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.reset()

    @property
    def irq(self) -> bool:
        """Level of the interrupt line."""
        return bool(self.isr)

    def reset(self) -> None:
        """As after power-on, or after the driver wrote 0 to Status."""
        count = self.function.queues if self.function is not None else 0
        self.status = self.isr = self.driver_features = 0
        self.error = None
        self._selected_queue = self._device_page = self._driver_page = 0
        self._notified = self._page_size = 0
        self._queues = [Queue() for _ in range(count)]
        self._aligns = [4096] * count  # what drivers mean that leave QueueAlign alone, as under QEMU
        if self.function is not None:
            self.function.reset()

    # The device's own work

    def service(self, memory: GuestMemory) -> None:
        """Serve the queues that were notified, or that the device has something for."""
        function = self.function
        if function is None or not self.status & Status.DRIVER_OK or self.error is not None:
            return
        todo = self._notified | function.pending()
        self._notified = 0
        if not todo:
            return
        try:
            for index, queue in enumerate(self._queues):
                if (
                    todo >> index & 1
                    and queue.ready
                    and function.serve(index, queue, memory)
                    and queue.wants_interrupt(memory)
                ):
                    self.isr |= ISR_USED
        except QueueError as error:
            self.error = str(error)
            self.status |= Status.DEVICE_NEEDS_RESET
            self.isr |= ISR_CONFIG  # a configuration change notification goes with it (2.1.2)

    # Registers

    def read(self, cpu: int, offset: int, size: int) -> int:
        """Value of a register. Only words are defined below the configuration space (4.2.2.2); else zero."""
        if self.function is None:
            return _empty(offset, size)
        if offset >= CONFIG:
            return self._read_config(self.function, offset - CONFIG, size)
        return self._read(self.function, offset) & MASK32 if size == 4 else 0

    def write(self, cpu: int, offset: int, size: int, value: int) -> None:
        """Write a register; anything but a word does nothing there, as with QEMU."""
        if self.function is None:
            return
        if offset >= CONFIG:
            self.function.write_config(
                offset - CONFIG, (value & (1 << 8 * size) - 1).to_bytes(size, "little")
            )
        elif size == 4 and (self.legacy or offset not in LEGACY_ONLY):
            self._write(self.function, offset, value & MASK32)

    def _read_config(self, function: Function, offset: int, size: int) -> int:
        return int.from_bytes(function.config()[offset : offset + size], "little")

    def _offered(self, function: Function) -> int:
        return function.features if self.legacy else function.features | F_VERSION_1

    def _queue(self) -> Queue | None:
        return self._queues[self._selected_queue] if self._selected_queue < len(self._queues) else None

    def _read(self, function: Function, offset: int) -> int:
        match offset:
            case Register.MAGIC_VALUE:
                return MAGIC
            case Register.VERSION:
                return 1 if self.legacy else 2
            case Register.DEVICE_ID:
                return function.device_id
            case Register.VENDOR_ID:
                return VENDOR
            case Register.DEVICE_FEATURES:
                return self._offered(function) >> 32 * self._device_page if self._device_page < 2 else 0
            case Register.INTERRUPT_STATUS:
                return self.isr
            case Register.STATUS:
                return self.status
        if offset in _NO_SHARED_MEMORY and not self.legacy:
            return MASK32  # a length of all ones: no such region (4.2.2)
        queue = self._queue()
        return self._read_queue(queue, offset) if queue is not None else 0

    def _read_queue(self, queue: Queue, offset: int) -> int:
        if offset == Register.QUEUE_NUM_MAX:
            return QUEUE_SIZE_MAX
        if offset == Register.QUEUE_READY and not self.legacy:
            return int(queue.ready)
        if offset == Register.QUEUE_PFN and self.legacy and queue.ready:
            return queue.descriptors // (self._page_size or 1)
        return 0

    def _write(self, function: Function, offset: int, value: int) -> None:
        match offset:
            case Register.DEVICE_FEATURES_SEL:
                self._device_page = value
            case Register.DRIVER_FEATURES_SEL:
                self._driver_page = value
            case Register.DRIVER_FEATURES:
                self._accept(value)
            case Register.GUEST_PAGE_SIZE:
                self._page_size = value
            case Register.QUEUE_SEL:
                self._selected_queue = value
            case Register.QUEUE_NOTIFY:
                if value < len(self._queues):
                    self._notified |= 1 << value
            case Register.INTERRUPT_ACK:
                self.isr &= ~value
            case Register.STATUS:
                self._write_status(function, value & 0xFF)
            case _:
                queue = self._queue()
                if queue is not None:
                    self._write_queue(queue, offset, value)

    def _accept(self, value: int) -> None:
        if self._driver_page < 2 and not self.status & Status.FEATURES_OK:
            shift = 32 * self._driver_page
            self.driver_features = self.driver_features & ~(MASK32 << shift) | value << shift

    def _write_status(self, function: Function, value: int) -> None:
        if not value:
            self.reset()
            return
        wrong = self.driver_features & ~self._offered(function)
        if not self.legacy and (wrong or not self.driver_features & F_VERSION_1):
            value &= ~Status.FEATURES_OK  # the driver reads it back and gives up (3.1.1)
        broken = Status.DEVICE_NEEDS_RESET if self.error is not None else 0  # the device's own bit
        self.status = value & ~Status.DEVICE_NEEDS_RESET | broken

    def _write_queue(self, queue: Queue, offset: int, value: int) -> None:
        if offset == Register.QUEUE_READY and not self.legacy:
            if not value & 1:
                queue.taken = queue.used = 0
            queue.ready = bool(value & 1)
        elif offset == Register.QUEUE_PFN:
            self._place_legacy(queue, value)
        elif offset == Register.QUEUE_ALIGN:
            self._aligns[self._selected_queue] = value
        elif queue.ready:
            return  # addresses and size are the driver's only while the queue is not in use (4.2.2.2)
        elif offset == Register.QUEUE_NUM:
            queue.num = value
        elif offset & ~4 in _AREAS and not self.legacy:
            name, shift = _AREAS[Register(offset & ~4)], 32 if offset & 4 else 0
            setattr(queue, name, getattr(queue, name) & ~(MASK32 << shift) | value << shift)

    def _place_legacy(self, queue: Queue, page: int) -> None:
        """4.2.4: the whole queue lies in a row from that page; page 0 takes it out of use."""
        queue.ready = bool(page)
        queue.taken = queue.used = 0
        queue.descriptors = page * self._page_size
        queue.driver = queue.descriptors + 16 * queue.num
        align = max(1, self._aligns[self._selected_queue])
        end = queue.driver + 6 + 2 * queue.num  # with used_event (2.7.2)
        queue.device = (end + align - 1) // align * align


def _empty(offset: int, size: int) -> int:
    """QEMU's answer where no device is plugged in: a driver sees device ID 0 and goes on."""
    word = {Register.MAGIC_VALUE: MAGIC, Register.VERSION: 1, Register.VENDOR_ID: VENDOR}.get(
        Register(offset) if offset in list(Register) else Register.DEVICE_ID, 0
    )
    return word & (1 << 8 * size) - 1
