# SPDX-License-Identifier: MIT
"""Cache of assembled guests: the same program as without it, for as long as all that it came of is the same."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.asm import assembler
from harness.build import cache, load
from harness.image import Program
from harness.library import firmware_dir


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was assembled, while there is a cache in ``tmp_path / "cache"``."""
    monkeypatch.setenv(cache.DIRECTORY, str(tmp_path / "cache"))
    names: list[str] = []
    assemble = assembler.assemble

    def noted(source: Path, **options: object) -> Program:
        names.append(source.name)
        return assemble(source, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(assembler, "assemble", noted)
    return names


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


@pytest.mark.parametrize("name", ["hello", "tick", "faults"])
def test_a_program_from_the_cache_is_the_program(name: str, made: list[str]) -> None:
    source = firmware_dir() / name / "main.S"
    first, second = load(source, defines={"GIC": 2}), load(source, defines={"GIC": 2})
    assert made == ["main.S"]
    assert first == second
    assert (dict(first.symbols), first.symbols.ranges) == (dict(second.symbols), second.symbols.ranges)
    assert {type(one) for one in second.code} == {type(one) for one in first.code}


def test_what_is_said_of_how_to_assemble_it_counts(made: list[str], tmp_path: Path) -> None:
    source = write(tmp_path / "a.S", "_start: mov x0, #N\n")
    assert load(source, defines={"N": 1}) != load(source, defines={"N": 2})
    assert load(source, defines={"N": 1}, base=0x4100_0000).entry == 0x4100_0000
    assert len(made) == 3


CHANGES: dict[str, Callable[[Path], object]] = {
    "the source": lambda place: write(place / "a.S", '#include "b.inc"\n_start: .word N + 1\n'),
    "an included file": lambda place: write(place / "b.inc", "#define N 9\n"),
    "a file before the included one": lambda place: write(place / "b.inc", "#define N 7\n"),
    "a file of bytes": lambda place: write(place / "c.bin", "more"),
    "a file that was only asked for": lambda place: write(place / "d.inc", ""),
    "an included file that has gone": lambda place: (
        write(place / "a.S", "_start: nop\n") and os.unlink(place / "b.inc")
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_of_anything_that_was_looked_for_is_seen(what: str, made: list[str], tmp_path: Path) -> None:
    place, library = tmp_path / "guest", tmp_path / "library"
    place.mkdir()
    library.mkdir()
    write(library / "b.inc", "#define N 3\n")
    if what != "a file before the included one":
        write(place / "b.inc", "#define N 5\n")
    write(place / "c.bin", "some")
    text = (
        '#include "b.inc"\n#if __has_include("d.inc")\n.word 1\n#endif\n_start: .word N\n .incbin "c.bin"\n'
    )
    source = write(place / "a.S", text)
    before = load(source, include=[library])
    assert load(source, include=[library]) == before
    assert len(made) == 1
    CHANGES[what](place)
    assert load(source, include=[library]) != before
    assert len(made) == 2


@pytest.mark.parametrize("damage", ["empty", "cut", "flipped", "directory"])
def test_a_damaged_entry_is_none(damage: str, made: list[str], tmp_path: Path) -> None:
    source = write(tmp_path / "a.S", "_start: b .\n")
    program = load(source)
    (entry,) = (tmp_path / "cache").iterdir()
    data = bytearray(entry.read_bytes())
    data[-1] ^= 1
    entry.write_bytes({"empty": b"", "cut": data[:40]}.get(damage, data))
    if damage == "directory":
        entry.unlink()
        entry.mkdir()
    assert load(source) == program
    assert len(made) == 2


def test_where_no_cache_can_be_the_guest_is_assembled(
    made: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write(tmp_path / "a.S", "_start: b .\n")
    for directory in ("", str(write(tmp_path / "file", "")), str(tmp_path / "file" / "below")):
        monkeypatch.setenv(cache.DIRECTORY, directory)
        assert load(source).kind == "asm"
    assert len(made) == 3


def test_its_place_is_the_user_s_cache(
    made: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(cache.DIRECTORY)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    source = write(tmp_path / "a.S", "_start: b .\n")
    for xdg, place in (
        (str(tmp_path / "xdg"), tmp_path / "xdg" / "rvic-harness"),
        ("relative", tmp_path / "home" / ".cache" / "rvic-harness"),
    ):
        monkeypatch.setenv("XDG_CACHE_HOME", xdg)
        load(source)
        assert len(list(place.iterdir())) == 1
        assert place.stat().st_mode & 0o777 == 0o700


def test_the_oldest_entries_go(made: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "MOST", 3)
    source = write(tmp_path / "a.S", "_start: .word N\n")
    for n in range(6):
        load(source, defines={"N": n})
        for entry in (tmp_path / "cache").iterdir():
            os.utime(entry, ns=(0, entry.stat().st_mtime_ns - 10**9))
    assert len(list((tmp_path / "cache").iterdir())) == 3
    load(source, defines={"N": 5})
    assert len(made) == 6
