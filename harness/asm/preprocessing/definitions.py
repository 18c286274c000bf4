# SPDX-License-Identifier: MIT
"""Macros of the C preprocessor: ``#define``, and a line with its macros replaced (C11, 6.10.3; GNU cpp, 3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from harness.asm.preprocessing.bounds import Replacements
from harness.asm.preprocessing.macro_calls import Call, call_at, split_arguments
from harness.asm.source import QUOTED, Location, StatementError
from harness.wording import plural

_DEFINE = re.compile(r"([A-Za-z_]\w*)(\(\s*([\w\s,.]*)\))?\s*(.*)", re.DOTALL)
_PARAMETERS = re.compile(r"(?:\s*\w+\s*,)*\s*(?:\w+|\w*\s*\.\.\.)\s*|\s*")
_WORD = re.compile(rf"{QUOTED}|[A-Za-z_]\w*|\.?\d[\w.]*")
_LAST_WORD = re.compile(r"(?<![\w.$])[A-Za-z_]\w*\s*\Z")
_PARAMETER = re.compile(
    rf"(?P<quoted>{QUOTED})|(?P<left>\#\#\s*|\#\s*)?\b(?P<word>[A-Za-z_]\w*)(?P<right>\s*(?=\#\#))?"
)
_PASTE = re.compile(rf"({QUOTED})|\s*\#\#\s*")
_OPTIONAL = re.compile(r"\b__VA_OPT__\b")
_BLANKS = re.compile(rf"({QUOTED})|\s+")
_VARIABLE = "__VA_ARGS__"

_PREDEFINED = {
    **dict.fromkeys(("__ASSEMBLER__", "__aarch64__", "__AARCH64EL__", "__ARM_64BIT_STATE", "__ELF__"), "1"),
    **dict.fromkeys(("__LP64__", "_LP64", "__ARM_ARCH_ISA_A64", "__STDC__"), "1"),
    "__ARM_ARCH": "8",
    "__CHAR_BIT__": "8",
    "__SIZEOF_POINTER__": "8",
    "__ORDER_LITTLE_ENDIAN__": "1234",
    "__ORDER_BIG_ENDIAN__": "4321",
    "__BYTE_ORDER__": "1234",
}
_OF_PLACE = ("__LINE__", "__FILE__", "__BASE_FILE__", "__COUNTER__", "__INCLUDE_LEVEL__", "__has_include")


@dataclass(frozen=True, slots=True)
class Definition:
    """One ``#define``: ``parameters`` is None for an object-like one; the last one may take all that is left."""

    body: str
    parameters: tuple[str, ...] | None = None
    variable: bool = False


class Definitions:
    """Macros that are defined so far; ``bodies`` are those that are from the start.

    ``place`` and ``depth`` are the line that is expanded, and how deep its file is included.
    """

    def __init__(self, bodies: Mapping[str, str]) -> None:
        names = {**_PREDEFINED, **dict.fromkeys(_OF_PLACE, ""), **bodies}
        self._macros = {name: Definition(body) for name, body in names.items()}
        self._replacements = Replacements()
        self._counter = 0
        self._base = ""
        self.place = Location("", 0)
        self.depth = 0

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
        parameters, variable = None, False
        if match[2] is not None:
            if not _PARAMETERS.fullmatch(match[3]):
                raise StatementError(
                    f"cannot read the parameters `({match[3].strip()})` of macro `{match[1]}`"
                )
            names = [word.strip() for word in match[3].split(",")] if match[3].strip() else []
            variable = bool(names) and names[-1].endswith("...")
            if variable:
                names[-1] = names[-1].removesuffix("...").strip() or _VARIABLE
            parameters = tuple(names)
        self._macros[match[1]] = Definition(match[4].strip(), parameters, variable)

    def expand(self, line: str) -> str:
        """Replaces macros in a line, outside strings; UnclosedCallError if a call goes on in the next line."""
        self._replacements.begin_line()
        counter = self._counter
        try:
            return self._expand(line, frozenset())
        except StatementError:
            self._counter = counter
            raise

    def _expand(self, line: str, hidden: frozenset[str]) -> str:
        """Replaces all macros but those that are ``hidden``: a macro is not replaced within itself."""
        out: list[str] = []
        at = 0
        while (match := _WORD.search(line, at)) is not None:
            name = match[0]
            definition = self._macros.get(name)
            out.append(line[at : match.start()])
            at = match.end()
            if definition is None or name in hidden:
                out.append(name)
                continue
            text, at = self._replace(name, definition, line, at, hidden)
            out.append(text)
        out.append(line[at:])
        return "".join(out)

    def _replace(
        self, name: str, definition: Definition, line: str, at: int, hidden: frozenset[str]
    ) -> tuple[str, int]:
        """Returns the replacement of a name that ends at ``at``, and where what was replaced ends."""
        hidden |= {name}
        if definition.parameters is None:
            body = self._of_place(name) if name in _OF_PLACE else definition.body
        elif (call := call_at(line, at)) is None:
            return name, at
        else:
            body, at = self._apply(name, definition, call, hidden - {name}), call.end
        self._replacements.add(body)
        text = self._expand(_PASTE.sub(lambda match: match[1] or "", body), hidden)
        # What a replacement ends with may be called by what follows it (C11, 6.10.3.4).
        last = _LAST_WORD.search(text)
        called = self._macros.get(last[0].strip()) if last else None
        if (
            last
            and called
            and called.parameters is not None
            and last[0].strip() not in hidden
            and call_at(line, at)
        ):
            end, at = self._replace(last[0].strip(), called, line, at, hidden)
            text = text[: last.start()] + end
        return text, at

    def _of_place(self, name: str) -> str:
        """Returns what a macro stands for that says where it is used."""
        if name == "__COUNTER__":
            self._counter += 1
            return str(self._counter - 1)
        if name == "__LINE__":
            return str(self.place.line)
        if name == "__INCLUDE_LEVEL__":
            return str(self.depth - 1)
        if name == "__has_include":
            raise StatementError("`__has_include` belongs into `#if`")
        if self.depth <= 1:
            self._base = self.place.file
        file = self._base if name == "__BASE_FILE__" else self.place.file
        return f'"{_quoted(file)}"'

    def _apply(self, name: str, definition: Definition, call: Call, hidden: frozenset[str]) -> str:
        """Returns the body of a function-like macro with its arguments put in."""
        values = self._bind(name, definition, call)
        body = definition.body
        if definition.variable:
            body = _join_variable(body, definition, values)

        def replace(match: re.Match[str]) -> str:
            if match["quoted"]:
                return match["quoted"]
            left, right, word = (match["left"] or "").strip(), match["right"] is not None, match["word"]
            if word not in values:
                return left + word if right or left == "##" else match[0]
            self._replacements.add(values[word])
            if left == "#":
                return (
                    '"' + _BLANKS.sub(lambda part: _quoted(part[1]) if part[1] else " ", values[word]) + '"'
                )
            return left + values[word] if left or right else self._expand(values[word], hidden)

        return _PARAMETER.sub(replace, body)

    def _bind(self, name: str, definition: Definition, call: Call) -> dict[str, str]:
        parameters = definition.parameters or ()
        least = len(parameters) - definition.variable
        arguments = split_arguments(call.text, least if definition.variable else None)
        if arguments == [""] and not parameters:
            arguments = []
        if definition.variable and len(arguments) == least:
            arguments.append("")
        if len(arguments) != len(parameters):
            count = f"{least} or more arguments" if definition.variable else plural(least, "argument")
            raise StatementError(f"macro `{name}` takes {count}, not {len(arguments)}")
        return dict(zip(parameters, arguments, strict=True))


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _join_variable(body: str, definition: Definition, values: Mapping[str, str]) -> str:
    """Returns a body after ``__VA_OPT__`` and GNU's ``, ## __VA_ARGS__`` have kept or dropped what they join."""
    assert definition.parameters
    variable = definition.parameters[-1]
    kept = bool(values[variable])
    while (match := _OPTIONAL.search(body)) is not None:
        call = call_at(body, match.end())
        if call is None:
            raise StatementError("`__VA_OPT__` needs what it keeps or drops in brackets")
        body = body[: match.start()] + (call.text if kept else "") + body[call.end :]
    return re.sub(rf",\s*##\s*{variable}\b", f", {variable}" if kept else "", body)
