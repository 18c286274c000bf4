# SPDX-License-Identifier: MIT
"""Errors for people: what the user gave us is wrong, said in one clear line.

Everything a user can get wrong (a source file, an image, a ``guest.toml``, an option) raises a
:class:`HarnessError`. Faces print its message without a traceback and exit non-zero. A bug of this
project raises anything else, and is never caught.
"""

from __future__ import annotations

from collections.abc import Sequence


def printable(text: str) -> str:
    """Returns text for a message: characters that would break its line, or do something, by their escapes."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


class HarnessError(Exception):
    """Base of every error that is the user's to mend; ``str()`` is the whole message."""


class GuestError(HarnessError):
    """Error in a guest that cannot be built or loaded: source, image or manifest is wrong.

    ``file``, ``line`` and ``column`` (1-based) say where, as far as it is known; they lead the message as
    ``file:line:column: message``. ``others`` are further errors of the same guest, each a line of the message.
    """

    def __init__(
        self,
        message: str,
        *,
        file: str | None = None,
        line: int | None = None,
        column: int | None = None,
        others: Sequence[GuestError] = (),
    ) -> None:
        self.message = message
        self.file = file
        self.line = line
        self.column = column
        place = ":".join(str(part) for part in (file, line, column) if part is not None)
        self.others = tuple(others)
        own = f"{printable(place)}: {message}" if file is not None else message
        super().__init__("\n".join([own, *map(str, others)]))


class ConfigError(HarnessError):
    """Error in what a machine is asked for: an option, or an argument, is out of its range."""


class HostError(HarnessError):
    """Error of the computer that this runs on: it has no room for what a machine needs."""


class ClosedError(ConfigError):
    """Use of a machine after its end: it, or one of its CPUs, is closed."""


class RegisterIndexError(ConfigError, IndexError):
    """Number that no register has."""


class RegisterValueError(ConfigError, ValueError):
    """Value that a register cannot hold."""


class RegisterTypeError(ConfigError, TypeError):
    """Register's number, or its value, that is no whole number."""


class GuestWarning(UserWarning):
    """Warning of a likely mistake in a guest that is loaded; the message begins with the file."""
