# SPDX-License-Identifier: MIT
"""Reading of a ``guest.toml``: its tables into a :class:`Manifest`, or the first mistake with its key and line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from harness.arch.rvic import MAX_INTIDS
from harness.arguments import MOST_BITS, number_text
from harness.declaration import Option, declared
from harness.errors import ConfigError, GuestError
from harness.files import is_file
from harness.options import MachineOptions
from harness.scenario.manifest import Manifest
from harness.scenario.mistakes import read_text, schema_error, syntax_error, unknown_key, wrong_value
from harness.scenario.tables import (
    ExpectSpec,
    GuestSpec,
    InterruptSpec,
    MachineSpec,
    RunSpec,
    StimulusSpec,
)
from harness.scenario.toml_lines import Keys


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    guest: GuestSpec
    description: str = ""
    machine: dict[str, Any] = {}
    run: RunSpec = RunSpec()
    stimulus: tuple[StimulusSpec, ...] = ()
    expect: ExpectSpec = ExpectSpec()


_DEEPEST: Final = 64
# A dotted key of so many parts, for which tomllib takes a time that grows with their square.
_DOTTED: Final = re.compile(rf"""(?<![\w"'.-])(?:[\w"'-]++\s*+\.\s*+){{{_DEEPEST}}}""")
_TOO_DEEP: Final = f"tables or arrays are nested more than {_DEEPEST} deep"

_ALLOWED: Final = {"cpus_allowed": "cpus", "controllers_allowed": "controller"}
"""Keys of ``[machine]`` that list values of an option which the guest is written for, too."""

_KEYS: Final[dict[str, tuple[str, ...]]] = {
    "": _File.__struct_fields__,
    "guest": GuestSpec.__struct_fields__,
    "run": RunSpec.__struct_fields__,
    "stimulus": StimulusSpec.__struct_fields__,
    "expect": ExpectSpec.__struct_fields__,
    "interrupts": InterruptSpec.__struct_fields__,
}


class _Text(Struct, frozen=True):
    """Text of a ``guest.toml``, which gives mistakes their line."""

    path: Path
    text: str

    def unknown(self, keys: Keys, known: Mapping[str, object]) -> GuestError:
        return unknown_key(keys, known, self.text, self.path)

    def wrong(self, keys: Keys, message: str) -> GuestError:
        return wrong_value(keys, message, self.text, self.path)


def machine_keys() -> dict[str, Option]:
    """Returns the keys of ``[machine]``: options, and lists of their other values that a guest is written for."""
    options = declared(MachineOptions)
    keys = {name: option for name, option in options.items() if option.extra("toml", True)}
    return {**keys, **{key: replace(options[name], name=key) for key, name in _ALLOWED.items()}}


def read_manifest(path: Path) -> Manifest:
    """Returns the manifest in a ``guest.toml``; GuestError names the key and the line of what is wrong."""
    text = _Text(path, read_text(path))
    if _DOTTED.search(text.text):
        raise GuestError(_TOO_DEEP, file=str(path))
    try:
        data = tomllib.loads(text.text)
    except (tomllib.TOMLDecodeError, ValueError) as error:  # the latter for a number of thousands of digits
        raise syntax_error(str(error), path) from None
    except RecursionError:
        data = None
    if data is None:
        raise GuestError(_TOO_DEEP, file=str(path))
    _check_plain(data, path)
    try:
        file = msgspec.convert(data, _File, str_keys=True)
    except msgspec.ValidationError as error:
        raise schema_error(str(error), text.text, path, data, _KEYS) from None
    machine = _machine(file.machine, text)
    _check(file, text)
    return Manifest(
        name=path.absolute().parent.name,
        source=path.parent / file.guest.source,
        path=path,
        description=file.description,
        machine=machine,
        run=file.run,
        stimuli=file.stimulus,
        expect=file.expect,
        own_controller=machine.controller,
        toolchain=file.guest.toolchain,
        start=file.guest.start(path.parent),
    )


def _check_plain(data: object, path: Path) -> None:
    """Refuses what can be written but neither read on nor shown: endless numbers, and tables within tables."""
    inside = [data]
    for _ in range(_DEEPEST + 1):
        for one in inside:
            if isinstance(one, int) and one.bit_length() > MOST_BITS:
                raise GuestError(f"{number_text(one)} is too large", file=str(path))
        inside = [
            part
            for one in inside
            if isinstance(one, (dict, list))
            for part in (one.values() if isinstance(one, dict) else one)
        ]
    if inside:
        raise GuestError(_TOO_DEEP, file=str(path))


def _machine(table: Mapping[str, Any], text: _Text) -> MachineSpec:
    """Returns the machine that a guest asks for, its files found from the manifest's directory."""
    keys = machine_keys()
    found: dict[str, Any] = {}
    for key, value in table.items():
        if key not in keys:
            raise text.unknown(("machine", key), keys)
        try:
            found[key] = _several(keys[key], value) if key in _ALLOWED else keys[key].check(value)
        except ConfigError as error:
            hint = "; did you mean `cpus`?" if key == "cpu" and isinstance(value, int) else ""
            raise text.wrong(("machine", key), f"{error}{hint}") from None
    allowed = {key: found.pop(key, ()) for key in _ALLOWED}
    where = text.path.parent
    return MachineSpec({key: keys[key].located(value, where) for key, value in found.items()}, **allowed)


def _several(option: Option, values: object) -> tuple[Any, ...]:
    if not isinstance(values, list):
        raise ConfigError(f"{option.name}={values!r}: a list is needed")
    return tuple(option.check(value) for value in values)


def _check(file: _File, text: _Text) -> None:
    """Refuses what types cannot say, with its place."""
    for key in ("source", "initrd", "dtb"):
        name = getattr(file.guest, key)
        if name is not None and not is_file(text.path.parent / name):
            raise text.wrong(("guest", key), f"no such file: {name}")
    if file.run.limit is not None and file.run.limit < 1:
        raise text.wrong(
            ("run", "limit"), f"a limit is at least 1 instruction, not {number_text(file.run.limit)}"
        )
    for index, stimulus in enumerate(file.stimulus):
        if stimulus.at < 0:
            raise text.wrong(("stimulus", index, "at"), f"a tick is not negative: {number_text(stimulus.at)}")
    for intid in file.expect.interrupts:
        if not 0 <= intid < MAX_INTIDS:
            place = ("expect", "interrupts", str(intid))
            raise text.wrong(place, f"an INTID is 0 to {MAX_INTIDS - 1}, not {number_text(intid)}")
