# SPDX-License-Identifier: MIT
"""The C preprocessor's part: files, ``#include``, ``#define``, ``#if``; it yields assembler statements.

Lines are read one at a time, so that what an ``.include`` defines is known to the lines after it. A line
that starts with ``#`` and is no directive is a comment, as GNU as has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.asm import expressions as _expr
from harness.asm.source import AsmError, Location, Statement, logical_lines, split_statements
from harness.errors import GuestError

_DIRECTIVE = re.compile(r"#\s*([A-Za-z_]+)\b\s*(.*)", re.DOTALL)
_DEFINE = re.compile(r"([A-Za-z_]\w*)(\(\s*([\w\s,]*)\))?\s*(.*)", re.DOTALL)
_WORD = re.compile(r'"(?:\\.|[^"\\])*"|[A-Za-z_]\w*|\.?\d[\w.]*')
_DEFINED = re.compile(r"\bdefined\s*(?:\(\s*(\w+)\s*\)|(\w+))")
_INCLUDE = re.compile(r'"([^"]+)"|<([^>]+)>')
_DEEPEST = 64


@dataclass(frozen=True, slots=True)
class Define:
    """A ``#define``: ``parameters`` is None for an object-like one."""

    body: str
    parameters: tuple[str, ...] | None = None


@dataclass(slots=True)
class _Group:
    """One open ``#if``: ``taken`` once a branch of it was, ``active`` while its lines are read."""

    line: int
    outer: bool
    taken: bool
    active: bool
    ended: bool = False


class _IfScope:
    """In ``#if`` an identifier that is no macro is 0 (C 6.10.1)."""

    def symbol(self, name: str) -> _expr.Node:
        return 0

    def local_label(self, reference: str) -> _expr.Node:
        raise AsmError(f"`{reference}` is not a number")

    def here(self) -> _expr.Node:
        raise AsmError("`.` means nothing in #if")


class Preprocessor:
    """Reads files into statements, with one set of definitions for all of them."""

    def __init__(self, search: Sequence[Path], defines: Mapping[str, str | int]) -> None:
        self.search = tuple(search)
        self.defines = {"__ASSEMBLER__": Define("1"), "__aarch64__": Define("1")}
        for name, value in defines.items():
            if not re.fullmatch(r"[A-Za-z_]\w*", name):
                raise GuestError(f"`{name}` cannot be defined: it is not a name")
            self.defines[name] = Define(str(value))
        self.depth = 0

    def find(self, name: str, beside: str) -> Path:
        """Search an included file: beside the including file, then along the search path."""
        places = (Path(beside).parent, *self.search)
        for place in places:
            if (place / name).is_file():
                return place / name
        looked = ", ".join(dict.fromkeys(str(place) for place in places))
        raise AsmError(f"cannot find `{name}` (looked in {looked})")

    def read_file(self, path: Path) -> Iterator[Statement]:
        """Statements of a file; AsmError if it cannot be read."""
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise AsmError(f"`{path}` is not a text file (not UTF-8)") from None
        except OSError as error:
            raise AsmError(f"cannot read `{path}`: {error.strerror}") from None
        return self.read_text(text, str(path))

    def read_text(self, text: str, file: str) -> Iterator[Statement]:
        """Statements of a text that is called ``file`` in messages."""
        if self.depth >= _DEEPEST:
            raise AsmError(f"`{file}` is included more than {_DEEPEST} deep: does it include itself?")
        return self._counted(text, file)

    def _counted(self, text: str, file: str) -> Iterator[Statement]:
        self.depth += 1
        try:
            yield from self._statements(text, file)
        finally:
            self.depth -= 1

    def _statements(self, text: str, file: str) -> Iterator[Statement]:
        groups: list[_Group] = []
        for number, line in logical_lines(text, file):
            location = Location(file, number)
            active = not groups or groups[-1].active
            try:
                if line[0] == "#":
                    match = _DIRECTIVE.match(line)
                    if match is None or self._condition(match[1], match[2], groups, number) or not active:
                        continue
                    if match[1] == "include":
                        yield from self._include(match[2], file)
                    else:
                        self._directive(match[1], match[2])
                    continue
                if not active:
                    continue
                line = self.expand(line)
            except AsmError as error:
                raise location.error(str(error)) from None
            for statement in split_statements(line):
                yield Statement(statement, location)
        if groups:
            raise Location(file, groups[-1].line).error("#if without #endif")

    def _include(self, rest: str, file: str) -> Iterator[Statement]:
        match = _INCLUDE.match(self.expand(rest))
        if match is None:
            raise AsmError('#include needs "file" or <file>')
        return self.read_file(self.find(match[1] or match[2], file))

    def _directive(self, name: str, rest: str) -> None:
        if name == "define":
            self._define(rest)
        elif name == "undef":
            self.defines.pop(rest.strip(), None)
        elif name == "error":
            raise AsmError(f"#error {rest}".rstrip())

    def _define(self, rest: str) -> None:
        match = _DEFINE.fullmatch(rest)
        if match is None:
            raise AsmError("#define needs a name")
        parameters = None
        if match[2] is not None:
            parameters = tuple(word.strip() for word in match[3].split(",")) if match[3].strip() else ()
        self.defines[match[1]] = Define(match[4].strip(), parameters)

    def _condition(self, name: str, rest: str, groups: list[_Group], line: int) -> bool:
        """Handle a conditional directive; False if it is another one."""
        if name in ("if", "ifdef", "ifndef"):
            outer = not groups or groups[-1].active
            holds = outer and self._holds(name, rest)
            groups.append(_Group(line, outer, holds, holds))
            return True
        if name not in ("elif", "else", "endif"):
            return False
        if not groups:
            raise AsmError(f"#{name} without #if")
        group = groups[-1]
        if name == "endif":
            groups.pop()
        elif group.ended:
            raise AsmError(f"#{name} after #else")
        else:
            group.ended = name == "else"
            group.active = group.outer and not group.taken and (name == "else" or self._holds("if", rest))
            group.taken = group.taken or group.active
        return True

    def _holds(self, name: str, rest: str) -> bool:
        if name != "if":
            words = rest.split()
            if not words:
                raise AsmError(f"#{name} needs a name")
            return (words[0] in self.defines) == (name == "ifdef")
        plain = _DEFINED.sub(lambda m: "1" if (m[1] or m[2]) in self.defines else "0", rest)
        value = _expr.parse(self.expand(plain), _IfScope(), c=True)
        return bool(value)

    def expand(self, line: str, hidden: frozenset[str] = frozenset()) -> str:
        """Replace macros in a line, outside strings; a macro is not replaced within itself."""
        out: list[str] = []
        at = 0
        while (match := _WORD.search(line, at)) is not None:
            define = self.defines.get(match[0])
            out.append(line[at : match.start()])
            at = match.end()
            if define is None or match[0] in hidden:
                out.append(match[0])
            elif define.parameters is None:
                out.append(self.expand(define.body, hidden | {match[0]}))
            elif (call := _arguments(line, at)) is None:
                out.append(match[0])
            else:
                arguments, at = call
                body = self._apply(match[0], define, arguments, hidden)
                out.append(self.expand(body, hidden | {match[0]}))
        out.append(line[at:])
        return "".join(out)

    def _apply(self, name: str, define: Define, arguments: list[str], hidden: frozenset[str]) -> str:
        parameters = define.parameters or ()
        if arguments == [""] and not parameters:
            arguments = []
        if len(arguments) != len(parameters):
            raise AsmError(f"macro `{name}` takes {len(parameters)} arguments, not {len(arguments)}")
        values = dict(zip(parameters, arguments, strict=True))

        def replace(match: re.Match[str]) -> str:
            if match["quoted"]:
                return match["quoted"]
            left, right, word = match["left"] or "", match["right"] or "", match["word"]
            if word not in values:
                return match[0].replace("##", "") if "##" in match[0] else match[0]
            if left == "#":
                return '"' + values[word].replace("\\", "\\\\").replace('"', '\\"') + '"'
            pasted = left.startswith("##") or right != ""
            return values[word] if pasted else self.expand(values[word], hidden)

        return re.sub(
            r'(?P<quoted>"(?:\\.|[^"\\])*")|(?P<left>\#\#\s*|\#)?\b(?P<word>[A-Za-z_]\w*)(?P<right>\s*(?=\#\#))?',
            replace,
            define.body,
        )


def _arguments(line: str, at: int) -> tuple[list[str], int] | None:
    """The arguments of a function-like macro called at ``at``, and where the call ends; None if no call."""
    start = re.compile(r"\s*\(").match(line, at)
    if start is None:
        return None
    arguments, depth, begin = [], 1, start.end()
    for match in re.compile(r'"(?:\\.|[^"\\])*"|[(),]').finditer(line, begin):
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
    raise AsmError("a macro call is not closed: `)` is missing")
