# SPDX-License-Identifier: MIT
"""A virtio driver in Python, for device models: memory, a split virtqueue, and the transport's initialisation."""

from __future__ import annotations

from dataclasses import dataclass, field
from struct import pack, pack_into, unpack_from

from harness.devices import VirtioMmio
from harness.devices.virtio.registers import F_VERSION_1, Status, VirtioRegister

BASE = 0x4000_0000
SIZE = 0x4_0000
NEXT, WRITE, INDIRECT = 1, 2, 4
DESC, AVAIL, USED, DATA = 0x1000, 0x2000, 0x3000, 0x8000
R = VirtioRegister


@dataclass
class Ram:
    """RAM at BASE; its last page is ROM to devices."""

    data: bytearray = field(default_factory=lambda: bytearray(SIZE))

    def readable(self, address: int, size: int) -> bool:
        return address >= BASE and address + size <= BASE + SIZE

    def writable(self, address: int, size: int) -> bool:
        return address >= BASE and address + size <= BASE + SIZE - 0x1000

    def read(self, address: int, size: int) -> bytes:
        assert self.readable(address, size)
        return bytes(self.data[address - BASE : address - BASE + size])

    def write(self, address: int, data: bytes) -> None:
        assert self.writable(address, len(data))
        self.data[address - BASE : address - BASE + len(data)] = data


@dataclass
class Driver:
    """Drives one slot; queue ``n`` lies at 0x4000 * n within the areas above."""

    slot: VirtioMmio
    ram: Ram = field(default_factory=Ram)
    num: int = 8
    made: dict[int, int] = field(default_factory=dict)
    seen: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.slot.function is not None:
            self.slot.plug(self.slot.function, self.ram, legacy=self.slot.legacy)

    def read(self, register: int, size: int = 4) -> int:
        return self.slot.read(0, register, size)

    def write(self, register: int, value: int, size: int = 4) -> None:
        self.slot.write(0, register, size, value)

    def offered(self) -> int:
        self.write(R.DEVICE_FEATURES_SEL, 0)
        low = self.read(R.DEVICE_FEATURES)
        self.write(R.DEVICE_FEATURES_SEL, 1)
        return low | self.read(R.DEVICE_FEATURES) << 32

    def accept(self, features: int) -> None:
        for page in (0, 1):
            self.write(R.DRIVER_FEATURES_SEL, page)
            self.write(R.DRIVER_FEATURES, features >> 32 * page & 0xFFFF_FFFF)

    def start(self, queues: int = 1, features: int | None = None) -> Driver:
        """3.1.1, in its order."""
        self.write(R.STATUS, 0)
        self.write(R.STATUS, Status.ACKNOWLEDGE)
        self.write(R.STATUS, Status.ACKNOWLEDGE | Status.DRIVER)
        self.accept(self.offered() if features is None else features)
        status = Status.ACKNOWLEDGE | Status.DRIVER | Status.FEATURES_OK
        self.write(R.STATUS, status)
        assert self.read(R.STATUS) == status
        for n in range(queues):
            self.place(n)
        self.write(R.STATUS, status | Status.DRIVER_OK)
        return self

    def place(self, n: int) -> None:
        self.write(R.QUEUE_SEL, n)
        self.write(R.QUEUE_NUM, self.num)
        for register, area in (
            (R.QUEUE_DESC_LOW, DESC),
            (R.QUEUE_DRIVER_LOW, AVAIL),
            (R.QUEUE_DEVICE_LOW, USED),
        ):
            self.write(register, BASE + 0x4000 * n + area)
            self.write(register + 4, 0)
        self.write(R.QUEUE_READY, 1)
        self.made[n] = self.seen[n] = 0

    def descriptor(self, queue: int, index: int, address: int, size: int, flags: int, following: int) -> None:
        at = 0x4000 * queue + DESC + 16 * index
        pack_into("<QIHH", self.ram.data, at, address & (1 << 64) - 1, size, flags, following)

    def available(self, queue: int, head: int) -> None:
        at = 0x4000 * queue + AVAIL
        pack_into("<H", self.ram.data, at + 4 + 2 * (self.made[queue] % self.num), head)
        self.made[queue] = (self.made[queue] + 1) % 0x1_0000
        pack_into("<H", self.ram.data, at + 2, self.made[queue])

    def chain(self, queue: int, *buffers: tuple[bytes | int, int]) -> list[int]:
        """Make a chain from (bytes to send | size to receive, descriptor index); addresses of its buffers."""
        addresses = []
        for place, (what, index) in enumerate(buffers):
            at = DATA + 0x4000 * queue + 0x400 * index
            flags = 0 if isinstance(what, bytes) else WRITE
            size = len(what) if isinstance(what, bytes) else what
            if isinstance(what, bytes):
                self.ram.data[at : at + size] = what
            last = place == len(buffers) - 1
            following = 0 if last else buffers[place + 1][1]
            self.descriptor(queue, index, BASE + at, size, flags | (0 if last else NEXT), following)
            addresses.append(at)
        self.available(queue, buffers[0][1])
        return addresses

    def notify(self, queue: int) -> None:
        self.write(R.QUEUE_NOTIFY, queue)

    def used(self, queue: int) -> list[tuple[int, int]]:
        """(head, length) of what came back since the last look."""
        at = 0x4000 * queue + USED
        (index,) = unpack_from("<H", self.ram.data, at + 2)
        got = []
        while self.seen[queue] != index:
            got.append(unpack_from("<II", self.ram.data, at + 4 + 8 * (self.seen[queue] % self.num)))
            self.seen[queue] = (self.seen[queue] + 1) % 0x1_0000
        return got


def header(kind: int, sector: int = 0) -> bytes:
    return pack("<IIQ", kind, 0, sector)


VERSION_1 = F_VERSION_1
