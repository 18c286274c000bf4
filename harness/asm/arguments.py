# SPDX-License-Identifier: MIT
"""Arguments for building a source, by the assembler or a compiler: each is checked at the call."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from os import PathLike, fspath
from pathlib import Path

from harness.arguments import check_path, whole
from harness.errors import ConfigError, GuestError

_IDENTIFIER = re.compile(r"[A-Za-z_]\w*")


def path_argument(what: str, value: object) -> Path:
    """Returns an argument that is a path; ConfigError if it is none."""
    path = fspath(value) if isinstance(value, str | PathLike) else None
    if not isinstance(path, str):
        raise ConfigError(f"{what}: a path is needed, not {value!r}")
    check_path(what, path)
    return Path(path)


def search_path(include: object) -> list[Path]:
    """Returns directories to search; ConfigError for one that is no path, or for what is no list."""
    if isinstance(include, str | bytes) or not isinstance(include, Sequence):
        raise ConfigError(f"include={include!r}: a list of directories is needed")
    return [path_argument("include", place) for place in include]


def check_base(base: object) -> None:
    """Raises ConfigError unless a program can start at this address."""
    address = whole("base", base, 0, "byte")
    if address >> 48 or address % 4:
        raise ConfigError(f"base={base:#x}: an address of 48 bits that is a multiple of 4 is needed")


def check_defines(defines: object) -> dict[str, str]:
    """Returns the bodies of macros by their names; HarnessError for what cannot be defined."""
    if not isinstance(defines, Mapping | None):
        raise ConfigError(f"defines={defines!r}: a mapping from names to values is needed")
    bodies: dict[str, str] = {}
    for name, value in (defines or {}).items():
        if not isinstance(name, str) or not _IDENTIFIER.fullmatch(name):
            raise GuestError(f"`{name}` cannot be defined: it is not a name")
        if not isinstance(value, str | int):
            raise ConfigError(f"defines: the value of `{name}` is text or a whole number, not {value!r}")
        body = value if isinstance(value, str) else str(int(value))
        if "\0" in body:
            raise ConfigError(f"defines: the value of `{name}` has a NUL in it")
        bodies[name] = check_text(body, f"defines: `{name}`")
    return bodies


def check_text(text: str, name: str) -> str:
    """Returns a text that is called ``name``; GuestError at a character that no file could hold."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        message = f"the character {text[error.start]!r} is not part of any text"
        raise GuestError(message, file=name, line=line) from None
    return text
