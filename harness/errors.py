# SPDX-License-Identifier: MIT
"""Errors for people: what the user gave us is wrong, said in one clear line.

Everything a user can get wrong (a source file, an image, a ``guest.toml``, an option) raises a
:class:`HarnessError`. Faces print its message without a traceback and exit non-zero. A bug of this
project raises anything else, and is never caught.
"""

from __future__ import annotations


class HarnessError(Exception):
    """Base of every error that is the user's to mend; ``str()`` is the whole message."""


class GuestError(HarnessError):
    """A guest cannot be built or loaded: source, image or manifest is wrong.

    ``file``, ``line`` and ``column`` (1-based) say where, as far as it is known; they lead the message as
    ``file:line:column: message``.
    """

    def __init__(
        self, message: str, *, file: str | None = None, line: int | None = None, column: int | None = None
    ) -> None:
        self.message = message
        self.file = file
        self.line = line
        self.column = column
        place = ":".join(str(part) for part in (file, line, column) if part is not None)
        super().__init__(f"{place}: {message}" if file is not None else message)


class ConfigError(HarnessError):
    """A machine cannot be made as asked: an option is out of its range."""


class ClosedError(ConfigError):
    """A machine is used after its end: it, or one of its CPUs, is closed."""


class RegisterIndexError(ConfigError, IndexError):
    """There is no register of this number."""


class RegisterValueError(ConfigError, ValueError):
    """A register cannot hold this number."""


class RegisterTypeError(ConfigError, TypeError):
    """A register's number, or its value, is no whole number."""


class GuestWarning(UserWarning):
    """A guest is loaded, but something about it is likely a mistake; the message begins with the file."""
