# SPDX-License-Identifier: MIT
"""Declarations of options: one annotated field of a struct each, from which every face is made.

A field says name, type and default; :func:`option` in its annotation adds the sentence for people, the range and,
where a face spells it in its own way, that. :func:`declared` reads them back.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import (
    Any,
    Concatenate,
    Final,
    Literal,
    ParamSpec,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from msgspec import NODEFAULT, Meta, Struct

from harness import arguments
from harness.errors import ConfigError
from harness.wording import did_you_mean

P = ParamSpec("P")
S = TypeVar("S", bound=Struct)


def option(sentence: str, value: str = "", **more: Any) -> Meta:
    """Returns what an annotation says of an option: a sentence, and a word for its value (``N``, ``FILE``).

    ``ge``, ``le`` and ``multiple_of`` bound a number. ``check(name, value)`` returns the value, for what a type
    cannot say. ``located(value, directory)`` returns a value of ``guest.toml`` with its files found from there.
    ``shown`` is the default to show where that is not the field's. ``flag`` spells the option on the command line,
    and ``sets`` is the value that it then stands for; ``cli=False`` keeps it off, and ``hidden`` out of the help.
    ``toml=False`` keeps it out of ``guest.toml``.
    """
    limits = {name: more.pop(name) for name in ("ge", "le", "multiple_of") if name in more}
    return Meta(description=sentence, extra={"value": value, **more}, **limits)


class Option(Struct, frozen=True):
    """Option as declared: ``kinds`` are the types that its value may have, ``choices`` its words, if any."""

    name: str
    kinds: tuple[Any, ...]
    choices: tuple[str, ...]
    meta: Meta
    default: Any

    @property
    def sentence(self) -> str:
        """Description for people."""
        return self.meta.description or ""

    @property
    def optional(self) -> bool:
        """True if None is a value: not said."""
        return NoneType in self.kinds

    @property
    def is_flag(self) -> bool:
        """True if it is on or off."""
        return bool in self.kinds

    @property
    def is_number(self) -> bool:
        """True if it is a number and nothing else."""
        return int in self.kinds and str not in self.kinds

    @property
    def is_list(self) -> bool:
        """True if it takes any number of values."""
        return any(get_origin(kind) is Iterable for kind in self.kinds)

    @property
    def is_path(self) -> bool:
        """True if it names a file or a directory."""
        return any((get_origin(kind) or kind) is os.PathLike for kind in self.kinds)

    @property
    def value(self) -> str:
        """Word for its value: the choices, or ``N``, ``FILE``; empty for a flag."""
        return "|".join(self.choices) or self.extra("value", "")

    @property
    def range(self) -> str:
        """Words for the numbers that it may be; empty for any, and for what is no number."""
        return arguments.range_text(self.meta.ge, self.meta.le, self.meta.multiple_of)  # type: ignore[arg-type]

    @property
    def shown_default(self) -> str:
        """Default for people; empty where there is none, or none worth a word."""
        shown = self.extra("shown", self.default)
        return "" if shown is None or shown == () or isinstance(shown, bool) else str(shown)

    def extra(self, name: str, default: Any) -> Any:
        """Returns what :func:`option` was told by a name."""
        return (self.meta.extra or {}).get(name, default)

    def check(self, value: Any) -> Any:
        """Returns a value in the type that is declared; ConfigError if it cannot be one."""
        if value is None and self.optional:
            return None
        check = self.extra("check", None)
        if check is not None:
            return check(self.name, value)
        if self.choices:
            return arguments.choice(self.name, value, self.choices)
        if self.is_flag:
            return arguments.flag(self.name, value)
        if self.is_list:
            return arguments.texts(self.name, value)
        if self.is_path:
            return arguments.path(self.name, value)
        if self.is_number:
            meta: Any = self.meta
            return arguments.integer(self.name, value, meta.ge, meta.le, meta.multiple_of)
        return arguments.text(self.name, value)

    def located(self, value: Any, where: Path) -> Any:
        """Returns a value whose files are named from a directory."""
        found = self.extra("located", None)
        if found is not None:
            return found(value, where)
        return str(where / value) if self.is_path else value


@cache
def declared(struct: type[Struct]) -> Mapping[str, Option]:
    """Returns the options that a struct declares, by name, in their order."""
    hints = get_type_hints(struct, include_extras=True)
    fields = zip(struct.__struct_fields__, _defaults(struct), strict=True)
    return {name: _read(name, hints[name], default) for name, default in fields}


def checked(struct: type[S], given: Mapping[str, Any]) -> S:
    """Returns the struct with the options that are given; ConfigError for a wrong name or value."""
    return struct(**checked_values(struct, given))


def checked_values(struct: type[Struct], given: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the options that are given, each in its type; ConfigError for a wrong name or value."""
    options = declared(struct)
    for name in given:
        if name not in options:
            hint = did_you_mean(name, options) or f": there are {', '.join(options)}"
            raise ConfigError(f"no option `{name}`{hint}")
    return {name: options[name].check(value) for name, value in given.items()}


def accepts(
    options: Callable[P, S],
) -> Callable[[Callable[[Any, S], None]], Callable[Concatenate[Any, P], None]]:
    """Gives a constructor the keyword arguments that a struct of options declares.

    The constructor below takes the struct, with every value checked.
    """
    struct: type[S] = options  # type: ignore[assignment]  # a class is what makes its instances

    def decorate(construct: Callable[[Any, S], None]) -> Callable[Concatenate[Any, P], None]:
        def with_options(self: Any, /, *positional: P.args, **given: P.kwargs) -> None:
            if positional:
                raise ConfigError(f"options are given by name: {type(self).__name__}({_an_example(struct)})")
            construct(self, checked(struct, given))

        with_options.__doc__ = _manual(struct)
        with_options.__signature__ = _signature(struct)  # type: ignore[attr-defined]  # functions have any
        return with_options

    return decorate


_NONE: Final = (NODEFAULT,)


def _defaults(struct: type[Struct]) -> tuple[Any, ...]:
    given = struct.__struct_defaults__
    return _NONE * (len(struct.__struct_fields__) - len(given)) + given


def _read(name: str, hint: Any, default: Any) -> Option:
    kind, *marks = get_args(hint)
    kinds = get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
    choices = tuple(word for one in kinds if get_origin(one) is Literal for word in get_args(one))
    return Option(name, kinds, choices, next(mark for mark in marks if isinstance(mark, Meta)), default)


def _an_example(struct: type[Struct]) -> str:
    first = next(iter(declared(struct).values()))
    return f"{first.name}={first.default!r}"


def _signature(struct: type[Struct]) -> inspect.Signature:
    kinds = get_type_hints(struct)
    parameters = [inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)] + [
        inspect.Parameter(
            one.name, inspect.Parameter.KEYWORD_ONLY, default=one.default, annotation=kinds[one.name]
        )
        for one in declared(struct).values()
    ]
    return inspect.Signature(parameters)


def _manual(struct: type[Struct]) -> str:
    lines = [f"    {one.name}: {one.sentence}" for one in declared(struct).values()]
    return "\n".join(["Takes the options, by name:", "", *lines])
