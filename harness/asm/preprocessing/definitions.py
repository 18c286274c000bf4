# SPDX-License-Identifier: MIT
"""Macros of the C preprocessor: ``#define``, and a line with its macros replaced (C11, 6.10.3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from harness.asm.preprocessing.bounds import Replacements
from harness.asm.source import QUOTED, StatementError
from harness.wording import plural

_DEFINE = re.compile(r"([A-Za-z_]\w*)(\(\s*([\w\s,]*)\))?\s*(.*)", re.DOTALL)
_WORD = re.compile(rf"{QUOTED}|[A-Za-z_]\w*|\.?\d[\w.]*")
_CALL = re.compile(r"\s*\(")
_CALL_PART = re.compile(rf"{QUOTED}|[(),]")
_PARAMETER = re.compile(
    rf"(?P<quoted>{QUOTED})|(?P<left>\#\#\s*|\#)?\b(?P<word>[A-Za-z_]\w*)(?P<right>\s*(?=\#\#))?"
)


@dataclass(frozen=True, slots=True)
class Definition:
    """One ``#define``: ``parameters`` is None for an object-like one."""

    body: str
    parameters: tuple[str, ...] | None = None


class Definitions:
    """Macros that are defined so far; ``bodies`` are those that are from the start."""

    def __init__(self, bodies: Mapping[str, str]) -> None:
        names = {"__ASSEMBLER__": "1", "__aarch64__": "1", **bodies}
        self._macros = {name: Definition(body) for name, body in names.items()}
        self._replacements = Replacements()

    def __contains__(self, name: str) -> bool:
        return name in self._macros

    def undefine(self, name: str) -> None:
        """Forgets a macro, if there is one of that name (``#undef``)."""
        self._macros.pop(name, None)

    def define(self, rest: str) -> None:
        """Defines a macro by what follows ``#define``."""
        match = _DEFINE.fullmatch(rest)
        if match is None:
            raise StatementError("`#define` needs a name")
        parameters = None
        if match[2] is not None:
            parameters = tuple(word.strip() for word in match[3].split(",")) if match[3].strip() else ()
        self._macros[match[1]] = Definition(match[4].strip(), parameters)

    def expand(self, line: str) -> str:
        """Replaces macros in a line, outside strings."""
        self._replacements.begin_line()
        return self._expand(line, frozenset())

    def _expand(self, line: str, hidden: frozenset[str]) -> str:
        """Replaces all macros but those that are ``hidden``: a macro is not replaced within itself."""
        out: list[str] = []
        at = 0
        while (match := _WORD.search(line, at)) is not None:
            definition = self._macros.get(match[0])
            out.append(line[at : match.start()])
            at = match.end()
            if definition is None or match[0] in hidden:
                out.append(match[0])
            elif definition.parameters is None:
                self._replacements.add(definition.body)
                out.append(self._expand(definition.body, hidden | {match[0]}))
            elif (call := _arguments(line, at)) is None:
                out.append(match[0])
            else:
                arguments, at = call
                body = self._apply(match[0], definition, arguments, hidden)
                self._replacements.add(body)
                out.append(self._expand(body, hidden | {match[0]}))
        out.append(line[at:])
        return "".join(out)

    def _apply(self, name: str, definition: Definition, arguments: list[str], hidden: frozenset[str]) -> str:
        parameters = definition.parameters or ()
        if arguments == [""] and not parameters:
            arguments = []
        if len(arguments) != len(parameters):
            count = plural(len(parameters), "argument")
            raise StatementError(f"macro `{name}` takes {count}, not {len(arguments)}")
        values = dict(zip(parameters, arguments, strict=True))

        def replace(match: re.Match[str]) -> str:
            if match["quoted"]:
                return match["quoted"]
            left, right, word = match["left"] or "", match["right"] or "", match["word"]
            if word not in values:
                return match[0].replace("##", "") if "##" in match[0] else match[0]
            self._replacements.add(values[word])
            if left == "#":
                return '"' + values[word].replace("\\", "\\\\").replace('"', '\\"') + '"'
            pasted = left.startswith("##") or right != ""
            return values[word] if pasted else self._expand(values[word], hidden)

        return _PARAMETER.sub(replace, definition.body)


def _arguments(line: str, at: int) -> tuple[list[str], int] | None:
    """Returns the arguments of a function-like macro called at ``at``, and where the call ends; None if no call."""
    start = _CALL.match(line, at)
    if start is None:
        return None
    arguments, depth, begin = [], 1, start.end()
    for match in _CALL_PART.finditer(line, begin):
        token = match[0]
        if token == "(":
            depth += 1
        elif token == "," and depth == 1:
            arguments.append(line[begin : match.start()].strip())
            begin = match.end()
        elif token == ")":
            depth -= 1
            if depth == 0:
                arguments.append(line[begin : match.start()].strip())
                return arguments, match.end()
    raise StatementError("a macro call is not closed: `)` is missing")
