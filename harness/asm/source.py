# SPDX-License-Identifier: MIT
"""Text of a source, cut into lines and statements that know their place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from harness.errors import GuestError

NAME: Final = r"[A-Za-z_.$][\w.$]*"
"""Pattern of a symbol's name (GNU as manual, 5.3)."""
QUOTED: Final = r'"(?:\\.|[^"\\])*"'
"""Pattern of a string in double quotes."""
ESCAPES: Final = {"n": 10, "t": 9, "r": 13, "b": 8, "f": 12, "v": 11, "0": 0, "\\": 92, "'": 39, '"': 34}
"""Characters after a backslash, and what they stand for (GNU as manual, 3.6.1.1)."""

_MOST_MACROS = 3  # of a chain of calls; that of a macro which calls itself is as long as can be


class StatementError(Exception):
    """Error in a statement; the assembler adds its place and raises GuestError."""


class Location(NamedTuple):
    """Place where a statement was written; inside a macro ``parent`` is the call it was expanded for."""

    file: str
    line: int
    macro: str | None = None
    parent: Location | None = None

    @property
    def root(self) -> Location:
        """Place outside every macro: what the user wrote."""
        place = self
        while place.parent is not None:
            place = place.parent
        return place

    def error(self, message: str) -> GuestError:
        """Returns an error at the outermost call, naming each macro and the line in it."""
        inner = []
        place = self
        while place.parent is not None:
            inner.append(f"in macro `{place.macro}` at {place.file}:{place.line}")
            place = place.parent
        if len(inner) > _MOST_MACROS:
            inner[_MOST_MACROS:] = ["..."]
        suffix = f" ({', '.join(inner)})" if inner else ""
        return GuestError(message + suffix, file=place.file, line=place.line)


class Statement(NamedTuple):
    """One statement and its place."""

    text: str
    location: Location


_SCRUB = re.compile(
    r""" "(?:\\.|[^"\\\n])*" | /\*.*?(?:\*/|\Z) | //[^\n]* | '(?:\\.|[^\\\n'])' """, re.VERBOSE | re.DOTALL
)
_SPLIT = re.compile(rf"({QUOTED})|;")


def _scrub(text: str, file: str) -> str:
    """Removes comments and turns 'c' into its number, keeping the count of lines; strings stay untouched."""

    def replace(match: re.Match[str]) -> str:
        found = match.group()
        if found[0] == '"':
            return found
        if found[0] == "'":
            return _character(found)
        if found.startswith("//"):
            return ""
        if not found.endswith("*/") or len(found) < 4:
            line = text.count("\n", 0, match.start()) + 1
            raise GuestError("comment `/*` is never closed", file=file, line=line)
        # A block comment is one space, wherever it ends (C 5.1.1.2): the lines it spans are joined.
        return " " + "\\\n" * found.count("\n")

    return _SCRUB.sub(replace, text)


def _character(found: str) -> str:
    if found[1] != "\\":
        return str(ord(found[1]))
    value = ESCAPES.get(found[2])
    return found if value is None else str(value)


def logical_lines(text: str, file: str) -> Iterator[tuple[int, str]]:
    """Yields (line number, text) with comments gone and continued lines joined; empty lines are left out."""
    pending: list[str] = []
    first = 0
    unix = text.replace("\r\n", "\n").replace("\r", "\n")
    for number, line in enumerate(_scrub(unix, file).split("\n"), 1):
        continued = line.endswith("\\")
        if continued:
            line = line[:-1]
        if not first and line.strip():
            first = number
        if continued:
            pending.append(line)
            continue
        if first:
            yield first, ("".join(pending) + line).strip() if pending else line.strip()
        pending, first = [], 0
    if first:
        yield first, "".join(pending).strip()


def split_statements(text: str) -> list[str]:
    """Splits at `;` outside strings; empty statements are left out."""
    if ";" not in text:
        return [text] if text else []
    parts, start = [], 0
    for match in _SPLIT.finditer(text):
        if match.group(1) is None:
            parts.append(text[start : match.start()].strip())
            start = match.end()
    parts.append(text[start:].strip())
    return [part for part in parts if part]
