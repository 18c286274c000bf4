# SPDX-License-Identifier: MIT
"""Arguments of directives: parts between commas, strings and their escapes, constants that may be left out."""

from __future__ import annotations

import re

from harness.asm.directives.context import DirectiveContext
from harness.asm.source import ESCAPES, QUOTED, StatementError
from harness.wording import plural

_PART = re.compile(rf"{QUOTED}|[(),\[\]]")
_STRING = re.compile(r'\s*"((?:\\.|[^"\\])*)"\s*', re.DOTALL)
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]+|[0-9]{1,3}|.)", re.DOTALL)


def split(text: str) -> list[str]:
    """Splits at commas outside strings and brackets; an empty text has no parts."""
    if not text.strip():
        return []
    if '"' not in text and "(" not in text:
        return [part.strip() for part in text.split(",")]
    parts, depth, start = [], 0, 0
    for match in _PART.finditer(text):
        token = match[0]
        if token in "([":
            depth += 1
        elif token in ")]":
            depth -= 1
        elif token == "," and depth == 0:
            parts.append(text[start : match.start()].strip())
            start = match.end()
    return [*parts, text[start:].strip()]


def at_most(parts: list[str], least: int, most: int, name: str) -> list[str]:
    """Returns the parts; StatementError unless there are ``least`` to ``most`` of them."""
    if not least <= len(parts) <= most:
        wanted = plural(most, "argument")
        if least != most:
            wanted = f"{least} to {wanted}"
        raise StatementError(f"`{name}` takes {wanted}, not {len(parts)}")
    return parts


def optional(asm: DirectiveContext, parts: list[str], index: int) -> int | None:
    """Returns the value of a constant, or None if it is left out."""
    return asm.constant(parts[index]) if index < len(parts) and parts[index] else None


def string(text: str) -> bytes:
    """Returns the bytes of one or more adjacent string literals."""
    out, at = bytearray(), 0
    while at < len(text) or not text:
        match = _STRING.match(text, at)
        if match is None:
            raise StatementError(f"a string in double quotes is expected, not `{text.strip() or 'nothing'}`")
        last = 0
        for escape in _ESCAPE.finditer(match[1]):
            out += match[1][last : escape.start()].encode()
            out += _escape(escape[1])
            last = escape.end()
        out += match[1][last:].encode()
        at = match.end()
    return bytes(out)


def text_string(text: str) -> str:
    """Returns a string that names something; StatementError if it is not UTF-8."""
    try:
        return string(text).decode()
    except UnicodeDecodeError:
        raise StatementError(f"{text.strip()} is not text in UTF-8") from None


def _escape(code: str) -> bytes:
    """Returns what an escape stands for; as in GNU as, the character itself where it has no meaning."""
    if code[0] == "x" and len(code) > 1:
        return bytes((int(code[1:], 16) & 0xFF,))
    if code.isascii() and code.isdigit():
        value = 0
        for digit in code:  # GNU as counts an 8 or a 9 as a digit of an octal number
            value = value * 8 + int(digit)
        return bytes((value & 0xFF,))
    return bytes((ESCAPES[code],)) if code in ESCAPES else code.encode()
