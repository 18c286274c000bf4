# SPDX-License-Identifier: MIT
"""Stimuli: actions on a machine from outside, written as text: ``spi=1``, ``line=33:high``, ``uart=hello``."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Protocol

from msgspec import Struct

from harness.arch.intid import SPI_BASE
from harness.arch.rvic import inputs_up_to
from harness.arguments import decimal, number_text
from harness.board.board import Board
from harness.board.console import Console
from harness.errors import ConfigError
from harness.host.typed import unescape
from harness.options import ControllerKind
from harness.rvic import Config

SPI_COUNT: Final = 988
"""SPIs that a GICv2 can have (IHI 0048B, 2.2.1): INTIDs 32 to 1019. A board may have fewer."""

FORMS: Final = "spi=N, line=INTID (each with :pulse, :high or :low after it), uart=TEXT or virtconsole=TEXT"


class Subject(Protocol):
    """Machine as a stimulus acts on it."""

    board: Board
    config: Config
    console: Console
    controller: ControllerKind
    virtconsole: Console | None


class LineDrive(StrEnum):
    """Change of an interrupt line."""

    PULSE = "pulse"
    HIGH = "high"
    LOW = "low"


class LineStimulus(Struct, frozen=True):
    """Stimulus that drives the line of an SPI, by its INTID."""

    intid: int
    drive: LineDrive

    def check(self, machine: Subject) -> None:
        """Raises ConfigError if the machine has no such line, or an RVID that it does not lead to."""
        machine.board.lines[self.intid]
        inputs, spi = machine.config.untrusted, self.intid - SPI_BASE
        if machine.controller is ControllerKind.RVIC and spi >= inputs:
            more = inputs_up_to(spi)
            raise ConfigError(
                f"SPI {spi} reaches no guest: the RVID's inputs are SPI 0 to {inputs - 1} (untrusted={more} has it)"
            )

    def __call__(self, machine: Subject) -> None:
        """Drives the line now."""
        line = machine.board.lines[self.intid]
        match self.drive:
            case LineDrive.PULSE:
                line.pulse()
            case LineDrive.HIGH:
                line.high()
            case LineDrive.LOW:
                line.low()


class UartStimulus(Struct, frozen=True):
    """Stimulus that types bytes into the PL011."""

    data: bytes

    def check(self, machine: Subject) -> None:
        """Accepts any machine: each has a UART."""

    def __call__(self, machine: Subject) -> None:
        """Types the bytes now."""
        machine.console.feed(self.data)


class VirtconsoleStimulus(Struct, frozen=True):
    """Stimulus that types bytes into the virtio console."""

    data: bytes

    def check(self, machine: Subject) -> None:
        """Raises ConfigError if the machine has none."""
        if machine.virtconsole is None:
            raise ConfigError("virtconsole=: the machine has no virtio console (--virtconsole)")

    def __call__(self, machine: Subject) -> None:
        """Types the bytes now."""
        self.check(machine)
        assert machine.virtconsole is not None
        machine.virtconsole.feed(self.data)


Stimulus = LineStimulus | UartStimulus | VirtconsoleStimulus


def parse_stimulus(text: str) -> Stimulus:
    r"""Returns the action that a text means; ConfigError tells the forms there are.

    In typed text the escapes ``\n \r \t \0 \\ \xNN`` are understood, so that a shell can give them.
    """
    kind, equals, value = text.partition("=")
    kind = kind.strip()
    if kind == "uart" and equals:
        return UartStimulus(unescape(value))
    if kind == "virtconsole" and equals:
        return VirtconsoleStimulus(unescape(value))
    if kind in ("spi", "line") and equals:
        return _line(kind, value, text)
    raise ConfigError(f"no stimulus `{text}`: it is {FORMS}")


def parse_at(text: str) -> tuple[int, str]:
    """Splits ``TICK:STIMULUS`` into tick and stimulus; ConfigError if it is not of that form."""
    tick, colon, stimulus = text.partition(":")
    number = decimal(tick.strip().replace("_", ""))
    if not colon or number is None:
        raise ConfigError(f"`{text}` is not TICK:STIMULUS, as in 5000:spi=1")
    parse_stimulus(stimulus)
    return number, stimulus


def _line(kind: str, value: str, text: str) -> LineStimulus:
    number, _, drive = value.partition(":")
    which = decimal(number.strip())
    if which is None:
        raise ConfigError(f"`{text}`: `{number}` is not a number; a stimulus is {FORMS}")
    if (drive.strip() or LineDrive.PULSE) not in list(LineDrive):
        raise ConfigError(f"`{text}`: a line can do {', '.join(LineDrive)}, not `{drive}`")
    intid = which + (SPI_BASE if kind == "spi" else 0)
    if not SPI_BASE <= intid < SPI_BASE + SPI_COUNT:
        first = 0 if kind == "spi" else SPI_BASE
        raise ConfigError(f"`{text}`: {kind} is {first} to {first + SPI_COUNT - 1}, not {number_text(which)}")
    return LineStimulus(intid, LineDrive(drive.strip() or LineDrive.PULSE))
