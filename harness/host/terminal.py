# SPDX-License-Identifier: MIT
"""Terminal of a person at the machine's console: keys go in, what the guest prints comes out at once.

A pipe may take the person's place; its bytes come as the other program writes them, and all are the guest's.

This is the one place where the host's time touches a run: keys arrive when they are typed, between two slices,
and while every CPU waits, time passes as it does for the person. With no keyboard nothing of that happens.
"""

from __future__ import annotations

import os
import select
import time
from contextlib import suppress
from types import TracebackType
from typing import Any, BinaryIO, Self

from harness.arch.virt import CNTFRQ
from harness.board.console import Console

ESCAPE = 0x01  # Ctrl-A
HELP = (
    b"\r\nCtrl-A x    end the run\r\nCtrl-A h    this help\r\nCtrl-A Ctrl-A    send Ctrl-A to the guest\r\n"
)
LONGEST_WAIT = 0.1  # seconds; then the loop has a look at what else there is, such as SIGINT
_CHUNK = 4096
_MOST_WAITING = 1 << 16  # bytes; of another program's output, no more is read than the guest does


class Terminal:
    """Terminal: ``keyboard`` is the file descriptor to read keys from, ``screen`` a file to print on; None is none.

    A context manager: within it the keyboard is in raw mode, so that every key, Ctrl-C too, is the guest's.
    ``quit`` is true once Ctrl-A x was typed.
    """

    def __init__(self, console: Console, keyboard: int | None, screen: BinaryIO | None) -> None:
        self._console = console
        self._keyboard = keyboard
        self._screen = screen
        self._shown = 0
        self.quit = False
        self._person = keyboard is not None and os.isatty(keyboard)
        self._escaped = False
        self._saved: tuple[int, list[Any]] | None = None  # the terminal, and how it was

    @property
    def open(self) -> bool:
        """True while what anybody types can still reach the guest."""
        return self._keyboard is not None and not self._full

    @property
    def _full(self) -> bool:
        return not self._person and self._console.unreceived >= _MOST_WAITING

    def __enter__(self) -> Self:
        if self._keyboard is not None and self._person:
            self._saved = self._keyboard, _raw(self._keyboard)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.show()
        if self._saved is not None:
            _restore(*self._saved)
            self._saved = None

    def show(self) -> None:
        """Prints what the guest has printed."""
        if self._screen is None or len(self._console) == self._shown:
            return
        data = self._console.since(self._shown)
        self._shown += len(data)
        self._screen.write(data)
        self._screen.flush()

    def pump(self) -> None:
        """Prints, and lets the guest have what was typed."""
        self.show()
        self._take(0)

    def wait(self, ticks: int | None) -> int:
        """Waits for a key, for so many ticks at most; returns the ticks that passed meanwhile. May return early."""
        self.show()
        seconds = LONGEST_WAIT if ticks is None else min(LONGEST_WAIT, ticks / CNTFRQ)
        begin = time.monotonic()
        self._take(seconds)
        passed = int((time.monotonic() - begin) * CNTFRQ)
        return passed if ticks is None else min(ticks, passed)

    def _take(self, seconds: float) -> None:
        if self._keyboard is None or self._full:
            return
        if not select.select([self._keyboard], [], [], seconds)[0]:
            return
        try:
            data = os.read(self._keyboard, _CHUNK)
        except OSError:  # the terminal has gone
            data = b""
        if not data:
            self._keyboard = None
            return
        self._console.feed(self._keys(data) if self._person else data)

    def _keys(self, data: bytes) -> bytes:
        """Keeps of the keys typed those that are for the guest."""
        keys = bytearray()
        for key in data:
            if not self._escaped:
                self._escaped = key == ESCAPE
                if not self._escaped:
                    keys.append(key)
                continue
            self._escaped = False
            if key in b"xX":
                self.quit = True
            elif key == ESCAPE:
                keys.append(key)
            elif key in b"hH?" and self._screen is not None:
                self._screen.write(HELP)
                self._screen.flush()
        return bytes(keys)


def _raw(file: int) -> list[Any]:
    """Turns off echo, lines, signals and input processing, but not the output's; returns the old state."""
    import termios

    saved = termios.tcgetattr(file)
    now = termios.tcgetattr(file)
    now[0] &= ~(
        termios.IGNBRK | termios.BRKINT | termios.PARMRK | termios.ISTRIP | termios.INLCR | termios.IGNCR
    )
    now[0] &= ~(termios.ICRNL | termios.IXON)
    now[3] &= ~(termios.ECHO | termios.ECHONL | termios.ICANON | termios.IEXTEN | termios.ISIG)
    now[6][termios.VMIN], now[6][termios.VTIME] = 1, 0
    termios.tcsetattr(file, termios.TCSADRAIN, now)
    return saved


def _restore(file: int, saved: list[Any]) -> None:
    import termios

    with suppress(termios.error):  # the terminal has gone
        termios.tcsetattr(file, termios.TCSADRAIN, saved)
