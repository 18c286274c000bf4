# SPDX-License-Identifier: MIT
"""Cache of assembled guests: a file a program, found again by all that it was made from.

It lies in ``$RVIC_CACHE`` (empty for none), else in ``rvic-harness`` of the user's cache (``$XDG_CACHE_HOME``, or
``~/.cache``). An entry is named by the hash of the arguments and of this assembler, and lists every file that was
read or looked for: it holds only while each is as it was. What is damaged, or cannot be read or written, is as good
as not there.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import msgspec

from harness import asm
from harness.errors import ConfigError
from harness.files import FileError, current_directory, read_file
from harness.image import CodeRange, LineMap, Program, Segment, SourceLine, Symbols

DIRECTORY: Final = "RVIC_CACHE"
MOST: Final = 256
"""Entries that are kept; the oldest go."""
_HASH_BYTES: Final = 32


class _Entry(msgspec.Struct, array_like=True):
    """Program, and the files it came of: a hash each, empty where only that it is there counts, None if not."""

    reads: dict[str, str | None]
    entry: int
    segments: list[tuple[int, bytes, int, bool]]
    names: list[tuple[str, int]]
    ranges: list[tuple[int, int]]
    files: list[str]
    starts: list[int]
    places: list[tuple[int, int] | None]
    code: list[tuple[int, int, int]]


def key(path: Path, base: int, include: list[Path], defines: Mapping[str, str]) -> str:
    """Returns the name of the entry for a source and all that is said of how to assemble it."""
    parts = [_maker(), str(current_directory()), str(path), str(base), *map(str, include), ""]
    parts += [f"{name}={value}" for name, value in defines.items()]
    return hashlib.sha256("\0".join(parts).encode(errors="surrogateescape")).hexdigest()


def find(name: str, path: Path) -> Program | None:
    """Returns the program of an entry, None where there is none that holds."""
    place = _directory()
    if place is None:
        return None
    try:
        data = read_file(place / name)
        digest, payload = data[:_HASH_BYTES], data[_HASH_BYTES:]
        if hashlib.sha256(payload).digest() != digest:
            return None
        entry = msgspec.msgpack.decode(payload, type=_Entry)
        if not all(_holds(file, was) for file, was in entry.reads.items()):
            return None
        return _program(entry, path)
    except (FileError, OSError, msgspec.MsgspecError, ConfigError, IndexError, ValueError):
        return None


def keep(name: str, program: Program, reads: Mapping[str, str | None]) -> None:
    """Keeps a program that was made by reading these files."""
    place = _directory()
    if place is None:
        return
    import tempfile  # not to be loaded where an entry is found

    with suppress(OSError, OverflowError, UnicodeError):
        payload = msgspec.msgpack.encode(_entry(program, reads))
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        file, scratch = tempfile.mkstemp(dir=place, prefix=".new-")
        try:
            with os.fdopen(file, "wb") as stream:
                stream.write(hashlib.sha256(payload).digest() + payload)
            os.replace(scratch, place / name)
        except OSError:
            os.unlink(scratch)
            raise
        _forget_oldest(place)


def _forget_oldest(place: Path) -> None:
    entries = [(entry.stat().st_mtime_ns, entry.path) for entry in os.scandir(place)]
    for _, old in sorted(entries)[: max(0, len(entries) - MOST)]:
        os.unlink(old)


def _directory() -> Path | None:
    named = os.environ.get(DIRECTORY)
    if named is not None:
        return Path(named) if named else None
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if not base.is_absolute():  # which is to be ignored, by the XDG base directory specification
        base = Path(os.path.expanduser("~/.cache"))
    return base / "rvic-harness" if base.is_absolute() else None


@cache
def _maker() -> str:
    """Returns what the bytes depend on beside the sources: this assembler as it is installed, and its encoder."""
    own = [Path(place) for place in asm.__path__]
    files = [Path(__file__), *sorted(file for place in own for file in place.rglob("*.py"))]
    encoder = find_spec("keystone")
    if encoder is not None and encoder.origin is not None:
        files.append(Path(encoder.origin))
    stats = [(str(file), file.stat()) for file in files]
    return repr((sys.version, [(name, s.st_size, s.st_mtime_ns) for name, s in stats]))


def _holds(file: str, was: str | None) -> bool:
    if not was:
        return os.path.isfile(file) == (was is not None)
    return hashlib.sha256(read_file(file)).hexdigest() == was


def _entry(program: Program, reads: Mapping[str, str | None]) -> _Entry:
    places = program.lines.places
    files = list(dict.fromkeys(place.file for place in places if place is not None))
    numbers = {file: number for number, file in enumerate(files)}
    return _Entry(
        reads=dict(reads),
        entry=program.entry,
        segments=[(one.address, one.data, one.memory_size, one.executable) for one in program.segments],
        names=list(program.symbols.items()),
        ranges=list(program.symbols.ranges),
        files=files,
        starts=list(program.lines.starts),
        places=[None if place is None else (numbers[place.file], place.line) for place in places],
        code=list(program.code),
    )


def _program(entry: _Entry, path: Path) -> Program:
    places = tuple(None if one is None else SourceLine(entry.files[one[0]], one[1]) for one in entry.places)
    return Program(
        entry=entry.entry,
        segments=tuple(Segment(*one) for one in entry.segments),
        symbols=Symbols(dict(entry.names), entry.ranges),
        kind="asm",
        lines=LineMap(tuple(entry.starts), places),
        path=path,
        code=tuple(CodeRange(*one) for one in entry.code),
    )
