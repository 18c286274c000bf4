# SPDX-License-Identifier: MIT
"""Files that a user names: opened without waiting for anybody, and read up to a bound.

What is no regular file (a pipe without a writer, a device without an end) is refused at once, and so is what is
larger than whoever asks can use. Every failure is a FileError, whose ``reason`` may follow other words.
"""

from __future__ import annotations

import os
from os import PathLike
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import Final

from harness.arguments import check_path
from harness.errors import GuestError
from harness.wording import plural

LARGEST: Final = 4 << 30
"""Bytes of the largest file that is read whole: RAM disks and images of kernels are far below."""
LARGEST_TEXT: Final = 64 << 20
"""Bytes of the largest source or manifest."""
NOT_REGULAR: Final = "is a device, a pipe or a socket, not a regular file"

_SAFE: Final = os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_CHUNK: Final = 1 << 20


class FileError(GuestError):
    """Error in a file that cannot be used; ``reason`` says why, without its name."""

    def __init__(self, path: str | PathLike[str], reason: str, message: str | None = None) -> None:
        super().__init__(message or reason, file=os.fspath(path))
        self.reason = reason


class TooLargeError(FileError):
    """Error in a file of more bytes, ``size`` at least, than can be used."""

    def __init__(self, path: str | PathLike[str], size: int, largest: int) -> None:
        super().__init__(path, f"has {plural(size, 'byte')}, more than the {largest:,} that can be used")
        self.size = size


def mode_of(path: str | PathLike[str]) -> int | None:
    """Returns the mode of what a path leads to, None if nothing is there; FileError if the host will not say."""
    try:
        check_path("path", path)
        return os.stat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _unusable(path, error) from None


def is_file(path: str | PathLike[str]) -> bool:
    """Tells whether a path leads to a regular file; False also where the host will not say."""
    return os.path.isfile(path)


def open_file(path: str | PathLike[str], flags: int = os.O_RDONLY) -> int:
    """Opens a regular file; returns its descriptor, which the caller closes. FileError for anything else."""
    check_path("path", path)
    try:
        file = os.open(path, flags | _SAFE, 0o666)
    except OSError as error:
        raise _unusable(path, error, "written" if flags & (os.O_WRONLY | os.O_RDWR) else "read") from None
    mode = os.fstat(file).st_mode
    if S_ISREG(mode):
        return file
    os.close(file)
    raise FileError(path, "is a directory, not a file" if S_ISDIR(mode) else NOT_REGULAR)


def read_file(path: str | PathLike[str], largest: int = LARGEST) -> bytes:
    """Returns the bytes of a regular file; FileError if it cannot be read, TooLargeError beyond ``largest``."""
    file = open_file(path)
    try:
        size = os.fstat(file).st_size
        if size > largest:
            raise TooLargeError(path, size, largest)
        data = _read(file, size + 1)
        if len(data) > size:  # it grows, or the host says nothing of its size (/proc)
            data += _read(file, largest + 1 - len(data))
        if len(data) > largest:
            raise TooLargeError(path, len(data), largest)
        return data
    except OSError as error:
        raise _unusable(path, error) from None
    except MemoryError:
        raise FileError(path, "does not fit into the memory of this computer") from None
    finally:
        os.close(file)


def read_start(path: str | PathLike[str], size: int) -> bytes:
    """Returns the first bytes of a regular file, ``size`` at most; FileError if it cannot be read."""
    file = open_file(path)
    try:
        return _read(file, size)
    except OSError as error:
        raise _unusable(path, error) from None
    finally:
        os.close(file)


def current_directory() -> Path | None:
    """Returns the current directory; None where it has gone."""
    try:
        return Path.cwd()
    except OSError:
        return None


def _read(file: int, most: int) -> bytes:
    """Returns what is left of a file, at most so many bytes."""
    parts: list[bytes] = []
    while most > 0 and (part := os.read(file, min(most, _CHUNK))):
        parts.append(part)
        most -= len(part)
    return b"".join(parts)


def _unusable(path: str | PathLike[str], error: OSError, how: str = "read") -> FileError:
    reason = error.strerror or str(error)
    return FileError(path, reason.lower(), f"cannot be {how}: {reason}")
