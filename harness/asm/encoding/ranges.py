# SPDX-License-Identifier: MIT
"""Ranges of immediates: found by asking which numbers an instruction takes in the place of one that it does not."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

_NUMBER: Final = re.compile(r"(?<![\w.])#?\s*(-?(?:0x[0-9a-f]+|\d+))(?![\w.])", re.IGNORECASE)
_LOGICAL: Final = frozenset(("and", "ands", "orr", "eor", "tst", "bic", "bics", "orn", "eon"))
_STEPS: Final = (2, 4, 8, 16, 4096)
_LARGEST: Final = 1 << 32
_FEW: Final = 65

Takes = Callable[[int], bool]


def immediate_range(text: str, encodable: Callable[[str], bool]) -> str | None:
    """Returns what is wrong with a number in an instruction, and which ones it takes; None if no other helps."""
    for match in _NUMBER.finditer(text):
        if text[: match.start()].rstrip().endswith("["):
            continue  # the index of an element

        def takes(value: int, match: re.Match[str] = match) -> bool:
            return encodable(f"{text[: match.start()]}#{value}{text[match.end() :]}")

        value = int(match[1], 0)
        if text.split(None, 1)[0] in _LOGICAL and takes(1):
            return (
                f"the immediate {value:#x} cannot be encoded: it must be a run of ones, rotated and repeated"
                " over the register (DDI 0487, C6.2); `ldr Xt, =value` loads any other"
            )
        found = _ranges(takes)
        if found is not None:
            return f"the immediate {value} is out of range: {found}"
    return None


def _ranges(takes: Takes) -> str | None:
    """Returns the numbers that are taken: one range of all, and the multiples beyond it."""
    least = next((value for value in (0, 1) if takes(value)), None)
    if least is None:
        return None
    if least == 0 and takes(3) and not takes(1):
        return "only " + " or ".join(str(value) for value in range(_FEW) if takes(value))
    low, high = least, least
    if takes(3):
        high = 2 * _last(lambda count: takes(2 * count + 1)) + 1
    elif takes(1):
        high = 2 if takes(2) else 1
    if takes(-1):
        low = -1 - _last(lambda count: takes(-1 - count))
    scaled = _multiples(takes, low, high)
    if scaled is None:
        high += takes(high + 1)
        return f"only {low}" if low == high else f"from {low} to {high}"
    return scaled if low == high == 0 else f"from {low} to {high}, or {scaled}"


def _multiples(takes: Takes, low: int, high: int) -> str | None:
    """Returns the multiples that are taken beyond a range."""
    for step in _STEPS:
        first = (high // step + 1) | 1  # an odd one is no multiple of a larger step
        if takes(step * first) and takes(step * (first + 2)):
            break
    else:
        return None
    most = step * (first + 2 * _last(lambda count: takes(step * (first + 2 * count))))
    lowest = _lowest(takes, step, low)
    return f"a multiple of {step} {f'from {lowest} to' if lowest < low else 'up to'} {most}"


def _lowest(takes: Takes, step: int, low: int) -> int:
    """Returns the lowest multiple that is taken."""
    if not takes(low - step):
        return low
    return low - step - step * _last(lambda count: takes(low - step - step * count))


def _last(holds: Callable[[int], bool]) -> int:
    """Returns the last count for which something holds: it does for 0, and for none after the last."""
    high = 1
    while high < _LARGEST and holds(high):
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        if holds(middle):
            low = middle
        else:
            high = middle
    return low
