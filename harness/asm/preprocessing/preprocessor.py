# SPDX-License-Identifier: MIT
"""C preprocessor's part: files, ``#include``, ``#define``, ``#if``; it yields assembler statements.

Lines are read one at a time, so that what an ``.include`` defines is known to the lines after it. A line
that starts with ``#`` and is no directive is a comment, as GNU as has it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from os.path import isfile
from pathlib import Path
from typing import Final

from harness.asm.expressions import Expression, parse_expression
from harness.asm.preprocessing.conditionals import Branch, Conditionals
from harness.asm.preprocessing.definitions import Definitions
from harness.asm.preprocessing.macro_calls import UnclosedCallError
from harness.asm.source import Location, Statement, StatementError, logical_lines, split_statements
from harness.files import LARGEST, LARGEST_TEXT, FileError, read_file

_DIRECTIVE = re.compile(r"#\s*([A-Za-z_]+)\b\s*(.*)", re.DOTALL)
_DEFINED = re.compile(r"\bdefined\s*(?:\(\s*(\w+)\s*\)|(\w+))")
_INCLUDE = re.compile(r'"([^"]+)"|<([^>]+)>')
_HAS_INCLUDE = re.compile(r'\b__has_include\s*\(\s*(?:"([^"]*)"|<([^>]*)>)\s*\)')
_DEEPEST = 64
_LONGEST_CALL = 1000
_BRANCHES: Final = {
    **dict.fromkeys(("if", "ifdef", "ifndef"), Branch.IF),
    **dict.fromkeys(("elif", "elifdef", "elifndef"), Branch.ELSE_IF),
    "else": Branch.ELSE,
    "endif": Branch.END,
}


class _IfScope:
    """Scope of an ``#if``, where an identifier that is no macro is 0 (C11, 6.10.1)."""

    def symbol(self, name: str) -> Expression:
        return 0

    def local_label(self, reference: str) -> Expression:
        raise StatementError(f"`{reference}` is not a number")

    def here(self) -> Expression:
        raise StatementError("`.` means nothing in `#if`")


class Preprocessor:
    """Reader of files as statements, with one set of definitions for all of them.

    ``reads`` are the files that it has looked for: the SHA-256 of one that was read, an empty
    text for one that is there, None for one that is not.
    """

    def __init__(self, search: Sequence[Path], defines: Mapping[str, str]) -> None:
        self.reads: dict[str, str | None] = {}
        self._search = tuple(search)
        self._definitions = Definitions(defines)
        self._depth = 0

    def find(self, name: str, beside: str, *, after: bool = False) -> Path:
        """Searches an included file: beside the including file, then along the search path.

        ``after`` searches only places after that of the including file (``#include_next``).
        """
        places = (Path(beside).parent, *self._search)
        if after:
            places = places[1 + max((i for i, place in enumerate(places) if place == places[0]), default=0) :]
        for place in places:
            file = str(place / name)
            if isfile(file):
                self.reads.setdefault(file, "")
                return place / name
            self.reads[file] = None
        looked = ", ".join(dict.fromkeys(str(place) for place in places))
        raise StatementError(f"cannot find `{name}` (looked in {looked})")

    def read_bytes(self, path: Path, largest: int = LARGEST) -> bytes:
        """Returns the contents of a file; StatementError if it cannot be read."""
        try:
            data = read_file(path, largest)
        except FileError as error:
            raise StatementError(f"cannot read `{path}`: {error.reason}") from None
        self.reads[str(path)] = hashlib.sha256(data).hexdigest()
        return data

    def read_file(self, path: Path) -> Iterator[Statement]:
        """Returns the statements of a file; StatementError if it cannot be read."""
        try:
            text = self.read_bytes(path, LARGEST_TEXT).decode()
        except UnicodeDecodeError:
            raise StatementError(f"`{path}` is not a text file (not UTF-8)") from None
        return self.read_text(text, str(path))

    def read_text(self, text: str, file: str) -> Iterator[Statement]:
        """Returns the statements of a text that is called ``file`` in messages."""
        if self._depth >= _DEEPEST:
            raise StatementError(f"`{file}` is included more than {_DEEPEST} deep: does it include itself?")
        return self._counted(text, file)

    def _counted(self, text: str, file: str) -> Iterator[Statement]:
        self._depth += 1
        try:
            yield from self._statements(text, file)
        finally:
            self._depth -= 1

    def _statements(self, text: str, file: str) -> Iterator[Statement]:
        conditionals = Conditionals("#")
        lines = logical_lines(text, file)
        for number, line in lines:
            location = Location(file, number)
            self._definitions.place, self._definitions.depth = location, self._depth
            try:
                if line[0] == "#":
                    directive = _DIRECTIVE.match(line)
                    if directive is not None:
                        yield from self._directive(directive[1], directive[2], location, conditionals)
                    continue
                if not conditionals.active:
                    continue
                line = self._expand(line, lines)
            except StatementError as error:
                raise location.error(str(error)) from None
            for statement in split_statements(line):
                yield Statement(statement, location)
        conditionals.check_closed()

    def _expand(self, line: str, following: Iterator[tuple[int, str]]) -> str:
        """Returns a line with its macros replaced; a call in it may end in a line that follows."""
        for _ in range(_LONGEST_CALL):
            try:
                return self._definitions.expand(line).strip()
            except UnclosedCallError:
                more = next(following, None)
                if more is None:
                    raise
                line += " " + more[1]
        raise StatementError(f"a macro call spans more than {_LONGEST_CALL} lines: is its `)` missing?")

    def _directive(
        self, name: str, rest: str, location: Location, conditionals: Conditionals
    ) -> Iterator[Statement]:
        """Does as a directive says, and returns the statements that it includes."""
        branch = _BRANCHES.get(name)
        if branch is not None:
            conditionals.handle(branch, f"#{name}", location, lambda: self._holds(name, rest))
        elif not conditionals.active:
            pass
        elif name in ("include", "include_next"):
            return self._include(rest, location.file, after=name == "include_next")
        elif name == "define":
            self._definitions.define(rest)
        elif name == "undef":
            self._definitions.undefine(rest.strip())
        elif name == "error":
            raise StatementError(f"#error {rest}".rstrip())
        return iter(())

    def _include(self, rest: str, file: str, *, after: bool) -> Iterator[Statement]:
        match = _INCLUDE.match(self._definitions.expand(rest))
        if match is None:
            raise StatementError('`#include` needs "file" or <file>')
        return self.read_file(self.find(match[1] or match[2], file, after=after))

    def _holds(self, name: str, rest: str) -> bool:
        definitions = self._definitions
        if name.endswith("def"):
            words = rest.split()
            if not words:
                raise StatementError(f"`#{name}` needs a name")
            return (words[0] in definitions) == (not name.endswith("ndef"))
        rest = _HAS_INCLUDE.sub(lambda m: str(int(self._is_there(m[1] or m[2]))), rest)
        plain = _DEFINED.sub(lambda m: "1" if (m[1] or m[2]) in definitions else "0", rest)
        return bool(parse_expression(definitions.expand(plain), _IfScope(), c=True))

    def _is_there(self, name: str) -> bool:
        try:
            self.find(name, self._definitions.place.file)
        except StatementError:
            return False
        return True
