# SPDX-License-Identifier: MIT
"""Options as they are spelled on a command line, and the values that were typed for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from harness.declaration import Option, declared


def given_options(struct: type[Struct], given: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the options of a struct among what a command was given; ConfigError names one as it is typed."""
    options = declared(struct)
    return {
        name: _typed(options[name], value)
        for name, value in given.items()
        if name in options and value is not None
    }


def spelling(option: Option) -> str:
    """Returns the option as it is typed: ``--cpus``, ``--like-qemu/--no-like-qemu``."""
    flag = option.extra("flag", "")
    if flag:
        return str(flag)
    words = option.name.replace("_", "-")
    return f"--{words}/--no-{words}" if option.is_flag else f"--{words}"


def has_no_value(option: Option) -> bool:
    """Returns True if nothing is typed after the option itself."""
    return option.is_flag or option.extra("sets", None) is not None


def _typed(option: Option, value: Any) -> Any:
    sets = option.extra("sets", None)
    if sets is not None:
        return sets
    if option.is_number:
        value = _number(value)
    return replace(option, name=spelling(option)).check(value) if not option.is_flag else value


def _number(text: str) -> int | str:
    """Returns the number of a text, decimal or ``0x``; the text if it is none."""
    try:
        return int(text, 16 if text.lower().startswith("0x") else 10)
    except ValueError:
        return text
