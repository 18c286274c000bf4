# SPDX-License-Identifier: MIT
"""Lines of keys in the text of a TOML file, which the decoder does not tell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_HEADER: Final = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]")
_KEY: Final = re.compile(r"\s*([A-Za-z0-9_\-\"'.]+(?:\s*\.\s*[A-Za-z0-9_\-\"']+)*)\s*=")
_QUOTES: Final = re.compile(r'"""|' + "'''")

Keys = tuple[str | int, ...]


def line_of(text: str, keys: Keys) -> int | None:
    """Returns the line (from 1) of a key or of the nearest table around it; None where there is none.

    Keys lead from the top of the file: ``("stimulus", 1, "at")``.
    """
    places: dict[Keys, int] = {}
    for line, found in _places(text):
        places.setdefault(found, line)
    for length in range(len(keys), 0, -1):
        if keys[:length] in places:
            return places[keys[:length]]
    return None


def _places(text: str) -> Iterator[tuple[int, Keys]]:
    table: Keys = ()
    counts: dict[Keys, int] = {}
    inside_string = False
    for line, content in enumerate(text.splitlines(), 1):
        starts_inside = inside_string
        inside_string ^= len(_QUOTES.findall(content)) % 2 == 1
        if starts_inside:
            continue
        if header := _HEADER.match(content):
            table = _split(header[2])
            if header[1] == "[[":
                index = counts.get(table, -1) + 1
                counts[table] = index
                table = (*table, index)
            yield line, table
        elif key := _KEY.match(content):
            yield line, (*table, *_split(key[1]))


def _split(dotted: str) -> Keys:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))
