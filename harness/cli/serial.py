# SPDX-License-Identifier: MIT
"""UART on the standard input and output: ``--serial stdio``."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from stat import S_ISREG
from typing import TextIO

from harness.errors import ConfigError
from harness.files import LARGEST_TEXT
from harness.host.terminal import Terminal
from harness.machine.machine import Machine

STDIO = "stdio"


@contextmanager
def connected(machine: Machine, *, stdio: bool, live: TextIO | None) -> Iterator[None]:
    """Connects the UART in here: what is printed goes to ``live`` at once, where there is one.

    A terminal is a person's keyboard: in raw mode until the end, however that comes. A pipe's bytes are typed as
    they come, so that no two runs need be the same. A file is typed from the first tick, and the run depends on
    nothing else.
    """
    if not stdio:
        yield
        return
    keyboard: int | None = None
    if sys.stdin is not None and S_ISREG(os.fstat(sys.stdin.fileno()).st_mode):
        typed = sys.stdin.buffer.read(LARGEST_TEXT + 1)
        if len(typed) > LARGEST_TEXT:
            raise ConfigError(
                f"the standard input has more than the {LARGEST_TEXT:,} bytes that can be typed"
            )
        machine.console.feed(typed)
    elif sys.stdin is not None:
        keyboard = sys.stdin.fileno()
    if live is not None:
        live.flush()  # what follows goes past the text layer, byte by byte
    with Terminal(machine.console, keyboard, None if live is None else live.buffer) as terminal:
        machine.attendance.terminal = terminal
        try:
            yield
        finally:
            machine.attendance.terminal = None
