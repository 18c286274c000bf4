# SPDX-License-Identifier: MIT
"""Folding of lines that are longer than a terminal is wide: between words, never amid one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_BLANKS: Final = re.compile(r" +")
_NARROW: Final = 3  # an indent may take this part of the width


def folds(text: str, width: int, indent: int) -> list[tuple[int, int]]:
    """Returns the (start, end) of each line: the first has ``width`` columns, each other ``indent`` fewer.

    A word that is longer has a line for itself.
    """
    lines: list[tuple[int, int]] = []
    start, end = 0, 0  # of the line so far
    words = [(match.start(), match.end()) for match in re.finditer(r"[^ ]+", text)]
    for first, last in words:
        room = width if not lines else width - indent
        if end and last - start > room:
            lines.append((start, end))
            start = first
        end = last
    return [*lines, (start, end)]


def hanging_indent(spans: Sequence[str], width: int) -> int:
    """Returns the indent of what is folded over: below the text that follows a line's label, if there is one."""
    first, *others = [*spans, ""]
    label = len(first) if others and others[0] else 0
    indent = label + _leading(others[0]) if label else _leading(first)
    return indent if indent <= width // _NARROW else min(4, width // _NARROW)


def _leading(text: str) -> int:
    match = _BLANKS.match(text)
    return len(match[0]) if match else 0
