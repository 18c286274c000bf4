# SPDX-License-Identifier: MIT
"""Docstrings of the house: a thing's starts with the noun that it is, a function's with a verb in third person."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import harness

PACKAGE: Final = Path(harness.__file__).parent
ASKING: Final = re.compile(r"(What|Whether|How|Where|Who|Whose|Which|Why|When|If)\b")
THIRD_PERSON: Final = re.compile(
    r"(?!(Bytes|Devices|Instructions|Doublewords|Characters|Names|Words|Lines)\b)[A-Z][a-z]+s\b"
)
NOT_CALLED: Final = {"property", "cached_property", "setter", "command"}  # a command's is what --help shows


class Documented(NamedTuple):
    """A docstring and where it is."""

    place: str
    text: str
    function: bool  # that code calls


def documented(file: Path) -> Iterator[Documented]:
    for node in ast.walk(ast.parse(file.read_text())):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        text = ast.get_docstring(node)
        if text is None:
            continue
        place = f"{file.relative_to(PACKAGE)}:{getattr(node, 'lineno', 1)}"
        function = isinstance(node, ast.FunctionDef) and not decorators(node) & NOT_CALLED
        yield Documented(place, text.splitlines()[0], function)


def decorators(node: ast.FunctionDef) -> set[str]:
    return {
        part.attr if isinstance(part, ast.Attribute) else part.id
        for decorator in node.decorator_list
        for part in [decorator.func if isinstance(decorator, ast.Call) else decorator]
        if isinstance(part, ast.Attribute | ast.Name)
    }


DOCUMENTED: Final = [found for file in sorted(PACKAGE.rglob("*.py")) for found in documented(file)]


def test_there_are_docstrings() -> None:
    assert len(DOCUMENTED) > 1000


def test_no_docstring_starts_with_a_question() -> None:
    assert [found for found in DOCUMENTED if ASKING.match(found.text)] == []


def test_a_functions_docstring_starts_with_a_verb_in_the_third_person() -> None:
    assert [f for f in DOCUMENTED if f.function and not THIRD_PERSON.match(f.text)] == []
