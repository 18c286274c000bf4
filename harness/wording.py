# SPDX-License-Identifier: MIT
"""Words of messages: numbers with their nouns, and what may have been meant."""

from __future__ import annotations

from collections.abc import Iterable


def plural(count: int, noun: str) -> str:
    """Returns the number with its noun: ``1 world switch``, ``2,000 world switches``."""
    if count == 1:
        return f"1 {noun}"
    ending = "es" if noun.endswith(("s", "x", "ch", "sh")) else "s"
    return f"{count:,} {noun}{ending}"


def did_you_mean(name: str, names: Iterable[str], likeness: float = 0.6) -> str:
    """Returns ``; did you mean `cpus`?`` for the name most like a wrong one; nothing if none is (from 0 to 1)."""
    from difflib import get_close_matches  # for a mistake alone: a command starts without it

    near = get_close_matches(name, list(names), 1, likeness)
    return f"; did you mean `{near[0]}`?" if near else ""
