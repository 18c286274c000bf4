# SPDX-License-Identifier: MIT
"""Block device (5.2): requests of 512-byte sectors on a disk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from struct import Struct
from typing import ClassVar, Protocol

from harness.arguments import guest_bytes
from harness.devices.virtio.queue import Chain, GuestMemory, Queue, QueueError

SECTOR = 512
ID_BYTES = 20
SEGMENTS = 254
F_SEG_MAX, F_RO, F_BLK_SIZE, F_FLUSH = 1 << 2, 1 << 5, 1 << 6, 1 << 9
_HEADER = Struct("<IIQ")
_CONFIG = Struct("<QIIHBBI36x")  # capacity, size_max, seg_max, geometry, blk_size; the rest is not offered


class Request(IntEnum):
    """Types of requests (5.2.6)."""

    IN = 0
    OUT = 1
    FLUSH = 4
    GET_ID = 8


class Answer(IntEnum):
    """Status byte of a request."""

    OK = 0
    IOERR = 1
    UNSUPP = 2


class Disk(Protocol):
    """Disk behind a block device. Reads and writes may raise OSError, which the guest sees as IOERR."""

    readonly: bool
    identity: str

    @property
    def size(self) -> int:
        """Bytes; a last sector that is not whole reads as if filled up with zeros."""
        ...

    def read(self, offset: int, size: int) -> bytes:
        """Returns bytes from ``offset``; fewer at the end."""
        ...

    def write(self, offset: int, data: bytes) -> None:
        """Writes bytes at ``offset``."""
        ...

    def flush(self) -> None:
        """Makes safe what was written; it is when this returns."""
        ...


@dataclass(slots=True)
class MemoryDisk:
    """Disk of bytes in memory."""

    data: bytearray = field(default_factory=bytearray)
    readonly: bool = False
    identity: str = "memory"
    flushes: int = 0

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.data)

    def read(self, offset: int, size: int) -> bytes:
        """Returns bytes from ``offset``."""
        return bytes(self.data[offset : offset + size])

    def write(self, offset: int, data: bytes) -> None:
        """Writes bytes at ``offset``."""
        self.data[offset : offset + len(data)] = data

    def flush(self) -> None:
        """Counts the flushes."""
        self.flushes += 1


@dataclass(slots=True)
class Block:
    """Block device. Each request is done at once, when the driver notifies."""

    device_id: ClassVar[int] = 2
    queues: ClassVar[int] = 1

    disk: Disk

    def __post_init__(self) -> None:
        guest_bytes("drive", self.disk.identity)  # which the guest may ask for

    @property
    def capacity(self) -> int:
        """Sectors of 512 bytes."""
        return (self.disk.size + SECTOR - 1) // SECTOR

    @property
    def features(self) -> int:
        """SEG_MAX, BLK_SIZE, FLUSH, and RO where the disk is read-only."""
        return F_SEG_MAX | F_BLK_SIZE | F_FLUSH | (F_RO if self.disk.readonly else 0)

    def on_input(self, listener: Callable[[], object]) -> None:
        """Ignores the listener: a disk does not speak first."""

    def config(self) -> bytes:
        """Returns struct virtio_blk_config (5.2.4)."""
        return _CONFIG.pack(self.capacity, 0, SEGMENTS, 0, 0, 0, SECTOR)

    def write_config(self, offset: int, data: bytes) -> None:
        """Ignores the write: the write-back mode is not offered."""

    def pending(self) -> int:
        """Returns 0: a disk never speaks first."""
        return 0

    def reset(self) -> None:
        """Does nothing: there is no state between requests."""

    def serve(self, index: int, queue: Queue, memory: GuestMemory) -> bool:
        """Does the requests that are due, as far as the turn goes."""
        used = False
        while (chain := queue.pop(memory)) is not None:
            queue.push(memory, chain, self._request(chain, queue, memory))
            used = True
        return used

    def _request(self, chain: Chain, queue: Queue, memory: GuestMemory) -> int:
        """Does one request; returns the bytes written, the status being the last. What is not read is zeroed."""
        sent = chain.read(memory)
        if len(sent) < _HEADER.size or chain.room < 1:
            raise QueueError("a request without its header or without room for its status")
        kind, _, sector = _HEADER.unpack_from(sent)
        room = chain.room - 1
        if kind == Request.FLUSH:
            queue.credit = 0  # the host's disk may take its time: one of these a turn
        try:
            answer, data = self._perform(kind, sector * SECTOR, memoryview(sent)[_HEADER.size :], room)
        except OSError:
            answer, data = Answer.IOERR, b""
        chain.write(memory, data.ljust(room, b"\0") + bytes([answer]))
        return room + 1

    def _perform(self, kind: int, offset: int, data: memoryview, room: int) -> tuple[Answer, bytes]:
        match kind:
            case Request.IN:
                if not self._within(offset, room):
                    return Answer.IOERR, b""
                return Answer.OK, self.disk.read(offset, room)
            case Request.OUT:
                if self.disk.readonly or not self._within(offset, len(data)):
                    return Answer.IOERR, b""
                self.disk.write(offset, bytes(data))
            case Request.FLUSH:
                self.disk.flush()
            case Request.GET_ID:
                return Answer.OK, guest_bytes("drive", self.disk.identity)[: min(ID_BYTES, room)]
            case _:
                return Answer.UNSUPP, b""
        return Answer.OK, b""

    def _within(self, offset: int, size: int) -> bool:
        """Returns True for whole sectors that are all on the disk (5.2.6.2)."""
        return not size % SECTOR and offset + size <= self.capacity * SECTOR
