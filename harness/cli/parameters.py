# SPDX-License-Identifier: MIT
"""Parameters of a command, made from the options that a struct declares."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any, Final

import typer
from msgspec import Struct

from harness.cli.given import has_no_value, spelling
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
    kind: Any = bool if has_no_value(option) else list[str] if option.is_list else str
    annotation = Annotated[kind | None, marker(option, heading)]
    return inspect.Parameter(option.name, _NAMED, default=None, annotation=annotation)


def marker(option: Option, heading: str | None = None) -> Any:
    """Returns what the annotation of a parameter says to typer of an option."""
    return typer.Option(
        spelling(option),
        metavar=None if has_no_value(option) else option.value,
        help=description(option),
        hidden=option.extra("hidden", False),
        show_default=False,
        rich_help_panel=heading,
    )


def description(option: Option) -> str:
    """Returns the help of an option: its sentence, its range and its default."""
    limits = option.range if option.meta.le is not None else ""
    sentence = f"{option.sentence.removesuffix('.')} ({limits})." if limits else option.sentence
    default = "" if has_no_value(option) else option.shown_default
    return f"{sentence}  [{default}]" if default else sentence
