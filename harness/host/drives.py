# SPDX-License-Identifier: MIT
"""Files of the host as disks of the guest."""

from __future__ import annotations

import os
import re
from pathlib import Path

from harness.errors import ConfigError, printable
from harness.files import FileError, open_file

SECTOR = 512


class FileDisk:
    """Disk backed by a file, which the guest may write only if ``readonly`` is False.

    The file is part of the host, not of the machine's state: what a guest wrote stays written.
    """

    def __init__(self, path: str | os.PathLike[str], *, readonly: bool = True) -> None:
        self.readonly = readonly
        self.identity = Path(path).name
        try:
            self._file = open_file(path, os.O_RDONLY if readonly else os.O_RDWR)
        except FileError as error:
            raise ConfigError(f"drive {printable(os.fspath(path))}: {error.reason}") from None
        self._size = os.fstat(self._file).st_size

    @property
    def size(self) -> int:
        """Bytes, as they were when the drive was opened."""
        return self._size

    def read(self, offset: int, size: int) -> bytes:
        """Reads bytes from ``offset``; fewer at the file's end."""
        return os.pread(self._file, size, offset)

    def write(self, offset: int, data: bytes) -> None:
        """Writes all bytes at ``offset``. OSError where the host cannot."""
        while data:
            written = os.pwrite(self._file, data, offset)
            offset, data = offset + written, data[written:]

    def flush(self) -> None:
        """Waits until the host has it on its disk."""
        if not self.readonly:
            os.fsync(self._file)

    def close(self) -> None:
        """Closes the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


class SnapshotDisk(FileDisk):
    """Disk that begins as a file has it, and whose changes are kept in memory: the file stays as it is."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        super().__init__(path)
        self.readonly = False
        self._written: dict[int, bytes] = {}  # by sector

    def read(self, offset: int, size: int) -> bytes:
        """Reads bytes from ``offset``, which is a sector's."""
        data = bytearray(super().read(offset, size).ljust(size, b"\0"))
        for at in range(0, size, SECTOR):
            changed = self._written.get((offset + at) // SECTOR)
            if changed is not None:
                data[at : at + SECTOR] = changed
        return bytes(data[:size])

    def write(self, offset: int, data: bytes) -> None:
        """Writes whole sectors at ``offset``."""
        for at in range(0, len(data), SECTOR):
            self._written[(offset + at) // SECTOR] = bytes(data[at : at + SECTOR])

    def flush(self) -> None:
        """Does nothing: there is nothing to make safe."""


def split_slot(text: str | os.PathLike[str]) -> tuple[str, int | None]:
    """Splits a drive's text from its ``,slot=N``: the virtio slot that it is to be in; None for any."""
    name = os.fspath(text)
    match = re.fullmatch(r"(.+),slot=(\d+)", name)
    return (match[1], int(match[2])) if match else (name, None)


def open_drive(text: str | os.PathLike[str]) -> FileDisk:
    """Opens a drive of ``FILE``, or ``FILE,MODE``: ``ro`` (the default), ``rw``, or ``snapshot``.

    A snapshot keeps what is written in memory. Raises ConfigError if it cannot be opened so.
    """
    name = os.fspath(text)
    path, _, mode = name.rpartition(",")
    match mode if path else "":
        case "ro":
            return FileDisk(path)
        case "rw":
            return FileDisk(path, readonly=False)
        case "snapshot":
            return SnapshotDisk(path)
    return FileDisk(name)
