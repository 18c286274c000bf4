# SPDX-License-Identifier: MIT
"""Progress of a long run: one line on a terminal, drawn anew a few times a second, gone when the run ends.

It reads the host's clock, which nothing of the guest or of a trace can see.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable
from typing import Final, TextIO

from harness.arch.virt import CNTFRQ
from harness.machine.machine import Machine

FIRST: Final = 1.0  # seconds; a shorter run has none
EVERY: Final = 0.25  # seconds
ERASE: Final = "\r\x1b[K"
_DUMB: Final = ("", "dumb")


class Progress:
    """Progress line of one run on ``stream``, None for none. ``limit`` is that of its instructions, if any."""

    def __init__(
        self,
        machine: Machine,
        limit: int | None,
        stream: TextIO | None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._machine = machine
        self._limit = limit
        self._stream = stream
        self._clock = clock
        self._shown = False
        self._next = clock() + FIRST
        self._began = self._mark()
        self._last = self._began

    def turn(self, *, open_line: bool = False) -> None:
        """Draws the line anew if it is time; not while a guest is in the midst of a line of its own."""
        if self._stream is None or self._clock() < self._next:
            return
        now = self._mark()
        before, self._last = self._last, now
        self._next = now[0] + EVERY
        if open_line:
            return
        width = shutil.get_terminal_size().columns - 1
        self._stream.write(ERASE + self._words(before, now)[:width])
        self._stream.flush()
        self._shown = True

    def clear(self) -> None:
        """Takes the line away, for something else is written there."""
        if self._shown and self._stream is not None:
            self._stream.write(ERASE)
            self._stream.flush()
            self._shown = False

    def _mark(self) -> tuple[float, int, int]:
        return self._clock(), self._machine.instructions, self._machine.ledger.total

    def _words(self, before: tuple[float, int, int], now: tuple[float, int, int]) -> str:
        seconds = max(now[0] - before[0], 1e-6)
        parts = [
            f"guest time {self._machine.ticks / CNTFRQ:.3f} s",
            f"{_short(now[1])} instructions",
            f"{_short((now[2] - before[2]) / seconds)} exits/s",
        ]
        done = now[1] - self._began[1]
        if self._limit is not None and done:
            left = (self._limit - done) * (now[0] - self._began[0]) / done
            parts.append(f"{_duration(left)} to the limit")
        return "  ".join(parts)


def terminal_for_progress() -> TextIO | None:
    """Returns the standard error if it is a terminal that can erase a line."""
    stream = sys.stderr
    if stream is None or not stream.isatty() or os.environ.get("TERM", "") in _DUMB:
        return None
    return stream


def _short(number: float) -> str:
    """Returns a number in at most six characters: ``950``, ``12.3 k``, ``1.50 G``."""
    for unit in ("", " k", " M", " G"):
        if number < 1000:
            return f"{number:.3g}{unit}" if unit else f"{number:.0f}"
        number /= 1000
    return f"{number:.0f} T"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
