# SPDX-License-Identifier: MIT
"""Flash of the board: two banks that are read and executed in place, and written through their command set."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from harness.devices.flash import BANK_SIZE, SECTOR_SIZE, Flash
from harness.engine import Memory
from harness.errors import GuestError
from harness.files import TooLargeError, mode_of, open_file, read_file
from harness.wording import plural

BANK_BASES: Final = (0, BANK_SIZE)


class FlashBank:
    """Bank of flash as a device on the bus, over read-only memory that EL2 maps while the bank is in array mode."""

    size = BANK_SIZE

    def __init__(self, memory: Memory, base: int) -> None:
        self._memory = memory
        self._base = base
        self.state = Flash()
        self.file: Path | None = None
        self._changed: set[int] = set()  # sectors that the file does not have yet
        memory.add_ram(base, BANK_SIZE, readonly=True)

    def read(self, _cpu: int, offset: int, size: int) -> int:
        """Returns what the bank answers in its present mode."""
        if self.state.in_array:
            return int.from_bytes(self._memory.read(self._base + offset, size), "little")
        return self.state.read(offset, size)

    def write(self, _cpu: int, offset: int, size: int, value: int) -> None:
        """Takes a write of a guest: part of a command."""
        change = self.state.write(offset, size, value)
        if change is not None:
            self._memory.write(self._base + change.offset, change.data)
            self._changed.add(change.offset // SECTOR_SIZE)
        self._memory.trap(self._base, not self.state.in_array)

    def reset(self) -> None:
        """Takes the bank to array mode, as power-on does. What is written stays."""
        self.state.reset()
        self._memory.trap(self._base, False)

    def back_with(self, file: Path) -> None:
        """Fills the bank from a file, and keeps what guests write in it; GuestError if it is none for a bank."""
        try:
            data = b"" if mode_of(file) is None else read_file(file, BANK_SIZE)
        except TooLargeError as error:
            raise GuestError(
                f"{plural(error.size, 'byte')} do not fit into a flash bank of {BANK_SIZE:,}", file=str(file)
            ) from None
        self._memory.write(self._base, data)
        self.file = file

    def save(self) -> None:
        """Writes the sectors that changed to the file behind the bank, if there is one."""
        if self.file is None or not self._changed:
            return
        try:
            with os.fdopen(open_file(self.file, os.O_WRONLY | os.O_CREAT), "wb") as file:
                for sector in sorted(self._changed):
                    file.seek(sector * SECTOR_SIZE)
                    file.write(self._memory.read(self._base + sector * SECTOR_SIZE, SECTOR_SIZE))
        except OSError as error:
            raise GuestError(f"cannot be written: {error.strerror}", file=str(self.file)) from None
        self._changed.clear()


def add_flash(memory: Memory) -> tuple[FlashBank, FlashBank]:
    """Makes both banks, in memory; whoever asks puts them on the bus."""
    first, second = (FlashBank(memory, base) for base in BANK_BASES)
    return first, second
