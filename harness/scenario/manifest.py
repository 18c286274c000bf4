# SPDX-License-Identifier: MIT
"""Guest and all that its run needs: its machine, its stimuli, and what must come out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from harness.declaration import checked_values
from harness.errors import ConfigError, HarnessError
from harness.options import MachineOptions
from harness.scenario.mistakes import read_text, wrong_value
from harness.scenario.tables import (
    BINARY_LIMIT,
    DEFAULT_LIMIT,
    ExpectSpec,
    MachineSpec,
    RunSpec,
    Start,
    StimulusSpec,
)
from harness.scenario.toml_lines import Keys

SOURCE_SUFFIXES: Final = (".s", ".asm", ".c")
"""Guests that are built; any other is a binary. (Lower case.)"""

_ANY_MACHINE: Final = MachineSpec()
_NO_RUN: Final = RunSpec()
_NO_EXPECTATIONS: Final = ExpectSpec()
_PLAIN_START: Final = Start()


class Manifest(Struct, frozen=True):
    """Guest and all that its run needs. ``path`` is its ``guest.toml``, or None for a bare source.

    ``own_controller`` is the one its ``guest.toml`` was written with, whatever ``machine`` has now. ``toolchain``
    names or is the path of the compiler that is to build it; None leaves that to ``load``.
    """

    name: str
    source: Path
    path: Path | None = None
    description: str = ""
    machine: MachineSpec = _ANY_MACHINE
    run: RunSpec = _NO_RUN
    stimuli: tuple[StimulusSpec, ...] = ()
    expect: ExpectSpec = _NO_EXPECTATIONS
    further_stimuli: tuple[StimulusSpec, ...] = ()
    own_controller: str = _ANY_MACHINE.controller
    toolchain: str | os.PathLike[str] | None = None
    start: Start = _PLAIN_START

    def with_machine(self, **options: Any) -> Manifest:
        """Returns the same guest on another machine: every option that is not None replaces the manifest's.

        Raises ConfigError for a wrong option, and for a number of vCPUs, or a controller, that the guest is not
        written for.
        """
        given = {name: value for name, value in options.items() if value is not None}
        given = checked_values(MachineOptions, given)
        controller, cpus = given.get("controller"), given.get("cpus")
        own = self.machine
        controllers = dict.fromkeys((own.controller, *own.controllers_allowed))
        if self.path is not None and controller is not None and controller not in controllers:
            raise ConfigError(
                f"`{self.name}` is written for the controller {', '.join(controllers)}, not {controller}"
                f" ({self.path})"
            )
        allowed = {own.cpus, *own.cpus_allowed}
        if self.path is not None and cpus is not None and cpus not in allowed:
            numbers = "1 vCPU" if allowed == {1} else f"{', '.join(map(str, sorted(allowed)))} vCPUs"
            raise ConfigError(f"`{self.name}` is written for {numbers}, not {cpus} ({self.path})")
        return replace(self, machine=replace(own, options={**own.options, **given}))

    @property
    def bare_binary(self) -> bool:
        """True for a binary, or firmware for the flash, without a ``guest.toml``."""
        return self.path is None and self.source.suffix.lower() not in SOURCE_SUFFIXES

    @property
    def limit(self) -> int:
        """Instructions after which a run ends: its own limit, or the default of its kind."""
        default = BINARY_LIMIT if self.bare_binary else DEFAULT_LIMIT
        return default if self.run.limit is None else self.run.limit

    def with_limit(self, limit: int | None) -> Manifest:
        """Returns the same guest with another limit of instructions; None keeps the manifest's."""
        return self if limit is None else replace(self, run=RunSpec(limit=limit))

    def with_toolchain(self, toolchain: str | os.PathLike[str] | None) -> Manifest:
        """Returns the same guest built by another toolchain, a name or a compiler's path; None keeps its own."""
        return self if toolchain is None else replace(self, toolchain=toolchain)

    def with_start(self, **options: Any) -> Manifest:
        """Returns the same guest started otherwise: every option that is not None replaces the manifest's."""
        given = {name: value for name, value in options.items() if value is not None}
        return replace(self, start=replace(self.start, **given))

    def with_stimuli(self, stimuli: tuple[StimulusSpec, ...]) -> Manifest:
        """Returns the same guest with stimuli besides those of its manifest."""
        return replace(self, further_stimuli=self.further_stimuli + stimuli)

    def without_stimuli(self) -> Manifest:
        """Returns the same guest with no stimuli of its manifest's, and nothing to expect but a good end."""
        return replace(self, stimuli=(), expect=_NO_EXPECTATIONS)

    def error_at(self, keys: Keys, message: str) -> HarnessError:
        """Returns the error to raise for what the manifest has at ``keys`` (``("stimulus", 0, "do")``)."""
        if self.path is None:
            return ConfigError(message)
        return wrong_value(keys, message, read_text(self.path), self.path)
