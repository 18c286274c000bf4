# SPDX-License-Identifier: MIT
"""Parameters of a command, made from the options that a struct declares."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Annotated, Any, Final

import typer
from msgspec import Struct

from harness.declaration import Option, declared

Command = Callable[..., int]

_NAMED: Final = inspect.Parameter.KEYWORD_ONLY
_COLLECTS: Final = inspect.Parameter.VAR_KEYWORD


def takes(**groups: type[Struct]) -> Callable[[Command], Command]:
    """Gives a command the options of some structs, each under a heading, in place of its ``**given``."""

    def decorate(command: Command) -> Command:
        own = inspect.signature(command, eval_str=True)
        parameters = [one for one in own.parameters.values() if one.kind is not _COLLECTS]
        for heading, struct in groups.items():
            shown = [option for option in declared(struct).values() if option.extra("cli", True)]
            parameters += [parameter(option, heading) for option in shown]
        command.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]  # functions have any
        command.__annotations__ = {one.name: one.annotation for one in parameters} | {"return": int}
        return command

    return decorate


def parameter(option: Option, heading: str | None = None) -> inspect.Parameter:
    """Returns the parameter of a command for an option. It hands over text as it was typed, or None."""
    kind: Any = bool if _without_value(option) else list[str] if option.is_list else str
    annotation = Annotated[kind | None, marker(option, heading)]
    return inspect.Parameter(option.name, _NAMED, default=None, annotation=annotation)


def marker(option: Option, heading: str | None = None) -> Any:
    """Returns what the annotation of a parameter says to typer of an option."""
    return typer.Option(
        spelling(option),
        metavar=None if _without_value(option) else option.value,
        help=description(option),
        hidden=option.extra("hidden", False),
        show_default=False,
        rich_help_panel=heading,
    )


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


def description(option: Option) -> str:
    """Returns the help of an option: its sentence, its range and its default."""
    limits = option.range if option.meta.le is not None else ""
    sentence = f"{option.sentence.removesuffix('.')} ({limits})." if limits else option.sentence
    default = "" if _without_value(option) else option.shown_default
    return f"{sentence}  [{default}]" if default else sentence


def _without_value(option: Option) -> bool:
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
