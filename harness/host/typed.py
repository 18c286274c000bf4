# SPDX-License-Identifier: MIT
"""Bytes typed to a guest: from the start by ``file:PATH`` or ``string:TEXT``, and escapes in text."""

from __future__ import annotations

import re
from typing import Final

from harness.arguments import check_path, guest_bytes
from harness.errors import ConfigError, printable
from harness.files import LARGEST_TEXT, FileError, read_file

FORMS = "file:PATH or string:TEXT"
_ESCAPES: Final = {"n": b"\n", "r": b"\r", "t": b"\t", "0": b"\0", "\\": b"\\"}


def serial_input(text: str) -> bytes:
    r"""Returns the bytes that ``serial=`` names; ConfigError for another form or a file that cannot be read.

    In ``string:`` the escapes ``\n \r \t \0 \\ \xNN`` are understood.
    """
    kind, colon, value = text.partition(":")
    if colon and kind == "string":
        return unescape(value)
    if colon and kind == "file":
        check_path("serial file", value)
        try:
            return read_file(value, LARGEST_TEXT)
        except FileError as error:
            raise ConfigError(f"serial file:{printable(value)}: {error.reason}") from None
    if text == "stdio":
        raise ConfigError("serial stdio: only `rvic run --serial stdio` has a terminal to connect")
    raise ConfigError(f"serial {text!r}: it is {FORMS}")


def unescape(text: str) -> bytes:
    r"""Returns the bytes of a text with the escapes ``\n \r \t \0 \\ \xNN``; ConfigError for another backslash."""

    def byte(match: re.Match[bytes]) -> bytes:
        code = match[1].decode(errors="replace")
        if code[:1] == "x" and len(code) == 3:
            return bytes([int(code[1:], 16)])
        if code not in _ESCAPES:
            given, escape = printable(text), printable(code)
            raise ConfigError(rf"`{given}`: no escape `\{escape}`; there are \n \r \t \0 \\ and \xNN")
        return _ESCAPES[code]

    return re.sub(rb"(?s)\\(x[0-9a-fA-F]{2}|[\x80-\xff]+|.?)", byte, guest_bytes("typed text", text))
