# SPDX-License-Identifier: MIT
"""Tables of a ``guest.toml``, and the keys of each."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from msgspec import Struct, field

from harness.declaration import declared
from harness.options import MachineOptions, ToolchainName

DEFAULT_LIMIT: Final = 100_000_000
"""Instructions a guest without a limit of its own may retire, so that none runs for ever."""
BINARY_LIMIT: Final = 1_000_000_000
"""The same for a binary without a ``guest.toml``: made for another machine, it knows nothing of limits."""


class Ending(StrEnum):
    """Ends that a run may be expected to have: the values are those of a ``StopReason``."""

    POWER_OFF = "power_off"
    RESET = "reset"
    EXIT = "exit"
    LIMIT = "limit"
    IDLE = "idle"
    STUCK = "stuck"
    STORM = "storm"
    FAULT = "fault"


class GuestSpec(Struct, frozen=True, forbid_unknown_fields=True):
    """``[guest]``: the source or image, who builds it, if that matters, and what it is started with.

    Files are relative to the manifest. ``bios``: the source is firmware (:class:`Start`).
    """

    source: str
    toolchain: ToolchainName | None = None
    initrd: str | None = None
    append: str | None = None
    dtb: str | None = None
    bios: bool = False
    flash: str | None = None

    def start(self, where: Path) -> Start:
        """Returns the start that the table asks for, with files as paths."""

        def file(name: str | None) -> Path | None:
            return None if name is None else where / name

        return Start(file(self.initrd), self.append, file(self.dtb), self.bios, file(self.flash))


class Start(Struct, frozen=True):
    """Start of a guest: with an initial RAM disk, a command line, a device tree, or as firmware.

    ``bios``: the source is firmware for the flash at address 0, and ``flash`` a file for the second bank.
    """

    initrd: Path | None = None
    append: str | None = None
    dtb: Path | None = None
    bios: bool = False
    flash: Path | None = None


class MachineSpec(Struct, frozen=True):
    """``[machine]``: the options that are given, as keywords of a ``Machine``.

    ``cpus_allowed`` and ``controllers_allowed`` list the others that the guest is written for.
    """

    options: Mapping[str, Any] = field(default_factory=dict)
    cpus_allowed: tuple[int, ...] = ()
    controllers_allowed: tuple[str, ...] = ()

    @property
    def cpus(self) -> int:
        """Number of vCPUs."""
        return int(self._value("cpus"))

    @property
    def controller(self) -> str:
        """Interrupt controller."""
        return str(self._value("controller"))

    def _value(self, name: str) -> Any:
        return self.options.get(name, declared(MachineOptions)[name].default)


class RunSpec(Struct, frozen=True, forbid_unknown_fields=True):
    """``[run]``: ``limit`` is in retired instructions, of all vCPUs together; ``None`` is the default's."""

    limit: int | None = None


class StimulusSpec(Struct, frozen=True, forbid_unknown_fields=True):
    """``[[stimulus]]``: ``do`` (``"spi=1"``, ``"uart=hello"``) at the tick ``at``."""

    at: int
    do: str


class InterruptSpec(Struct, frozen=True, forbid_unknown_fields=True):
    """``[expect.interrupts.N]``: how often INTID N was taken, and its mean cost in world switches.

    ``world_switches`` is a number, for the manifest's own controller, or a table of one for each controller.
    """

    count: int | None = None
    world_switches: float | dict[str, float] | None = None


class ExpectSpec(Struct, frozen=True, forbid_unknown_fields=True):
    """``[expect]``: everything given must hold. ``symbols`` are 64-bit words in memory."""

    stop: Ending | None = None
    code: int | None = None
    console: str | None = None
    console_contains: tuple[str, ...] = ()
    symbols: dict[str, int] = {}
    interrupts: dict[int, InterruptSpec] = {}
