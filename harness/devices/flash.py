# SPDX-License-Identifier: MIT
"""CFI parallel flash with Intel's command set, as QEMU's ``virt`` has two of (JESD68.01, JEP137, Intel 28F256K).

A bank is two 16-bit devices side by side, written and read together in 32-bit words. The model is the command
state machine alone; the bytes are memory, which the CPU reads and executes in place while the bank is in array
mode. A write yields the change of the bytes, if it is one, for the owner to make.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final, NamedTuple

DEVICE_WIDTH: Final = 2
BANK_WIDTH: Final = 4
DEVICES: Final = BANK_WIDTH // DEVICE_WIDTH
BANK_SIZE: Final = 64 << 20
SECTOR_SIZE: Final = 256 << 10
"""Bytes erased together: 128 KiB of each device."""
WRITE_BUFFER: Final = 2048  # bytes of each device
MANUFACTURER, DEVICE = 0x89, 0x18


class Command(IntEnum):
    """First bytes of a command; each device of the bank is given the same."""

    READ_ARRAY = 0xFF
    RESET = 0xF0  # AMD's, which Intel's take for READ_ARRAY too
    PROGRAM_ALTERNATE = 0x10
    ERASE = 0x20
    PROGRAM = 0x40
    CLEAR_STATUS = 0x50
    LOCK = 0x60
    READ_STATUS = 0x70
    READ_ID = 0x90
    QUERY = 0x98
    CONFIRM = 0xD0
    LOCK_CONFIRM = 0x01
    WRITE_BUFFERED = 0xE8


READY: Final = 0x80  # SR.7; erase, program and protection errors do not occur

_ARRAY = (Command.READ_ARRAY, Command.RESET)
_STAYS = (Command.READ_STATUS, Command.READ_ID, Command.QUERY)  # commands of one cycle


class Change(NamedTuple):
    """Bytes of the bank that a write changes: ``data`` from ``offset`` on."""

    offset: int
    data: bytes


def _query_table() -> bytes:
    """Returns the CFI query structure of one device (JESD68.01, tables 1 to 4), by word."""
    blocks, block = BANK_SIZE // SECTOR_SIZE, SECTOR_SIZE // DEVICES
    table = bytearray(0x52)
    table[0x10:0x13] = b"QRY"
    table[0x13] = 0x01  # Intel's command set
    table[0x15] = 0x31  # the primary extended table
    table[0x1B:0x1D] = b"\x45\x55"  # supply: 4.5 V to 5.5 V
    table[0x1F:0x23] = b"\x07\x07\x0a\x00"  # typical times: 128 us a word, 128 us a buffer, 1 s a block
    table[0x23:0x27] = b"\x04\x04\x04\x00"  # longest: 16 times as much
    table[0x27] = (BANK_SIZE // DEVICES).bit_length() - 1
    table[0x28] = 0x02  # x8 and x16
    table[0x2A] = WRITE_BUFFER.bit_length() - 1
    table[0x2C] = 1  # one region of equal blocks
    table[0x2D:0x2F] = (blocks - 1).to_bytes(2, "little")
    table[0x2F:0x31] = (block >> 8).to_bytes(2, "little")
    table[0x31:0x36] = b"PRI10"
    table[0x3F] = 1  # a protection field
    return bytes(table)


QUERY_TABLE: Final = _query_table()


@dataclass(slots=True)
class Flash:
    """One bank's command state: plain data.

    ``mode`` is the command whose answer a read gets; ``cycle`` counts the writes of a command under way.
    """

    mode: int = Command.READ_ARRAY
    cycle: int = 0
    status: int = READY
    left: int = 0  # words of a buffered write that are still to come, less one

    @property
    def in_array(self) -> bool:
        """True if reads are of the bytes themselves."""
        return self.mode == Command.READ_ARRAY

    def reset(self) -> None:
        """Takes the bank to power-on: array mode, ready."""
        self.mode, self.cycle, self.status, self.left = Command.READ_ARRAY, 0, READY, 0

    def read(self, offset: int, size: int) -> int:
        """Reads outside array mode: status, identification or query answer of each device."""
        if self.mode == Command.READ_ID:
            word = offset // BANK_WIDTH & 0xFF
            return _of_each((MANUFACTURER, DEVICE)[word] if word < 2 else 0, size)
        if self.mode == Command.QUERY:
            word = offset // BANK_WIDTH
            return _of_each(QUERY_TABLE[word] if word < len(QUERY_TABLE) else 0, size)
        return _of_each(self.status, size)

    def write(self, offset: int, size: int, value: int) -> Change | None:
        """Takes a write, part of a command; returns what it changes of the bytes, if anything."""
        command = value & 0xFF
        if self.cycle == 0:
            return self._first(offset, command)
        if command in _ARRAY and self.mode in (Command.ERASE, Command.LOCK):
            return self._to_array()
        if self.mode in (Command.PROGRAM, Command.PROGRAM_ALTERNATE):
            return self._program(offset, size, value)
        if self.mode == Command.ERASE and command == Command.CONFIRM:
            return self._done()
        if self.mode == Command.LOCK and command in (Command.CONFIRM, Command.LOCK_CONFIRM):
            return self._done()
        if self.mode == Command.WRITE_BUFFERED:
            return self._buffered(offset, size, value)
        return self._to_array()

    def _first(self, offset: int, command: int) -> Change | None:
        if command in (0, *_ARRAY):
            return self._to_array()
        if command == Command.CLEAR_STATUS:
            self.status = READY
            return self._to_array()
        if command in _STAYS:
            self.mode = command
            return None
        if command not in (
            Command.PROGRAM,
            Command.PROGRAM_ALTERNATE,
            Command.ERASE,
            Command.LOCK,
            Command.WRITE_BUFFERED,
        ):
            return self._to_array()
        self.mode, self.cycle = command, 1
        if command == Command.ERASE:
            return Change(offset // SECTOR_SIZE * SECTOR_SIZE, b"\xff" * SECTOR_SIZE)
        return None

    def _program(self, offset: int, size: int, value: int) -> Change:
        self._done()
        return Change(offset, value.to_bytes(size, "little"))

    def _buffered(self, offset: int, size: int, value: int) -> Change | None:
        """Takes the count of words less one, then the words, then the confirmation."""
        if self.cycle == 1:
            self.left, self.cycle = value & 0xFFFF, 2
            return None
        if self.cycle == 2:
            if self.left == 0:
                self.cycle = 3
            self.left -= 1
            return Change(offset, value.to_bytes(size, "little"))
        return self._done() if value & 0xFF == Command.CONFIRM else self._to_array()

    def _done(self) -> Change | None:
        """Ends the operation at once, the bank shows its status until told otherwise."""
        self.cycle = 0
        self.status |= READY
        return None

    def _to_array(self) -> Change | None:
        self.mode, self.cycle = Command.READ_ARRAY, 0
        return None


def _of_each(value: int, size: int) -> int:
    """Returns what every device of the bank answers, side by side, as far as the access reaches."""
    lanes = range(0, max(size, 1), DEVICE_WIDTH)
    return sum(value << 8 * lane for lane in lanes) & (1 << 8 * size) - 1
