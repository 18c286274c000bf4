# SPDX-License-Identifier: MIT
"""docs/architecture.md against the tree: every room in its own words, and every step of a trip where it says."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Final

import pytest

import harness

PACKAGE: Final = Path(harness.__file__).parent
PAGE: Final = (PACKAGE.parent / "docs" / "architecture.md").read_text()
ROOM: Final = re.compile(r"^\| `([\w/]+?)/?` \| (.+) \|$", re.MULTILINE)
STEP: Final = re.compile(r"`([\w/]+\.py)::([\w.]+)`")
TRIPS: Final = ("One interrupt", "One hypercall", "One device access", "One source line", "One event")


def rooms() -> dict[str, str]:
    """The first line of each package's own docstring."""
    found = {}
    for init in sorted(PACKAGE.rglob("__init__.py")):
        text = ast.get_docstring(ast.parse(init.read_text()))
        assert text, init
        if init.parent != PACKAGE:
            found[str(init.parent.relative_to(PACKAGE))] = text.splitlines()[0].removesuffix(".")
    return found


def defined(file: Path) -> set[str]:
    """Qualified names of the functions, classes and their attributes in a file."""
    names: set[str] = set()

    def collect(node: ast.AST, prefix: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.ClassDef):
                names.add(prefix + child.name)
                collect(child, f"{prefix}{child.name}.")
            elif isinstance(child, ast.Assign | ast.AnnAssign):
                targets = child.targets if isinstance(child, ast.Assign) else [child.target]
                names.update(prefix + target.id for target in targets if isinstance(target, ast.Name))

    collect(ast.parse(file.read_text()), "")
    return names


def trip(title: str) -> list[tuple[str, str]]:
    section = re.search(rf"^## {title}.*?$(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
    assert section is not None, title
    return STEP.findall(section[1])


def test_every_room_is_drawn_in_its_own_words() -> None:
    assert dict(ROOM.findall(PAGE)) == rooms()


@pytest.mark.parametrize("title", TRIPS)
def test_a_trip_is_followed_file_by_file(title: str) -> None:
    steps = trip(title)
    assert len({file for file, _ in steps}) >= 4
    missing = [f"{file}::{name}" for file, name in steps if name not in defined(PACKAGE / file)]
    assert missing == []
