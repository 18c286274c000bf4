# SPDX-License-Identifier: MIT
"""Macros and repetition: ``.macro``, ``.rept``, ``.irp``, ``.irpc`` (GNU as manual, 7.59, 7.76, 7.49)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from harness.asm.preprocessing.macro_text import (
    Evaluate,
    Piece,
    after_separator,
    argument,
    cut,
    squeeze,
    substitute,
)
from harness.asm.source import NAME, Location, Statement, StatementError, split_statements
from harness.wording import plural

_HEADER = re.compile(rf"({NAME})\s*,?\s*(.*)", re.DOTALL)
_PARAMETER = re.compile(rf"\s*({NAME})\s*(?::\s*(req|vararg))?\s*(=)?\s*")
_KEYWORD = re.compile(rf"({NAME})\s*=(?!=)\s*")
_LOCAL = re.compile(r"local\s+(.*)", re.IGNORECASE | re.DOTALL)

REPETITIONS = {".rept": ".rept", ".rep": ".rept", **dict.fromkeys((".irp", ".irep"), ".irp")}
REPETITIONS |= dict.fromkeys((".irpc", ".irepc"), ".irpc")
"""Names of each kind of repetition, and that of the kind."""
OPENING = {".macro": ".endm", **dict.fromkeys(REPETITIONS, ".endr")}
_FAMILIES = {".endm": (".macro",), ".endr": tuple(REPETITIONS)}


@dataclass(frozen=True, slots=True)
class MacroParameter:
    """Formal argument of a macro."""

    name: str
    required: bool
    rest: bool
    default: str


BodyLine = tuple[tuple[Piece, ...] | str, Location]


@dataclass(frozen=True, slots=True)
class Macro:
    """Macro, with its body cut into text and uses of arguments when it is first called in either syntax."""

    name: str
    parameters: tuple[MacroParameter, ...]
    body: tuple[Statement, ...]
    lines: dict[bool, tuple[BodyLine, ...]] = field(default_factory=dict)

    def bind(self, text: str, evaluate: Evaluate | None) -> dict[str, str]:
        """Gives each parameter its argument from the text of a call; ``evaluate`` is given after ``.altmacro``."""
        values: dict[str, str] = {}
        text = squeeze(text)
        names = {parameter.name: parameter for parameter in self.parameters}
        positional = iter(self.parameters)
        at, keywords = 0, False
        while at < len(text):
            keyword = _KEYWORD.match(text, at)
            if keyword is not None and keyword[1] in names:
                keywords = True
                value, at = argument(text, keyword.end(), evaluate)
                values[keyword[1]] = value
            elif keywords:
                raise StatementError(f"macro `{self.name}`: positional argument after a keyword argument")
            else:
                parameter = next(positional, None)
                if parameter is None:
                    most = plural(len(names), "argument")
                    raise StatementError(f"macro `{self.name}` takes at most {most}: {text!r}")
                if parameter.rest:
                    value, at = text[at:].strip(), len(text)
                else:
                    value, at = argument(text, at, evaluate)
                values[parameter.name] = value
            at = after_separator(text, at)
        for parameter in self.parameters:
            if not values.get(parameter.name):
                if parameter.required:
                    raise StatementError(f"macro `{self.name}` needs its argument `{parameter.name}`")
                values[parameter.name] = parameter.default
        return values

    def expand(
        self, values: dict[str, str], count: int, call: Location, *, alternate: bool
    ) -> Iterator[Statement]:
        """Yields the body with its arguments put in; ``count`` is what ``\\@`` stands for."""
        lines = self.lines.get(alternate)
        if lines is None:
            lines = self.lines[alternate] = self._lines(alternate)
        for text, place in lines:
            location = Location(place.file, place.line, self.name, call)
            if isinstance(text, str):
                yield Statement(text, location)
                continue
            for statement in split_statements(substitute(text, values, str(count))):
                yield Statement(statement, location)

    def locals(self) -> Iterator[str]:
        """Yields the names that ``LOCAL`` lines of the body declare, after ``.altmacro``."""
        for statement in self.body:
            match = _LOCAL.fullmatch(statement.text)
            if match is not None:
                yield from (name.strip() for name in match[1].split(","))

    def _lines(self, alternate: bool) -> tuple[BodyLine, ...]:
        names = {parameter.name for parameter in self.parameters}
        if alternate:
            names.update(self.locals())
        lines = []
        for text, place in self.body:
            if not (alternate and _LOCAL.fullmatch(text)):
                lines.append((cut(text, names, alternate=alternate), place))
        return tuple(lines)


class MacroTable:
    """Macros of a source, by their names in lower case; ``alternate`` after ``.altmacro``."""

    def __init__(self, evaluate: Evaluate) -> None:
        self.alternate = False
        self._evaluate = evaluate
        self._macros: dict[str, Macro] = {}
        self._calls = 0
        self._locals = 0

    def get(self, name: str) -> Macro | None:
        """Returns the macro that is called by a mnemonic in lower case."""
        return self._macros.get(name)

    def add(self, macro: Macro) -> None:
        """Adds a macro; StatementError if its name has one."""
        if macro.name.lower() in self._macros:
            raise StatementError(f"macro `{macro.name}` is already defined")
        self._macros[macro.name.lower()] = macro

    def purge(self, name: str) -> None:
        """Forgets a macro (``.purgem``)."""
        if self._macros.pop(name.lower(), None) is None:
            raise StatementError(f"no macro `{name}` to purge")

    def call(self, macro: Macro, arguments: str, location: Location) -> Iterator[Statement]:
        """Returns the statements of one call of a macro."""
        count = self._calls
        self._calls += 1
        values = macro.bind(arguments, self._evaluate if self.alternate else None)
        if self.alternate:
            for name in macro.locals():
                values[name] = f".LL{self._locals:04x}"  # as GNU as names them
                self._locals += 1
        return macro.expand(values, count, location, alternate=self.alternate)


def define_macro(header: str, body: Sequence[Statement]) -> Macro:
    """Makes a macro from the rest of its ``.macro`` line and its body."""
    match = _HEADER.fullmatch(header)
    if match is None:
        raise StatementError("`.macro` needs a name")
    parameters: list[MacroParameter] = []
    text, at = match[2], 0
    while at < len(text):
        found = _PARAMETER.match(text, at)
        if found is None:
            raise StatementError(f"cannot read the macro parameters `{text[at:]}`")
        at, default = found.end(), ""
        if found[3]:
            default, at = argument(text, at)
        if any(parameter.name == found[1] for parameter in parameters):
            raise StatementError(f"macro `{match[1]}` has two parameters `{found[1]}`")
        parameters.append(MacroParameter(found[1], found[2] == "req", found[2] == "vararg", default))
        at = after_separator(text, at)
    return Macro(match[1], tuple(parameters), tuple(body))


def repeat(
    directive: str, rest: str, count: int, body: Sequence[Statement], *, alternate: bool = False
) -> Iterator[Statement]:
    """Returns the statements of ``.rept`` (``count`` times), ``.irp`` or ``.irpc`` (once for each value)."""
    directive = REPETITIONS[directive]
    if directive == ".rept":
        return (statement for _ in range(count if body else 0) for statement in body)
    match = _HEADER.fullmatch(rest)
    if match is None:
        raise StatementError(f"`{directive}` needs a symbol and values")
    name = match[1]
    lines = [(cut(text, (name,), alternate=alternate), location) for text, location in body]
    return _each(name, _values(directive, squeeze(match[2].strip())), lines)


def _each(name: str, values: Sequence[str], body: Sequence[BodyLine]) -> Iterator[Statement]:
    for value in values:
        for text, location in body:
            if isinstance(text, str):
                yield Statement(text, location)
            else:
                for statement in split_statements(substitute(text, {name: value}, "\\@")):
                    yield Statement(statement, location)


def collect_body(opening: str, location: Location, source: Iterator[Statement]) -> list[Statement]:
    """Takes the body up to the end that matches ``opening``, nested ones included; GuestError if it is missing."""
    closing = OPENING[opening]
    depth = 1
    body: list[Statement] = []
    for statement in source:
        word = statement.text.split(None, 1)[0].lower()
        if word in _FAMILIES[closing]:
            depth += 1
        elif word == closing or (word == ".endmacro" and closing == ".endm"):
            depth -= 1
            if depth == 0:
                return body
        body.append(statement)
    raise location.error(f"`{opening}` without `{closing}`")


def _values(directive: str, text: str) -> list[str]:
    if directive == ".irpc":
        return list(text.strip('"')) or [""]
    values, at = [], 0
    while at < len(text):
        value, at = argument(text, at)
        values.append(value)
        at = after_separator(text, at)
    return values or [""]
