# SPDX-License-Identifier: MIT
"""Conditional directives of GNU as: ``.if`` and its kin (manual, 7.45)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from harness.asm.preprocessing.conditionals import Branch
from harness.asm.source import StatementError

_COMPARISONS: Final[dict[str, Callable[[int], bool]]] = {
    ".if": lambda value: value != 0,
    ".ifne": lambda value: value != 0,
    ".ifeq": lambda value: value == 0,
    ".ifgt": lambda value: value > 0,
    ".ifge": lambda value: value >= 0,
    ".iflt": lambda value: value < 0,
    ".ifle": lambda value: value <= 0,
    ".elseif": lambda value: value != 0,
}
_OTHERS: Final = (".ifdef", ".ifndef", ".ifnotdef", ".ifb", ".ifnb", ".ifc", ".ifnc", ".ifeqs", ".ifnes")
IF_DIRECTIVES: Final = {
    **dict.fromkeys((*_COMPARISONS, *_OTHERS), Branch.IF),
    ".elseif": Branch.ELSE_IF,
    **dict.fromkeys((".else", ".elsec"), Branch.ELSE),
    **dict.fromkeys((".endif", ".endc"), Branch.END),
}


def condition_holds(
    name: str, rest: str, evaluate: Callable[[str], int], defined: Callable[[str], bool]
) -> bool:
    """Tells whether a directive's condition holds; StatementError if it cannot be read."""
    compare = _COMPARISONS.get(name)
    if compare is not None:
        return compare(evaluate(rest))
    if name in (".ifb", ".ifnb"):
        return (not rest.strip()) == (name == ".ifb")
    if name in (".ifdef", ".ifndef", ".ifnotdef"):
        if not rest:
            raise StatementError(f"`{name}` needs a symbol")
        return defined(rest) == (name == ".ifdef")
    left, comma, right = rest.partition(",")
    if not comma:
        raise StatementError(f"`{name}` needs two strings with a comma between")
    return (_unquoted(left) == _unquoted(right)) == (name in (".ifc", ".ifeqs"))


def _unquoted(text: str) -> str:
    text = text.strip()
    return text[1:-1] if len(text) >= 2 and text[0] == text[-1] and text[0] in "\"'" else text
