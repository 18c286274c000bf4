# SPDX-License-Identifier: MIT
"""Trace for people: events as they happen, with the lines that the guest prints between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

from harness.cli.live import ConsoleReader
from harness.cli.screen import Screen
from harness.machine.machine import Machine
from harness.trace.events import DeviationMet, Event, PowerChange, VirqLowered, VirqRaised, VirqTaken
from harness.trace.names import Names
from harness.trace.text import SymbolLookup, format_event, header

MARGIN: Final = "  console | "
VIRTIO_MARGIN: Final = "  virtio  | "

_VIRTUAL_LINE: Final = (VirqRaised, VirqLowered, VirqTaken)


class Formatter(NamedTuple):
    """Words for the events of one machine."""

    names: Names
    symbols: SymbolLookup
    width: int | None = None

    @classmethod
    def of(cls, machine: Machine, width: int | None = None) -> Formatter:
        """Returns that of a machine, once its guest is loaded, for lines of ``width`` columns at the most."""
        return cls(machine.names, machine.symbols, width)

    @property
    def header(self) -> str:
        """Line of headings."""
        return header(self.width)

    def line(self, event: Event) -> str:
        """Returns the event as one line, or as more where one is too wide."""
        return format_event(event, self.names, self.symbols, self.width)


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
    """Listener that shows every event, and each line of a console once it is complete.

    A line stands before the first event that comes after its end.
    """

    def __init__(self, screen: Screen, machine: Machine, formatter: Formatter) -> None:
        screen.line((formatter.header, "dim"))
        self._screen = screen
        self._consoles = [_Lines(ConsoleReader(machine.console), MARGIN)]
        if machine.virtconsole is not None:
            self._consoles.append(_Lines(ConsoleReader(machine.virtconsole), VIRTIO_MARGIN))
        self._formatter = formatter
        self._written = True

    def __call__(self, event: Event) -> None:
        """Shows what was printed before the event, and the event."""
        self._print(to_the_end=False)
        self._screen.line((self._formatter.line(event), style_of(event)))
        self._written = True

    def turn(self) -> None:
        """Lets what there is be seen now: before a long silence, too."""
        self._print(to_the_end=False)
        if self._written:
            self._screen.flush()
            self._written = False

    def finish(self) -> None:
        """Shows what is left of the consoles."""
        self._print(to_the_end=True)

    def _print(self, *, to_the_end: bool) -> None:
        for console in self._consoles:
            if not to_the_end and not console.reader.has_more:
                continue
            for line in console.complete(to_the_end=to_the_end):
                self._screen.line((console.margin, "cyan"), (line, "bold"))
                self._written = True


@dataclass(slots=True)
class _Lines:
    """Lines of one console that are complete."""

    reader: ConsoleReader
    margin: str
    _begun: str = ""

    def complete(self, *, to_the_end: bool) -> list[str]:
        text = self._begun + self.reader.text(to_the_end=to_the_end)
        end = len(text) if to_the_end else text.rfind("\n") + 1
        self._begun = text[end:]
        return text[:end].splitlines()
