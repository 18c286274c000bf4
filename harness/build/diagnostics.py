# SPDX-License-Identifier: MIT
"""Messages of gcc, clang, GNU as, ld and lld, read as errors with their places."""

from __future__ import annotations

import re
from os.path import normpath
from pathlib import Path
from typing import Final, NamedTuple

from harness.errors import GuestError

_START_UP_CODE: Final = "crt0.S"

# `main.c:3:12: error: ...`; GNU as: `main.S:2: Error: ...`
_COMPILER: Final = re.compile(
    r"^(?P<file>[^\s:][^:\n]*):(?P<line>\d+):(?:(?P<column>\d+):)? (?:fatal )?error: (?P<text>.+)$",
    re.MULTILINE | re.IGNORECASE,
)
# GNU ld: `main.c:12: undefined reference to `f'`, or `main.c:(.text+0x4): ...` without a line table
_GNU_LD: Final = re.compile(
    r"^(?:\S*ld(?:\.bfd)?: )?(?P<file>[^\s:][^:\n]*):(?:(?P<line>\d+):|\(\S+\):)"
    r" (?P<text>(?:undefined reference to|multiple definition of) .+)$",
    re.MULTILINE,
)
_LLD: Final = re.compile(r"^\S*ld\S*: error: (?P<text>.+)$", re.MULTILINE)
_LLD_PLACE: Final = re.compile(
    r"^>>> (?:referenced by|defined at) (?P<file>[^\s:]+):(?P<line>\d+)", re.MULTILINE
)
_LAST_RESORT: Final = re.compile(r"^.*error: (?P<text>.+)$", re.MULTILINE | re.IGNORECASE)


class _Diagnostic(NamedTuple):
    text: str
    file: str | None = None
    line: int | None = None
    column: int | None = None


def compiler_error(output: str, source: Path) -> GuestError:
    """Returns the errors in a compiler's output, as one."""
    found = _compiler_errors(output) or _linker_errors(output) or _other_errors(output)
    if not found:
        last = output.strip().splitlines()[-1:] or ["the compiler failed without a word"]
        found = [_Diagnostic(last[0].strip())]
    first, *others = (_placed(one, source) for one in dict.fromkeys(found))
    return GuestError(first.message, file=first.file, line=first.line, column=first.column, others=others)


def _placed(found: _Diagnostic, source: Path) -> GuestError:
    if found.file is None or Path(found.file).name == _START_UP_CODE:
        return GuestError(found.text, file=str(source))  # it is the start-up code that misses `main`
    return GuestError(found.text, file=normpath(found.file), line=found.line, column=found.column)


def _compiler_errors(output: str) -> list[_Diagnostic]:
    return [
        _Diagnostic(
            match["text"].strip(),
            match["file"],
            int(match["line"]),
            int(match["column"]) if match["column"] else None,
        )
        for match in _COMPILER.finditer(output)
    ]


def _linker_errors(output: str) -> list[_Diagnostic]:
    gnu = [
        _Diagnostic(match["text"].strip(), match["file"], int(match["line"]) if match["line"] else None)
        for match in _GNU_LD.finditer(output)
    ]
    return list(dict.fromkeys(gnu)) or _lld_errors(output)


def _lld_errors(output: str) -> list[_Diagnostic]:
    """Returns lld's errors: each has its place in the lines that follow, up to the next one."""
    errors = list(_LLD.finditer(output))
    ends = [*(match.start() for match in errors[1:]), len(output)]
    found = []
    for match, end in zip(errors, ends, strict=False):
        place = _LLD_PLACE.search(output, match.end(), end)
        text = match["text"].strip()
        found.append(_Diagnostic(text, place["file"], int(place["line"])) if place else _Diagnostic(text))
    return found


def _other_errors(output: str) -> list[_Diagnostic]:
    return [_Diagnostic(match["text"].strip()) for match in _LAST_RESORT.finditer(output)]
