# SPDX-License-Identifier: MIT
"""Arguments of the Python API that are numbers: whole ones, and in range."""

from __future__ import annotations

from operator import index

from harness.errors import ConfigError


def whole(what: str, value: object, least: int, unit: str) -> int:
    """``value`` as an int, at least ``least``; ConfigError says what else it is."""
    try:
        number = index(value)  # type: ignore[arg-type]  # that is the question
    except TypeError:
        raise ConfigError(f"{what}: a whole number of {unit}s is needed, not {value!r}") from None
    if number < least:
        raise ConfigError(f"{what}: at least {least} {unit}{' is' if least == 1 else 's are'} needed")
    return number


def check_whole(**values: object) -> None:
    """ConfigError unless each is an int, or None."""
    for name, value in values.items():
        if value is not None and not isinstance(value, int):
            raise ConfigError(f"{name}={value!r}: a whole number is needed")


def text_argument(what: str, value: object) -> None:
    """Raises ConfigError unless it is text."""
    if not isinstance(value, str):
        raise ConfigError(f"{what}({value!r}): text is needed")


def check_cpu(what: str, count: int, cpu: int | None) -> None:
    """Raises ConfigError unless a machine with ``count`` vCPUs has this one; None is any."""
    if cpu is not None and cpu not in range(count):
        has = "CPU 0 only" if count == 1 else f"CPUs 0 to {count - 1}"
        raise ConfigError(f"{what}(cpu={cpu!r}): the machine has {has}")
