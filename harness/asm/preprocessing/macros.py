# SPDX-License-Identifier: MIT
"""Macros and repetition: ``.macro``, ``.rept``, ``.irp``, ``.irpc`` (GNU as manual, 7.59, 7.76, 7.49)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.asm.preprocessing.bounds import check_length
from harness.asm.source import NAME, QUOTED, Location, Statement, StatementError, split_statements
from harness.wording import plural

_HEADER = re.compile(rf"({NAME})\s*,?\s*(.*)", re.DOTALL)
_PARAMETER = re.compile(rf"\s*({NAME})\s*(?::\s*(req|vararg))?\s*(=)?\s*")
_KEYWORD = re.compile(rf"({NAME})\s*=(?!=)\s*")
_USE = re.compile(rf"\\(@|\(\)|{NAME})")
_AROUND = re.compile(rf"({QUOTED})|[ \t]*([-+*/|&^<>=])[ \t]*")
_CLOSING = {"(": ")", "[": "]"}

OPENING = {".macro": ".endm", ".rept": ".endr", ".irp": ".endr", ".irpc": ".endr"}
_FAMILIES = {".endm": (".macro",), ".endr": (".rept", ".irp", ".irpc")}


@dataclass(frozen=True, slots=True)
class MacroParameter:
    """Formal argument of a macro."""

    name: str
    required: bool
    rest: bool
    default: str


Piece = tuple[str, bool]
BodyLine = tuple[tuple[Piece, ...] | str, Location]


@dataclass(frozen=True, slots=True)
class Macro:
    """Macro whose body was cut, when it was defined, into text and uses of arguments."""

    name: str
    parameters: tuple[MacroParameter, ...]
    body: tuple[BodyLine, ...]

    def bind(self, text: str) -> dict[str, str]:
        """Gives each parameter its argument from the text of a call."""
        values: dict[str, str] = {}
        text = _squeeze(text)
        names = {parameter.name: parameter for parameter in self.parameters}
        positional = iter(self.parameters)
        at, keywords = 0, False
        while at < len(text):
            keyword = _KEYWORD.match(text, at)
            if keyword is not None and keyword[1] in names:
                keywords = True
                value, at = _argument(text, keyword.end())
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
                    value, at = _argument(text, at)
                values[parameter.name] = value
            at = _after_separator(text, at)
        for parameter in self.parameters:
            if not values.get(parameter.name):
                if parameter.required:
                    raise StatementError(f"macro `{self.name}` needs its argument `{parameter.name}`")
                values[parameter.name] = parameter.default
        return values

    def expand(self, values: Mapping[str, str], count: int, call: Location) -> Iterator[Statement]:
        """Yields the body with its arguments put in; ``count`` is what ``\\@`` stands for."""
        for text, place in self.body:
            location = Location(place.file, place.line, self.name, call)
            if isinstance(text, str):
                yield Statement(text, location)
                continue
            for statement in split_statements(_substitute(text, values, str(count))):
                yield Statement(statement, location)


class MacroTable:
    """Macros of a source, by their names in lower case."""

    def __init__(self) -> None:
        self._macros: dict[str, Macro] = {}
        self._calls = 0

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
        return macro.expand(macro.bind(arguments), count, location)


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
            default, at = _argument(text, at)
        if any(parameter.name == found[1] for parameter in parameters):
            raise StatementError(f"macro `{match[1]}` has two parameters `{found[1]}`")
        parameters.append(MacroParameter(found[1], found[2] == "req", found[2] == "vararg", default))
        at = _after_separator(text, at)
    names = frozenset(parameter.name for parameter in parameters)
    lines = tuple((_cut(statement.text, names), statement.location) for statement in body)
    return Macro(match[1], tuple(parameters), lines)


def repeat(directive: str, rest: str, count: int, body: Sequence[Statement]) -> Iterator[Statement]:
    """Returns the statements of ``.rept`` (``count`` times), ``.irp`` or ``.irpc`` (once for each value)."""
    if directive == ".rept":
        return (statement for _ in range(count if body else 0) for statement in body)
    match = _HEADER.fullmatch(rest)
    if match is None:
        raise StatementError(f"`{directive}` needs a symbol and values")
    name = match[1]
    cut = [(_cut(statement.text, frozenset((name,))), statement.location) for statement in body]
    return _each(name, _values(directive, _squeeze(match[2].strip())), cut)


def _each(name: str, values: Sequence[str], body: Sequence[BodyLine]) -> Iterator[Statement]:
    for value in values:
        for text, location in body:
            if isinstance(text, str):
                yield Statement(text, location)
            else:
                for statement in split_statements(_substitute(text, {name: value}, "\\@")):
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
        value, at = _argument(text, at)
        values.append(value)
        at = _after_separator(text, at)
    return values or [""]


def _cut(text: str, names: frozenset[str]) -> tuple[Piece, ...] | str:
    """Splits a line at the uses of ``names`` and at ``\\@`` and ``\\()``; a line without any stays a string."""
    if "\\" not in text:
        return text
    pieces: list[Piece] = []
    at = 0
    for match in _USE.finditer(text):
        if match[1] not in names and match[1] not in ("@", "()"):
            continue
        pieces += [(text[at : match.start()], False), (match[1], True)]
        at = match.end()
    return (*pieces, (text[at:], False)) if pieces else text


def _substitute(pieces: Sequence[Piece], values: Mapping[str, str], count: str) -> str:
    special = {"@": count, "()": ""}
    parts = [(special.get(text) or values.get(text, "")) if use else text for text, use in pieces]
    check_length(sum(map(len, parts)))
    return "".join(parts)


def _squeeze(text: str) -> str:
    """Drops blanks around operators, as GNU as does, so that they do not part arguments."""
    return _AROUND.sub(lambda m: m[1] or m[2], text) if " " in text or "\t" in text else text


def _argument(text: str, at: int) -> tuple[str, int]:
    """Returns an argument and its end: a string without quotes, or text up to a comma or blank outside brackets."""
    if at < len(text) and text[at] == '"':
        end = text.find('"', at + 1)
        while end > 0 and text[end - 1] == "\\":
            end = text.find('"', end + 1)
        if end < 0:
            raise StatementError("a string is not closed")
        return text[at + 1 : end], end + 1
    begin = at
    open_brackets: list[str] = []
    while at < len(text):
        char = text[at]
        if char == "," or (char in " \t" and not open_brackets):
            break
        if char in _CLOSING:
            open_brackets.append(_CLOSING[char])
        elif open_brackets and char == open_brackets[-1]:
            open_brackets.pop()
        elif char == '"':
            at = max(text.find('"', at + 1), at)
        at += 1
    return text[begin:at].strip(), at


def _after_separator(text: str, at: int) -> int:
    """Skips blanks and at most one comma."""
    while at < len(text) and text[at] in " \t":
        at += 1
    if at < len(text) and text[at] == ",":
        at += 1
        while at < len(text) and text[at] in " \t":
            at += 1
    return at
