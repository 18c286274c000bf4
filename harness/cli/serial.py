# SPDX-License-Identifier: MIT
"""UART on the standard input and output: ``--serial stdio``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from harness.host.terminal import Terminal
from harness.machine.machine import Machine

STDIO = "stdio"


@contextmanager
def connected(machine: Machine, *, stdio: bool, live: TextIO | None) -> Iterator[None]:
    """Connects the UART in here: what is printed goes to ``live`` at once, where there is one.

    A terminal is a person's keyboard: in raw mode until the end, however that comes. Any other input is read to
    its end before the run begins and typed from its first tick, so that the run depends on nothing else.
    """
    if not stdio:
        yield
        return
    keyboard: int | None = None
    if sys.stdin is not None and sys.stdin.isatty():
        keyboard = sys.stdin.fileno()
    elif sys.stdin is not None:
        machine.console.feed(sys.stdin.buffer.read())
    if live is not None:
        live.flush()  # what follows goes past the text layer, byte by byte
    with Terminal(machine.console, keyboard, None if live is None else live.buffer) as terminal:
        machine.terminal = terminal
        try:
            yield
        finally:
            machine.terminal = None
