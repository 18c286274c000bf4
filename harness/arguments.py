# SPDX-License-Identifier: MIT
"""Checks of what a user hands in, at the call: numbers, choices, text, paths, bytes and callables.

Each raises ConfigError with one line that says what was given and what is needed; ``what`` leads that line, as
the user wrote it (``cpus``, ``at(5)``).
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from operator import index
from typing import Any, Final

from harness.errors import ConfigError
from harness.wording import plural

MOST_BITS: Final = 256
"""Bits of the largest number that anybody may give: it can be shown, and reckoned with."""


def whole(what: str, value: object, least: int, unit: str) -> int:
    """Returns ``value`` as an int of at least ``least`` units."""
    number = _index(value)
    if number is None:
        raise ConfigError(f"{what}: a whole number of {unit}s is needed, not {value!r}")
    if number < least:
        raise ConfigError(f"{what}: at least {plural(least, unit)} {'is' if least == 1 else 'are'} needed")
    if number.bit_length() > MOST_BITS:
        raise ConfigError(f"{what}: {number_text(number)} is too large")
    return number


def integer(
    name: str, value: object, least: int | None = None, most: int | None = None, multiple: int | None = None
) -> int:
    """Returns ``value`` as an int between two bounds, and a multiple of a third number."""
    number = _index(value)
    if number is None:
        raise ConfigError(f"{name}={value!r}: a whole number is needed")
    wrong = number.bit_length() > MOST_BITS
    wrong = wrong or (least is not None and number < least) or (most is not None and number > most)
    if wrong or (multiple is not None and number % multiple):
        limits = range_text(least, most, multiple) or f"at most {MOST_BITS} bits"
        raise ConfigError(f"{name}={number_text(number)}: {limits}")
    return number


def decimal(digits: str) -> int | None:
    """Returns the number that decimal digits write; None for other text, and for more than MOST_BITS."""
    try:
        number = int(digits) if digits.isdecimal() else None
    except ValueError:  # more digits than Python reads
        return None
    return number if number is not None and number.bit_length() <= MOST_BITS else None


def number_text(number: int) -> str:
    """Returns a number's digits; of one that nobody would read to its end, its length."""
    return str(number) if number.bit_length() <= MOST_BITS else f"a number of {number.bit_length():,} bits"


def range_text(least: int | None, most: int | None, multiple: int | None = None) -> str:
    """Returns the words for a range: ``1 to 8``, ``at least 1``, ``a multiple of 32 from 32 to 2,016``."""
    limits = ""
    if least is not None:
        limits = f"at least {least:,}" if most is None else f"{least:,} to {most:,}"
    elif most is not None:
        limits = f"at most {most:,}"
    if multiple is None:
        return limits
    return f"a multiple of {multiple}" + (f" from {limits}" if least is not None and most is not None else "")


def choice(name: str, value: object, choices: Iterable[str]) -> str:
    """Returns ``value`` if it is one of some words."""
    known = tuple(choices)
    if not isinstance(value, str) or value not in known:
        given = str(value) if isinstance(value, str) else value
        raise ConfigError(f"{name} {given!r}: choose one of {', '.join(known)}")
    return known[known.index(value)]


def flag(name: str, value: object) -> bool:
    """Returns ``value`` if it is True or False."""
    if not isinstance(value, bool):
        raise ConfigError(f"{name}={value!r}: True or False is needed")
    return value


def text(name: str, value: object) -> str:
    """Returns ``value`` if it is text."""
    if not isinstance(value, str):
        raise ConfigError(f"{name}={value!r}: text is needed")
    return value


def texts(name: str, value: object) -> tuple[str, ...]:
    """Returns ``value`` as a tuple if it is a list of texts."""
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise ConfigError(f"{name}={value!r}: a list of texts is needed")
    return tuple(text(name, one) for one in value)


def guest_bytes(what: str, value: str) -> bytes:
    """Returns text as a guest sees it: in UTF-8, and bytes of the operating system that are none as they were."""
    try:
        return value.encode(errors="surrogateescape")
    except UnicodeEncodeError as error:
        raise ConfigError(f"{what}: the character {value[error.start]!r} is not part of any text") from None


def text_argument(what: str, value: object) -> None:
    """Checks that the argument of a function is text."""
    if not isinstance(value, str):
        raise ConfigError(f"{what}({value!r}): text is needed")


def path(name: str, value: object) -> str | os.PathLike[str]:
    """Returns ``value`` if it names a file or a directory."""
    if not isinstance(value, (str, os.PathLike)):
        raise ConfigError(f"{name}={value!r}: a path is needed")
    check_path(name, value)
    return value


def check_path(what: str, value: str | os.PathLike[str]) -> None:
    """Checks that a file can have this name: it has no NUL in it, and the host can encode it."""
    try:
        possible = b"\0" not in os.fsencode(value)
    except UnicodeEncodeError:
        possible = False
    if not possible:
        raise ConfigError(f"{what}: {os.fspath(value)!r} cannot be a path")


def optional_paths(**values: object) -> None:
    """Checks that each names a file or a directory, or is None."""
    for name, value in values.items():
        if value is not None:
            path(name, value)


def function(what: str, value: object, of: str) -> None:
    """Checks that ``value`` can be called; ``of`` says with what."""
    if not callable(value):
        raise ConfigError(f"{what}: a function of {of} is needed, not {value!r}")


def data(what: str, value: object) -> bytes | bytearray | memoryview:
    """Returns ``value`` if it is bytes."""
    if not isinstance(value, (bytes, bytearray, memoryview)):
        raise ConfigError(f"{what}: bytes are needed, not {value!r}")
    return value


def check_cpu(what: str, count: int, cpu: int | None) -> None:
    """Checks that a machine with ``count`` vCPUs has this one; None is any."""
    if cpu is not None and cpu not in range(count):
        raise ConfigError(f"{what}(cpu={cpu!r}): the machine has {cpus_text(count)}")


def cpus_text(count: int) -> str:
    """Returns the words for the vCPUs of a machine: ``CPU 0 only``, ``CPUs 0 to 3``."""
    return "CPU 0 only" if count == 1 else f"CPUs 0 to {count - 1}"


def _index(value: Any) -> int | None:
    """Returns a whole number as an int; None for anything else, True and False included."""
    if isinstance(value, bool):
        return None
    try:
        return index(value)
    except TypeError:
        return None
