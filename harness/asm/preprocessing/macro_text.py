# SPDX-License-Identifier: MIT
"""Text of macros: bodies cut at the uses of arguments, and the arguments of a call, in either of GNU as's syntaxes.

After ``.altmacro`` an argument's name needs no backslash, ``&`` joins it with what stands beside, ``<...>`` is a
string with ``!`` before what is not special in it, and ``%`` stands before an expression (manual, 7.4).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence

from harness.asm.preprocessing.bounds import check_length
from harness.asm.source import NAME, QUOTED, StatementError

Piece = tuple[str, bool]
"""Text as it is, or the name of an argument: then the second is True."""

Evaluate = Callable[[str], int]
"""Returns the value of an expression that must be a number by now."""

_USE = re.compile(rf"\\(?:(@|\(\))|({NAME}))")
_ALTERNATE_USE = re.compile(rf"\\(@|\(\))|(?:[\\&]|(?<![\w.$]))({NAME})")
_AROUND = re.compile(rf"({QUOTED})|[ \t]*([-+*/|&^<>=])[ \t]*")
_CLOSING = {"(": ")", "[": "]"}


def cut(text: str, names: Collection[str], *, alternate: bool = False) -> tuple[Piece, ...] | str:
    """Splits a line at the uses of ``names`` and at ``\\@`` and ``\\()``; a line without any stays a string."""
    if "\\" not in text and not alternate:
        return text
    pieces: list[Piece] = []
    copied = at = 0
    while (match := (_ALTERNATE_USE if alternate else _USE).search(text, at)) is not None:
        name = match[1] or match[2]
        at = match.end()
        if name in names or name in ("@", "()"):
            at += alternate and text.startswith("&", at)
            pieces += [(text[copied : match.start()], False), (name, True)]
            copied = at
    return (*pieces, (text[copied:], False)) if pieces else text


def substitute(pieces: Sequence[Piece], values: Mapping[str, str], count: str) -> str:
    """Returns the line with its arguments put in; ``count`` is what ``\\@`` stands for."""
    special = {"@": count, "()": ""}
    parts = [(special.get(text) or values.get(text, "")) if use else text for text, use in pieces]
    check_length(sum(map(len, parts)))
    return "".join(parts)


def squeeze(text: str) -> str:
    """Drops blanks around operators, as GNU as does, so that they do not part arguments."""
    return _AROUND.sub(lambda m: m[1] or m[2], text) if " " in text or "\t" in text else text


def argument(text: str, at: int, evaluate: Evaluate | None = None) -> tuple[str, int]:
    """Returns an argument and its end: a string without quotes, or text up to a comma or blank outside brackets.

    ``evaluate`` is given after ``.altmacro``.
    """
    if evaluate is not None and at < len(text):
        if text[at] == "<":
            return _bracketed(text, at)
        if text[at] == "%":
            found, end = argument(text, at + 1)
            return str(evaluate(found)), end
    if at < len(text) and text[at] == '"':
        end = text.find('"', at + 1)
        while end > 0 and text[end - 1] == "\\":
            end = text.find('"', end + 1)
        if end < 0:
            raise StatementError("a string is not closed")
        return (text[at + 1 : end] if evaluate is None else text[at : end + 1]), end + 1
    begin = at
    open_brackets: list[str] = []
    while at < len(text):
        char = text[at]
        if char == "," or (char in " \t" and not open_brackets):
            break
        if char in _CLOSING:
            open_brackets.append(_CLOSING[char])
        elif open_brackets and char == open_brackets[-1]:
            open_brackets.pop()
        elif char == '"':
            at = max(text.find('"', at + 1), at)
        at += 1
    return text[begin:at].strip(), at


def _bracketed(text: str, at: int) -> tuple[str, int]:
    """Returns the string in ``<...>``: brackets in it nest, and ``!`` takes the next character as it is."""
    out: list[str] = []
    depth = 0
    while at < len(text):
        char = text[at]
        at += 1
        if char == "!" and at < len(text):
            out.append(text[at])
            at += 1
            continue
        depth += (char == "<") - (char == ">")
        if depth == 0:
            return "".join(out), at
        if char != "<" or depth > 1:
            out.append(char)
    raise StatementError("a string in `<>` is not closed")


def after_separator(text: str, at: int) -> int:
    """Skips blanks and at most one comma."""
    while at < len(text) and text[at] in " \t":
        at += 1
    if at < len(text) and text[at] == ",":
        at += 1
        while at < len(text) and text[at] in " \t":
            at += 1
    return at
