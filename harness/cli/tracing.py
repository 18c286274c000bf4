# SPDX-License-Identifier: MIT
"""Trace for people: events as they happen, with the lines that the guest prints between them."""

from __future__ import annotations

from typing import Final, NamedTuple

from harness.cli.screen import Screen
from harness.machine.machine import Machine
from harness.trace.events import DeviationMet, Event, PowerChange, VirqLowered, VirqRaised, VirqTaken
from harness.trace.names import Names
from harness.trace.text import HEADER, SymbolLookup, format_event

MARGIN: Final = "  console | "

_VIRTUAL_LINE: Final = (VirqRaised, VirqLowered, VirqTaken)


class Formatter(NamedTuple):
    """Words for the events of one machine."""

    names: Names
    symbols: SymbolLookup

    @classmethod
    def of(cls, machine: Machine) -> Formatter:
        """Returns that of a machine, once its guest is loaded."""
        return cls(machine.names, machine.symbols)

    def line(self, event: Event) -> str:
        """Returns the event as one line."""
        return format_event(event, self.names, self.symbols)


def style_of(event: Event) -> str:
    """Returns a style: world switches stand out, and the virtual line."""
    if event.world_switch:
        return "yellow"
    if isinstance(event, _VIRTUAL_LINE):
        return "green"
    if isinstance(event, DeviationMet):
        return "red"
    return "magenta" if isinstance(event, PowerChange) else "dim"


class LiveTrace:
    """Listener that shows every event, and each line of the console once it is complete."""

    def __init__(self, screen: Screen, machine: Machine, formatter: Formatter) -> None:
        screen.line((HEADER, "dim"))
        self._screen = screen
        self._console = machine.console
        self._formatter = formatter
        self._shown = 0

    def __call__(self, event: Event) -> None:
        """Shows what was printed before the event, and the event."""
        if len(self._console) > self._shown:
            self._print(to_the_end=False)
        self._screen.line((self._formatter.line(event), style_of(event)))

    def finish(self) -> None:
        """Shows what is left of the console."""
        self._print(to_the_end=True)

    def _print(self, *, to_the_end: bool) -> None:
        data = self._console.data
        end = len(data) if to_the_end else data.rfind(b"\n") + 1
        if end <= self._shown:
            return
        for line in data[self._shown : end].decode("utf-8", "replace").splitlines():
            self._screen.line((MARGIN, "cyan"), (line, "bold"))
        self._shown = end
