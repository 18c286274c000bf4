# SPDX-License-Identifier: MIT
"""Files of the host as disks of the guest."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from harness.errors import ConfigError

_MODES = {"ro": True, "rw": False}


class FileDisk:
    """A disk backed by a file, which the guest may write only if ``readonly`` is False.

    The file is part of the host, not of the machine's state: what a guest wrote stays written.
    """

    def __init__(self, path: str | os.PathLike[str], *, readonly: bool = True) -> None:
        self.readonly = readonly
        self.identity = Path(path).name
        try:
            self._file = os.open(path, os.O_RDONLY if readonly else os.O_RDWR)
        except OSError as error:
            raise ConfigError(f"drive {os.fspath(path)}: {_reason(error)}") from None
        if not stat.S_ISREG(os.fstat(self._file).st_mode):
            os.close(self._file)
            raise ConfigError(f"drive {os.fspath(path)}: not a file")
        self._size = os.fstat(self._file).st_size

    @property
    def size(self) -> int:
        """Bytes, as they were when the drive was opened."""
        return self._size

    def read(self, offset: int, size: int) -> bytes:
        """Bytes from ``offset``; fewer at the file's end."""
        return os.pread(self._file, size, offset)

    def write(self, offset: int, data: bytes) -> None:
        """Write all bytes at ``offset``. OSError where the host cannot."""
        while data:
            written = os.pwrite(self._file, data, offset)
            offset, data = offset + written, data[written:]

    def flush(self) -> None:
        """Wait until the host has it on its disk."""
        if not self.readonly:
            os.fsync(self._file)

    def close(self) -> None:
        """Let go of the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def open_drive(text: str | os.PathLike[str]) -> FileDisk:
    """A drive of ``FILE``, ``FILE,ro`` or ``FILE,rw``; read-only unless it says rw. ConfigError if it cannot be."""
    name = os.fspath(text)
    path, comma, mode = name.rpartition(",")
    if not comma or mode not in _MODES:
        return FileDisk(name)
    return FileDisk(path, readonly=_MODES[mode])


def _reason(error: OSError) -> str:
    return (error.strerror or "cannot be opened").lower()
