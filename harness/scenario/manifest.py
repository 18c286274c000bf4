# SPDX-License-Identifier: MIT
"""``guest.toml``: which machine a guest wants, what happens to it from outside, and what must come out."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from harness.errors import ConfigError, GuestError, HarnessError
from harness.library import firmware_dir
from harness.scenario.manifest_errors import dotted, schema_error, syntax_error
from harness.scenario.manifest_tables import (
    BINARY_LIMIT,
    DEFAULT_LIMIT,
    Ending,
    ExpectSpec,
    GuestSpec,
    InterruptSpec,
    MachineSpec,
    RunSpec,
    Start,
    StimulusSpec,
)
from harness.scenario.toml_place import Keys, line_of

__all__ = [
    "BINARY_LIMIT",
    "DEFAULT_CONTROLLER",
    "DEFAULT_LIMIT",
    "MANIFEST_NAME",
    "Ending",
    "ExpectSpec",
    "GuestSpec",
    "InterruptSpec",
    "MachineSpec",
    "Manifest",
    "RunSpec",
    "Start",
    "StimulusSpec",
    "find_guest",
    "firmware_names",
    "read_manifest",
]

MANIFEST_NAME: Final = "guest.toml"
DEFAULT_CONTROLLER: Final = "rvic"
SOURCE_SUFFIXES: Final = (".s", ".asm", ".c")
"""Guests that are built; any other is a binary. (Lower case.)"""

_NO_OPTIONS: Final = MachineSpec()
_PLAIN_START: Final = Start()
_NO_RUN: Final = RunSpec()
_NO_EXPECTATIONS: Final = ExpectSpec()


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    guest: GuestSpec
    description: str = ""
    machine: MachineSpec = _NO_OPTIONS
    run: RunSpec = _NO_RUN
    stimulus: tuple[StimulusSpec, ...] = ()
    expect: ExpectSpec = _NO_EXPECTATIONS


_KEYS: Final[dict[str, tuple[str, ...]]] = {
    "": _File.__struct_fields__,
    "guest": GuestSpec.__struct_fields__,
    "machine": MachineSpec.__struct_fields__,
    "run": RunSpec.__struct_fields__,
    "stimulus": StimulusSpec.__struct_fields__,
    "expect": ExpectSpec.__struct_fields__,
    "interrupts": InterruptSpec.__struct_fields__,
}


@dataclass(frozen=True, slots=True)
class Manifest:
    """A guest and all that its run needs. ``path`` is its ``guest.toml``, or None for a bare source.

    ``own_controller`` is the one its ``guest.toml`` was written with, whatever ``machine`` has now. ``toolchain``
    names or is the path of the compiler that is to build it; None leaves that to ``load``.
    """

    name: str
    source: Path
    path: Path | None = None
    description: str = ""
    machine: MachineSpec = _NO_OPTIONS
    run: RunSpec = _NO_RUN
    stimuli: tuple[StimulusSpec, ...] = ()
    expect: ExpectSpec = _NO_EXPECTATIONS
    further_stimuli: tuple[StimulusSpec, ...] = ()
    own_controller: str = DEFAULT_CONTROLLER
    toolchain: str | None = None
    start: Start = _PLAIN_START

    def with_machine(self, **options: Any) -> Manifest:
        """The same guest on another machine: every option that is not None replaces the manifest's.

        Raises ConfigError for a number of vCPUs, or a controller, that the guest is not written for.
        """
        given = {name: value for name, value in options.items() if value is not None}
        controller = given.get("controller")
        controllers = (self.machine.controller or DEFAULT_CONTROLLER, *self.machine.controllers_allowed)
        if self.path is not None and controller is not None and controller not in controllers:
            names = ", ".join(dict.fromkeys(controllers))
            raise ConfigError(
                f"`{self.name}` is written for the controller {names}, not {controller} ({self.path})"
            )
        cpus = given.get("cpus")
        allowed = {self.machine.cpus or 1, *self.machine.cpus_allowed}
        if self.path is not None and cpus is not None and cpus not in allowed:
            numbers = ", ".join(map(str, sorted(allowed)))
            raise ConfigError(f"`{self.name}` is written for {numbers} vCPUs, not {cpus} ({self.path})")
        return replace(self, machine=msgspec.structs.replace(self.machine, **given))

    @property
    def bare_binary(self) -> bool:
        """Whether it is a binary, or firmware for the flash, without a ``guest.toml``."""
        return self.path is None and self.source.suffix.lower() not in SOURCE_SUFFIXES

    @property
    def limit(self) -> int:
        """Instructions after which a run ends: its own limit, or the default of its kind."""
        default = BINARY_LIMIT if self.bare_binary else DEFAULT_LIMIT
        return default if self.run.limit is None else self.run.limit

    def with_limit(self, limit: int | None) -> Manifest:
        """The same guest with another limit of instructions; None keeps the manifest's."""
        return self if limit is None else replace(self, run=RunSpec(limit=limit))

    def with_toolchain(self, toolchain: str | None) -> Manifest:
        """The same guest built by another toolchain (a name, or a compiler's path); None keeps the manifest's."""
        return self if toolchain is None else replace(self, toolchain=toolchain)

    def with_start(self, **options: Any) -> Manifest:
        """The same guest started otherwise: every option that is not None replaces the manifest's."""
        given = {name: value for name, value in options.items() if value is not None}
        return replace(self, start=replace(self.start, **given))

    def with_stimuli(self, stimuli: tuple[StimulusSpec, ...]) -> Manifest:
        """The same guest with stimuli besides those of its manifest."""
        return replace(self, further_stimuli=self.further_stimuli + stimuli)

    def error_at(self, keys: Keys, message: str) -> HarnessError:
        """The error to raise for what the manifest has at ``keys`` (``("stimulus", 0, "do")``)."""
        if self.path is None:
            return ConfigError(message)
        line = line_of(_text(self.path), keys)
        return GuestError(f"`{dotted(keys)}`: {message}", file=str(self.path), line=line)


def read_manifest(path: Path) -> Manifest:
    """The manifest in a ``guest.toml``; GuestError names the key and the line of what is wrong."""
    text = _text(path)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise syntax_error(str(error), path) from None
    try:
        file = msgspec.convert(data, _File, str_keys=True)
    except msgspec.ValidationError as error:
        raise schema_error(str(error), text, path, data, _KEYS) from None
    _check(file, text, path)
    return Manifest(
        name=path.absolute().parent.name,
        source=path.parent / file.guest.source,
        path=path,
        description=file.description,
        machine=file.machine.located(path.parent),
        run=file.run,
        stimuli=file.stimulus,
        expect=file.expect,
        own_controller=file.machine.controller or DEFAULT_CONTROLLER,
        toolchain=file.guest.toolchain,
        start=file.guest.start(path.parent),
    )


def find_guest(what: str | Path) -> Manifest:
    """The guest that a person names: a directory, a ``guest.toml``, a source or image, or a firmware.

    A ``guest.toml`` beside a source is used if it names that source. GuestError if there is none.
    """
    path = Path(what)
    if path.is_dir():
        if (path / MANIFEST_NAME).is_file():
            return read_manifest(path / MANIFEST_NAME)
        if path.name not in firmware_names():
            raise GuestError(f"the directory has no {MANIFEST_NAME}", file=str(path))
    name = str(what)
    firmware = name in firmware_names()
    if path.is_file() and not (firmware and _stray(path)):
        return _of_file(path)
    if firmware:
        return read_manifest(firmware_dir() / name / MANIFEST_NAME)
    if path.exists() and not path.is_dir():
        from harness.build import NOT_REGULAR

        raise GuestError(NOT_REGULAR, file=name)
    if path.suffix or len(path.parts) > 1:
        raise GuestError("no such file", file=name)
    near = get_close_matches(name, firmware_names(), 1)
    hint = f"; did you mean `{near[0]}`?" if near else "; `rvic list` shows the firmware"
    raise GuestError(f"no guest `{name}`: neither a file nor a firmware" + hint)


def firmware_names() -> list[str]:
    """Names of the firmware that comes with this package, sorted."""
    return sorted(path.parent.name for path in firmware_dir().glob(f"*/{MANIFEST_NAME}"))


def _stray(path: Path) -> bool:
    """Whether a file that is named as a firmware is no guest, and so not meant."""
    from harness.build import is_guest

    return not is_guest(path)


def _of_file(path: Path) -> Manifest:
    if path.suffix == ".toml":
        return read_manifest(path)
    beside = path.parent / MANIFEST_NAME
    if beside.is_file():
        manifest = read_manifest(beside)
        if manifest.source.resolve() == path.resolve():
            return manifest
    return Manifest(name=path.stem, source=path)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise GuestError("not UTF-8 text", file=str(path)) from None
    except OSError as error:
        raise GuestError((error.strerror or "cannot be read").lower(), file=str(path)) from None


def _check(file: _File, text: str, path: Path) -> None:
    """What types cannot say, with its place."""

    def fail(keys: Keys, message: str) -> GuestError:
        return GuestError(f"`{dotted(keys)}`: {message}", file=str(path), line=line_of(text, keys))

    for key in ("source", "initrd", "dtb"):
        name = getattr(file.guest, key)
        if name is not None and not (path.parent / name).is_file():
            raise fail(("guest", key), f"no such file: {name}")
    if file.run.limit is not None and file.run.limit < 1:
        raise fail(("run", "limit"), f"a limit is at least 1 instruction, not {file.run.limit}")
    for index, stimulus in enumerate(file.stimulus):
        if stimulus.at < 0:
            raise fail(("stimulus", index, "at"), f"a tick is not negative: {stimulus.at}")
