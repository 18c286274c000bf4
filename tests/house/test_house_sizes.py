# SPDX-License-Identifier: MIT
"""Sizes of the house: files of one idea, functions that fit a screen, models that can be read in one sitting."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import harness

PACKAGE: Final = Path(harness.__file__).parent
MOST_LINES, MOST_LINES_OF_A_FUNCTION, MOST_PARAMETERS, MOST_LINES_OF_RVIC = 300, 60, 12, 600
FILES: Final = sorted(PACKAGE.rglob("*.py"))

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(file: Path) -> Iterator[Function]:
    return (node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, Function))


def lines(node: Function) -> int:
    assert node.end_lineno is not None
    return node.end_lineno - node.lineno + 1


def parameters(node: Function) -> int:
    arguments = node.args
    return len([*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs])


def name(file: Path) -> str:
    return str(file.relative_to(PACKAGE))


def test_there_are_files() -> None:
    assert len(FILES) > 100


def test_no_file_is_too_long() -> None:
    sizes = {name(file): len(file.read_text().splitlines()) for file in FILES}
    assert {file: size for file, size in sizes.items() if size > MOST_LINES} == {}


def test_no_function_is_too_long() -> None:
    long = [
        f"{name(file)}:{node.lineno} {node.name}: {lines(node)} lines"
        for file in FILES
        for node in functions(file)
        if lines(node) > MOST_LINES_OF_A_FUNCTION
    ]
    assert long == []


def test_no_function_takes_too_much() -> None:
    wide = [
        f"{name(file)}:{node.lineno} {node.name}: {parameters(node)} parameters"
        for file in FILES
        for node in functions(file)
        if parameters(node) > MOST_PARAMETERS
    ]
    assert wide == []


def test_the_model_of_rvic_can_be_read_in_one_sitting() -> None:
    sizes = [len(file.read_text().splitlines()) for file in (PACKAGE / "rvic").rglob("*.py")]
    assert 0 < sum(sizes) <= MOST_LINES_OF_RVIC
