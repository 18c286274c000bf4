# SPDX-License-Identifier: MIT
"""Files of the host for semihosting: only below one directory that the user named, and never out of it.

A path is walked one component at a time from an open directory, and no symbolic link is followed, so that none
leads out, whatever happens to the directory meanwhile. Without a directory every file is refused.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum, auto
from io import BytesIO
from pathlib import Path

from harness.errors import ConfigError, printable
from harness.files import FileError, mode_of

TERMINAL = b":tt"
FEATURES = b":semihosting-features"
# Magic, then SH_EXT_EXIT_EXTENDED and SH_EXT_STDOUT_STDERR (Semihosting 3.0, 6.2).
FEATURE_BYTES = b"SHFB\x03"
MOST_HANDLES = 64
LONGEST_PATH = 4096
_SAFE = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
# The fopen() modes of SYS_OPEN by number; 2n and 2n + 1 (binary) are the same.
_FLAGS = (
    os.O_RDONLY,
    os.O_RDWR,
    os.O_WRONLY | os.O_CREAT | os.O_TRUNC,
    os.O_RDWR | os.O_CREAT | os.O_TRUNC,
    os.O_WRONLY | os.O_CREAT | os.O_APPEND,
    os.O_RDWR | os.O_CREAT | os.O_APPEND,
)


class Stream(Enum):
    """Console as a file: ``:tt``, by the mode it is opened with."""

    IN = auto()
    OUT = auto()


Handle = int | Stream | BytesIO
"""A file descriptor of the host, the console, or the list of features."""


class HostFiles:
    """Open files by the handles a guest knows them by. Every method may raise OSError, for SYS_ERRNO."""

    def __init__(self, directory: str | os.PathLike[str] | None) -> None:
        self._root: Path | None = None
        self._handles: dict[int, Handle] = {}
        if directory is not None:
            self._root = Path(directory)
            try:
                mode = mode_of(directory)
            except FileError as error:
                raise ConfigError(
                    f"semihosting directory {printable(os.fspath(directory))}: {error.reason}"
                ) from None
            if mode is None or not stat.S_ISDIR(mode):
                raise ConfigError(f"semihosting directory {directory}: no such directory")

    def open(self, name: bytes, mode: int) -> int:
        """Serves SYS_OPEN: returns a handle, from 1 up."""
        if mode >= 2 * len(_FLAGS):
            raise _error(errno.EINVAL)
        number = next((n for n in range(1, MOST_HANDLES + 1) if n not in self._handles), None)
        if number is None:
            raise _error(errno.EMFILE)
        self._handles[number] = self._open(name, mode)
        return number

    def _open(self, name: bytes, mode: int) -> Handle:
        if name == TERMINAL:
            return Stream.IN if mode < 4 else Stream.OUT
        if name == FEATURES:
            if mode > 1:
                raise _error(errno.EACCES)
            return BytesIO(FEATURE_BYTES)
        with self._parent(name) as (parent, last):
            file = os.open(last, _FLAGS[mode // 2] | _SAFE, 0o666, dir_fd=parent)
        if not stat.S_ISREG(os.fstat(file).st_mode):
            os.close(file)
            raise _error(errno.EACCES)
        return file

    def close(self, number: int) -> None:
        """Serves SYS_CLOSE."""
        handle = self.get(number)
        del self._handles[number]
        if isinstance(handle, int):
            os.close(handle)

    def close_all(self) -> None:
        """Closes every file: the machine ends, or starts anew."""
        for number in list(self._handles):
            self.close(number)

    def get(self, number: int) -> Handle:
        """Returns the file or stream of a handle."""
        if number not in self._handles:
            raise _error(errno.EBADF)
        return self._handles[number]

    def read(self, number: int, size: int) -> bytes:
        """Reads up to ``size`` bytes of a file, none at its end."""
        match self.get(number):
            case int(file):
                return os.read(file, size)
            case BytesIO() as data:
                return data.read(size)
            case _:
                raise _error(errno.EBADF)

    def write(self, number: int, data: bytes) -> int:
        """Writes to a file; returns how many of the bytes were written."""
        handle = self.get(number)
        if not isinstance(handle, int):
            raise _error(errno.EBADF)
        return os.write(handle, data)

    def seek(self, number: int, position: int) -> None:
        """Serves SYS_SEEK: to an absolute position."""
        handle = self.get(number)
        if isinstance(handle, Stream):
            raise _error(errno.ESPIPE)
        if position >= 1 << 63:
            raise _error(errno.EINVAL)
        if isinstance(handle, int):
            os.lseek(handle, position, os.SEEK_SET)
        else:
            handle.seek(position)

    def length(self, number: int) -> int:
        """Serves SYS_FLEN."""
        handle = self.get(number)
        if isinstance(handle, Stream):
            raise _error(errno.ESPIPE)
        return os.fstat(handle).st_size if isinstance(handle, int) else len(FEATURE_BYTES)

    def remove(self, name: bytes) -> None:
        """Serves SYS_REMOVE."""
        with self._parent(name) as (parent, last):
            os.unlink(last, dir_fd=parent)

    def rename(self, old: bytes, new: bytes) -> None:
        """Serves SYS_RENAME."""
        with self._parent(old) as (source, first), self._parent(new) as (target, second):
            os.rename(first, second, src_dir_fd=source, dst_dir_fd=target)

    @contextmanager
    def _parent(self, name: bytes) -> Iterator[tuple[int, bytes]]:
        """Opens the directory that a path leads to; yields it and the path's last component."""
        if self._root is None or name.startswith(b"/"):
            raise _error(errno.EACCES)
        if len(name) > LONGEST_PATH:
            raise _error(errno.ENAMETOOLONG)
        parts = [part for part in name.split(b"/") if part not in (b"", b".")]
        if b".." in parts:
            raise _error(errno.EACCES)
        if not parts or b"\0" in name:
            raise _error(errno.ENOENT)
        here = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for part in parts[:-1]:
                there = os.open(part, os.O_RDONLY | os.O_DIRECTORY | _SAFE, dir_fd=here)
                os.close(here)
                here = there
            yield here, parts[-1]
        finally:
            os.close(here)


def _error(number: int) -> OSError:
    return OSError(number, os.strerror(number))
