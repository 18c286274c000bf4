# SPDX-License-Identifier: MIT
"""What is wrong with a ``guest.toml``, in its own words: from the decoder's messages to ours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from harness.errors import GuestError
from harness.scenario.toml_place import Keys, line_of

_TYPE_NAMES: Final = {
    "int": "an integer",
    "str": "a string",
    "float": "a number",
    "bool": "a boolean",
    "array": "an array",
    "object": "a table",
}


def syntax_error(message: str, path: Path) -> GuestError:
    """What ``tomllib`` says of a text that is not TOML, with its line in front."""
    match = re.fullmatch(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", message, re.DOTALL)
    if match is None or match[2] is None:
        return GuestError(f"not valid TOML: {message}", file=str(path))
    what = f"not valid TOML: {match[1]} (column {match[3]})"
    return GuestError(what, file=str(path), line=int(match[2]))


def schema_error(
    message: str, text: str, path: Path, data: object, fields: Mapping[str, tuple[str, ...]]
) -> GuestError:
    """The decoder's message in the words of the file: key, line, and what was expected there.

    ``fields`` gives the keys that each table knows, by the table's last name (``""`` is the top).
    """
    what, _, place = message.partition(" - at ")
    keys = _resolve(_keys(place), data)
    if match := re.fullmatch(r"Object contains unknown field `(.*)`", what):
        keys = (*keys, match[1])
        tables = [key for key in keys[:-1] if isinstance(key, str) and key in fields]
        near = get_close_matches(match[1], fields[tables[-1] if tables else ""], 1)
        what = f"unknown key `{dotted(keys)}`" + (f"; did you mean `{near[0]}`?" if near else "")
        return GuestError(what, file=str(path), line=line_of(text, keys))
    if match := re.fullmatch(r"Object missing required field `(.*)`", what):
        what = f"missing key `{dotted((*keys, match[1]))}`"
        return GuestError(what, file=str(path), line=line_of(text, keys))
    if match := re.fullmatch(r"Expected `(.*?)`, got `(.*)`", what):
        what = f"expected {_types(match[1])}, got {_types(match[2])}"
        if keys == ("machine", "cpu"):  # a model
            what += "; did you mean `cpus`?"
    elif match := re.fullmatch(r"Invalid enum value (.*)", what):
        what = f"{match[1]} is not one of {_choices(keys)}"
    return GuestError(f"`{dotted(keys)}`: {what}", file=str(path), line=line_of(text, keys))


def _keys(place: str) -> Keys:
    """The keys of ``$.stimulus[1].at``; ``[...]`` (any key of a table) stays as it is."""
    parts = re.findall(r"\.([^.\[\]`]+)|\[(\d+|\.\.\.)\]", place)
    return tuple(name or (int(index) if index.isdecimal() else index) for name, index in parts)


def _resolve(keys: Keys, data: object) -> Keys:
    """The keys with ``...`` replaced where the table holds a single key, so that it is no guess."""
    found: list[str | int] = []
    for key in keys:
        if key == "..." and isinstance(data, dict) and len(data) == 1:
            key = next(iter(data))
        found.append(key)
        if isinstance(data, dict):
            data = data.get(key)
        elif isinstance(data, list) and isinstance(key, int):
            data = data[key]
    return tuple(found)


def dotted(keys: Keys) -> str:
    """Keys as the file writes them: ``stimulus[1].at``."""
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys)
    return text.removeprefix(".")


def _types(names: str) -> str:
    wanted = [_TYPE_NAMES.get(name, name) for name in names.split(" | ") if name != "null"]
    return " or ".join(wanted)


def _choices(keys: Keys) -> str:
    choices: dict[str, tuple[str, ...]] = {
        "profile": ("spec", "kvm"),
        "ack_order": ("fifo", "lowest", "random"),
        "toolchain": ("auto", "zig", "gcc", "clang"),
        "psci": ("hvc", "smc"),
        "on_reset": ("stop", "restart"),
        "virtio": ("modern", "legacy"),
        "uart": ("pl011", "qemu"),
        "stop": ("power_off", "reset", "exit", "limit", "idle", "fault"),
    }
    return ", ".join(choices[str(keys[-1])])
