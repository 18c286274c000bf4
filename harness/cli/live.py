# SPDX-License-Identifier: MIT
"""Consoles of a run, shown as the guest prints on them."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from harness.board.console import Console
from harness.cli.screen import Screen
from harness.machine.machine import Machine

UART: Final = "console"
VIRTIO: Final = "virtio console"


def _decoder() -> codecs.IncrementalDecoder:
    return codecs.getincrementaldecoder("utf-8")("replace")


@dataclass(slots=True)
class ConsoleReader:
    """Text of a console that has not been shown yet; what was dropped before it was read is told of."""

    console: Console
    _read: int = 0
    _decoder: codecs.IncrementalDecoder = field(default_factory=_decoder)

    @property
    def has_more(self) -> bool:
        """True if something was printed since the last look."""
        return len(self.console) != self._read

    def text(self, *, to_the_end: bool = False) -> str:
        """Returns what is new; a character whose bytes are not all there comes with the rest of them."""
        if not self.has_more and not to_the_end:
            return ""
        data = self.console.since(self._read)
        lost = len(self.console) - self._read - len(data)
        self._read = len(self.console)
        note = f"\n[{lost:,} bytes were printed faster than they could be shown]\n" if lost else ""
        return note + self._decoder.decode(data, final=to_the_end)


class LiveConsoles:
    """Consoles of a machine on a screen: the text of each as it comes, below its title where another was before.

    ``clear()`` is called before anything is written. While one console is in the midst of a line, another waits
    until it has a whole one, so that two that print by turns do not cut each other's lines.
    """

    def __init__(self, screen: Screen, consoles: dict[str, Console], clear: Callable[[], object]) -> None:
        self._screen = screen
        self._clear = clear
        self._readers = {title: ConsoleReader(console) for title, console in consoles.items()}
        self._held = dict.fromkeys(consoles, "")
        self._current = ""
        self.open_line = False

    @classmethod
    def of(cls, machine: Machine, screen: Screen, clear: Callable[[], object]) -> LiveConsoles:
        """Returns those of a machine that nobody else shows."""
        consoles = {} if machine.attendance.terminal is not None else {UART: machine.console}
        if machine.virtconsole is not None:
            consoles[VIRTIO] = machine.virtconsole
        return cls(screen, consoles, clear)

    def turn(self) -> None:
        """Shows what is new."""
        self._show(to_the_end=False)

    def finish(self) -> None:
        """Shows what is left, and ends the last line."""
        self._show(to_the_end=True)
        if self.open_line:
            self._write("\n")

    def _show(self, *, to_the_end: bool) -> None:
        written = False
        for title, reader in self._readers.items():
            text = self._held[title] + reader.text(to_the_end=to_the_end)
            self._held[title] = ""
            if text and title != self._current and not to_the_end:
                end = text.rfind("\n") + 1
                text, self._held[title] = text[:end], text[end:]
            if text:
                self._begin(title)
                self._write(text)
                written = True
        if written:
            self._screen.flush()

    def _begin(self, title: str) -> None:
        if title == self._current:
            return
        if self.open_line:
            self._write("\n")
        self._clear()
        if title == UART and not self._current:
            self._screen.line()
        else:
            self._screen.heading(title)
        self._current = title

    def _write(self, text: str) -> None:
        self._clear()
        self._screen.verbatim(text)
        self.open_line = not text.endswith("\n")
