# SPDX-License-Identifier: MIT
"""What is typed to a guest from the start: ``file:PATH`` or ``string:TEXT``."""

from __future__ import annotations

from pathlib import Path

from harness.errors import ConfigError
from harness.run.stimulus import unescape

FORMS = "file:PATH or string:TEXT"


def serial_input(text: str) -> bytes:
    r"""The bytes that ``serial=`` names; ConfigError for another form or a file that cannot be read.

    In ``string:`` the escapes ``\n \r \t \0 \\ \xNN`` are understood.
    """
    kind, colon, value = text.partition(":")
    if colon and kind == "string":
        return unescape(value)
    if colon and kind == "file":
        try:
            return Path(value).read_bytes()
        except OSError as error:
            reason = (error.strerror or "cannot be read").lower()
            raise ConfigError(f"serial file:{value}: {reason}") from None
    if text == "stdio":
        raise ConfigError("serial stdio: only `rvic run --serial stdio` has a terminal to connect")
    raise ConfigError(f"serial {text!r}: it is {FORMS}")
