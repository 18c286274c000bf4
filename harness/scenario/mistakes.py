# SPDX-License-Identifier: MIT
"""Mistakes in a ``guest.toml``, told in its own words, with key and line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, get_args

from harness.errors import GuestError
from harness.files import read_file
from harness.options import ToolchainName
from harness.scenario.tables import Ending
from harness.scenario.toml_lines import Keys, line_of
from harness.wording import did_you_mean

LARGEST_MANIFEST: Final = 1 << 20
"""Bytes of a ``guest.toml``: nobody writes more, and each mistake reads it again."""

_TYPE_NAMES: Final = {
    "int": "an integer",
    "str": "a string",
    "float": "a number",
    "bool": "a boolean",
    "array": "an array",
    "object": "a table",
}


def syntax_error(message: str, path: Path) -> GuestError:
    """Returns the error for a text that is not TOML: what ``tomllib`` says, with its line in front."""
    message = message.partition("; use sys.")[0]  # for a number of thousands of digits
    match = re.fullmatch(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", message, re.DOTALL)
    if match is None or match[2] is None:
        return GuestError(f"not valid TOML: {message}", file=str(path))
    what = f"not valid TOML: {match[1]} (column {match[3]})"
    return GuestError(what, file=str(path), line=int(match[2]))


def schema_error(
    message: str, text: str, path: Path, data: object, fields: Mapping[str, tuple[str, ...]]
) -> GuestError:
    """Returns the decoder's message in the words of the file: key, line, and what was expected there.

    ``fields`` gives the keys that each table knows, by the table's last name (``""`` is the top).
    """
    what, _, place = message.partition(" - at ")
    keys = _resolve(_keys(place), data)
    if match := re.fullmatch(r"Object contains unknown field `(.*)`", what):
        keys = (*keys, match[1])
        tables = [key for key in keys[:-1] if isinstance(key, str) and key in fields]
        return unknown_key(keys, fields[tables[-1] if tables else ""], text, path)
    if match := re.fullmatch(r"Object missing required field `(.*)`", what):
        what = f"missing key `{dotted((*keys, match[1]))}`"
        return GuestError(what, file=str(path), line=line_of(text, keys))
    if match := re.fullmatch(r"Expected `(.*?)`, got `(.*)`", what):
        what = f"expected {_types(match[1])}, got {_types(match[2])}"
    elif match := re.fullmatch(r"Invalid enum value (.*)", what):
        what = f"{match[1]} is not one of {_choices(keys)}"
    return GuestError(f"`{dotted(keys)}`: {what}", file=str(path), line=line_of(text, keys))


def unknown_key(keys: Keys, known: Iterable[str], text: str, path: Path) -> GuestError:
    """Returns the error for a key that its table does not know."""
    what = f"unknown key `{dotted(keys)}`{did_you_mean(str(keys[-1]), known)}"
    return GuestError(what, file=str(path), line=line_of(text, keys))


def wrong_value(keys: Keys, message: str, text: str, path: Path) -> GuestError:
    """Returns the error for a value that cannot be."""
    return GuestError(f"`{dotted(keys)}`: {message}", file=str(path), line=line_of(text, keys))


def dotted(keys: Keys) -> str:
    """Returns keys as the file writes them: ``stimulus[1].at``."""
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys)
    return text.removeprefix(".")


def read_text(path: Path) -> str:
    """Returns the text of a file; GuestError if it cannot be read, or is none."""
    try:
        return read_file(path, LARGEST_MANIFEST).decode()
    except UnicodeDecodeError:
        raise GuestError("not UTF-8 text", file=str(path)) from None


def _keys(place: str) -> Keys:
    """Returns the keys of ``$.stimulus[1].at``; ``[...]`` (any key of a table) stays as it is."""
    parts = re.findall(r"\.([^.\[\]`]+)|\[(\d+|\.\.\.)\]", place)
    return tuple(name or (int(index) if index.isdecimal() else index) for name, index in parts)


def _resolve(keys: Keys, data: object) -> Keys:
    """Returns the keys with ``...`` replaced where the table holds a single key, so that it is no guess."""
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


def _types(names: str) -> str:
    wanted = [_TYPE_NAMES.get(name, name) for name in names.split(" | ") if name != "null"]
    return " or ".join(wanted)


def _choices(keys: Keys) -> str:
    choices = {"toolchain": get_args(ToolchainName), "stop": tuple(Ending)}
    return ", ".join(choices[str(keys[-1])])
