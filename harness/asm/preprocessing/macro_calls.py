# SPDX-License-Identifier: MIT
"""Calls of function-like macros: where one ends, and its arguments."""

from __future__ import annotations

import re
from typing import NamedTuple

from harness.asm.source import QUOTED, StatementError

_OPEN = re.compile(r"\s*\(")
_PART = re.compile(rf"{QUOTED}|[(),]")


class UnclosedCallError(StatementError):
    """Call whose `)` is not in this line: it may be in one that follows."""


class Call(NamedTuple):
    """Text between the brackets of a call, and where the call ends."""

    text: str
    end: int


def call_at(line: str, at: int) -> Call | None:
    """Returns the call whose brackets come next, or None if none do; UnclosedCallError if they are not closed."""
    start = _OPEN.match(line, at)
    if start is None:
        return None
    depth = 1
    for match in _PART.finditer(line, start.end()):
        depth += {"(": 1, ")": -1}.get(match[0], 0)
        if depth == 0:
            return Call(line[start.end() : match.start()], match.end())
    raise UnclosedCallError("a macro call is not closed: `)` is missing")


def split_arguments(text: str, most: int | None) -> list[str]:
    """Splits the text of a call at its commas; after ``most`` of them, one argument has all that is left."""
    arguments: list[str] = []
    depth = begin = 0
    for match in _PART.finditer(text):
        depth += {"(": 1, ")": -1}.get(match[0], 0)
        if match[0] == "," and depth == 0 and (most is None or len(arguments) < most):
            arguments.append(text[begin : match.start()].strip())
            begin = match.end()
    return [*arguments, text[begin:].strip()]
