# SPDX-License-Identifier: MIT
"""Split virtqueue (2.7), as a device sees it: take a chain of buffers, give it back used.

Everything the driver put into memory is checked before it is followed. What no driver may write raises
:class:`QueueError`, and the transport asks for a reset then; no queue makes a device loop or reach outside RAM.

The work of one turn is bounded, whatever numbers the driver wrote and whatever a request did to its own queue: the
available index is read once a notification, and each chain takes of the turn's credit. What is left then, the
device does in a later turn.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import NamedTuple, Protocol

QUEUE_SIZE_MAX = 1024  # QueueNumMax, as QEMU's
LONGEST_CHAIN = 16 << 20  # bytes: far above what a request of these devices needs; bounds the work of one
TURN = LONGEST_CHAIN  # credit of a turn, in bytes of its chains
_DESCRIPTOR_COST = 4096  # of that credit, for each descriptor
_INDICES = 1 << 16

DESC_NEXT, DESC_WRITE, DESC_INDIRECT = 1, 2, 4
AVAIL_NO_INTERRUPT = 1
_DESCRIPTOR = Struct("<QIHH")
_USED = Struct("<II")


class QueueError(Exception):
    """Error of a driver that wrote what a virtqueue cannot hold; the device needs a reset (2.1.2)."""


class GuestMemory(Protocol):
    """Guest-physical memory, for DMA. Accesses are made only where :meth:`readable` or :meth:`writable` said so."""

    def readable(self, address: int, size: int) -> bool:
        """Returns True if all these bytes are memory."""
        ...

    def writable(self, address: int, size: int) -> bool:
        """Returns True if all these bytes are memory that a device may write."""
        ...

    def read(self, address: int, size: int) -> bytes:
        """Reads bytes at a guest-physical address."""
        ...

    def write(self, address: int, data: bytes) -> None:
        """Writes bytes; every PE sees them, as data and as code."""
        ...


class Buffer(NamedTuple):
    """Element of a chain."""

    address: int
    size: int


@dataclass(frozen=True, slots=True)
class Chain:
    """Buffers of one request: what the device may read, then what it may write (2.7.4.2)."""

    head: int
    readable: tuple[Buffer, ...]
    writable: tuple[Buffer, ...]

    @property
    def room(self) -> int:
        """Bytes that the device may write."""
        return sum(buffer.size for buffer in self.writable)

    def read(self, memory: GuestMemory) -> bytes:
        """Returns all that the driver sends, whichever way it is cut into buffers (2.7.4.3)."""
        return b"".join(memory.read(*buffer) for buffer in self.readable)

    def write(self, memory: GuestMemory, data: bytes, offset: int = 0) -> None:
        """Puts ``data`` at ``offset`` bytes into the writable buffers; what does not fit is dropped."""
        for buffer in self.writable:
            if offset < buffer.size and data:
                part = data[: buffer.size - offset]
                memory.write(buffer.address + offset, part)
                data = data[len(part) :]
            offset = max(0, offset - buffer.size)


@dataclass(slots=True)
class Queue:
    """One virtqueue: where its three areas lie, and how far the device has come."""

    num: int = 0
    descriptors: int = 0
    driver: int = 0
    device: int = 0
    ready: bool = False
    taken: int = 0  # chains taken from the available ring, modulo 2**16
    used: int = 0  # chains put into the used ring, modulo 2**16
    due: int | None = None  # chains to do for the last notification; None if the index is still to be read
    credit: int = 0  # what is left of a turn

    @property
    def unfinished(self) -> bool:
        """True if a turn ended before all that was due was done."""
        return bool(self.due) and self.credit <= 0

    def forget(self) -> None:
        """Starts the queue anew: nothing of its rings is taken or used."""
        self.taken = self.used = 0
        self.due = None

    def pop(self, memory: GuestMemory) -> Chain | None:
        """Returns the next chain that is due, None if there is none or the turn's credit is used up.

        QueueError if it is malformed.
        """
        if self.due is None:
            self.due = self._waiting(memory)
        if not self.due or self.credit <= 0:
            return None
        head = self._half(memory, self.driver + 4 + 2 * (self.taken % self.num))
        chain = self._walk(memory, head)
        self.taken = (self.taken + 1) % _INDICES
        self.due -= 1
        return chain

    def _waiting(self, memory: GuestMemory) -> int:
        """Returns the number of chains that the driver made available and that were not taken."""
        if not self.num or self.num > QUEUE_SIZE_MAX or self.num & (self.num - 1):
            raise QueueError(f"a queue of {self.num} descriptors")
        waiting = self._half(memory, self.driver + 2) - self.taken & _INDICES - 1
        if waiting > self.num:
            raise QueueError(f"{waiting} chains are available in a queue of {self.num}")
        return waiting

    def push(self, memory: GuestMemory, chain: Chain, written: int) -> None:
        """Gives a chain back, of whose writable bytes ``written`` were written (2.7.8)."""
        element = self.device + 4 + _USED.size * (self.used % self.num)
        self._store(memory, element, _USED.pack(chain.head, written))
        self.used = (self.used + 1) % _INDICES
        self._store(memory, self.device + 2, self.used.to_bytes(2, "little"))

    def wants_interrupt(self, memory: GuestMemory) -> bool:
        """Returns True if the driver wants to hear of used buffers (2.7.7)."""
        return not self._half(memory, self.driver) & AVAIL_NO_INTERRUPT

    def _walk(self, memory: GuestMemory, head: int) -> Chain:
        readable: list[Buffer] = []
        writable: list[Buffer] = []
        index, total = head, 0
        for _ in range(self.num):
            if index >= self.num:
                raise QueueError(f"descriptor {index} of {self.num}")
            address, size, flags, following = _DESCRIPTOR.unpack(
                self._load(memory, self.descriptors + _DESCRIPTOR.size * index, _DESCRIPTOR.size)
            )
            if flags & DESC_INDIRECT:
                raise QueueError("an indirect descriptor, which was not negotiated")
            total += size
            self.credit -= size + _DESCRIPTOR_COST
            if total > LONGEST_CHAIN:
                raise QueueError(f"a chain of {total} bytes or more")
            if flags & DESC_WRITE:
                writable.append(_buffer(address, size, memory.writable(address, size) or not size))
            elif writable:
                raise QueueError("a readable buffer after a writable one")
            else:
                readable.append(_buffer(address, size, memory.readable(address, size) or not size))
            if not flags & DESC_NEXT:
                return Chain(head, _filled(readable), _filled(writable))
            index = following
        raise QueueError("a chain that loops")

    def _half(self, memory: GuestMemory, address: int) -> int:
        return int.from_bytes(self._load(memory, address, 2), "little")

    def _load(self, memory: GuestMemory, address: int, size: int) -> bytes:
        if not memory.readable(address, size):
            raise QueueError(f"{size} bytes of the queue at {address:#x}, which is no memory")
        return memory.read(address, size)

    def _store(self, memory: GuestMemory, address: int, data: bytes) -> None:
        if not memory.writable(address, len(data)):
            raise QueueError(f"the used ring at {address:#x}, which is no memory")
        memory.write(address, data)


def _buffer(address: int, size: int, good: bool) -> Buffer:
    if not good:
        raise QueueError(f"a buffer of {size} bytes at {address:#x}, which is no memory")
    return Buffer(address, size)


def _filled(buffers: list[Buffer]) -> tuple[Buffer, ...]:
    return tuple(buffer for buffer in buffers if buffer.size)
