# SPDX-License-Identifier: MIT
"""Programs from assembly text that is in no file."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Final

from harness.asm.arguments import check_defines, check_text
from harness.errors import GuestError
from harness.image import LineMap, Program, SourceLine

NAME: Final = "assembly text"
"""Name of the text in messages and in the table of lines."""


def build_text(
    text: str,
    *,
    defines: Mapping[str, str | int] | None = None,
    toolchain: str | PathLike[str] | None = None,
) -> Program:
    """Builds assembly text, by this package's assembler unless a toolchain is named; errors as :func:`load`'s."""
    check_defines(defines)
    if toolchain is None:
        from harness.asm import assemble

        return assemble(text, name=NAME, defines=defines)
    from harness.build.compilation import compile_guest

    check_text(text, NAME)
    with tempfile.TemporaryDirectory(prefix="rvic-") as scratch:
        path = Path(scratch) / "text.S"
        path.write_text(text, encoding="utf-8")
        try:
            program = compile_guest(path, toolchain=toolchain, defines=defines)
        except GuestError as error:
            raise _renamed(error, str(path)) from None
        return replace(program, lines=_renamed_lines(program.lines, str(path)), path=None)


def _renamed(error: GuestError, path: str) -> GuestError:
    file = NAME if error.file == path else error.file
    others = [_renamed(other, path) for other in error.others]
    return GuestError(error.message, file=file, line=error.line, column=error.column, others=others)


def _renamed_lines(lines: LineMap, path: str) -> LineMap:
    def renamed(place: SourceLine | None) -> SourceLine | None:
        named = place is not None and Path(place.file).name == Path(path).name
        return SourceLine(NAME, place.line) if named and place is not None else place

    return LineMap(lines.starts, tuple(map(renamed, lines.places)))
