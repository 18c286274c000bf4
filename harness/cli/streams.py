# SPDX-License-Identifier: MIT
"""Standard streams of the command, whatever the shell has made of them: closed, full, or open for reading alone."""

from __future__ import annotations

import fcntl
import os
import sys
from typing import TextIO

from harness.errors import printable


def settle() -> bool:
    """Makes the standard streams safe to use; False if nothing can be written to the standard output.

    Each that is closed gets the null device, lest the next file that is opened take its number: a drive that the
    emulator's own messages end up in.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    if not _writable(sys.stderr):
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  # as long as the process
    return _writable(sys.stdout)


def say(message: str) -> None:
    """Writes a line to stderr, or more. Where it cannot be written the exit status alone tells."""
    shown = "\n".join(map(printable, f"rvic: {message}".split("\n")))
    try:
        print(shown, file=sys.stderr, flush=True)
    except OSError:
        abandon(sys.stderr)


def abandon(stream: TextIO) -> None:
    """Keeps the interpreter from trying once more at its exit."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, stream.fileno())
    os.close(null)


def _writable(stream: TextIO | None) -> bool:
    if stream is None:
        return False
    return fcntl.fcntl(stream.fileno(), fcntl.F_GETFL) & os.O_ACCMODE != os.O_RDONLY
