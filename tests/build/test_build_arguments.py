# SPDX-License-Identifier: MIT
"""What is handed to assemble(), load(), disassemble() and Program is checked at the call, in one clear line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.asm import assemble
from harness.build import compile_guest, disassemble, find_compiler, load
from harness.errors import ConfigError, GuestError, HarnessError
from harness.image import LineMap, Program, Segment, Symbols

Call = Callable[..., Any]

SOURCES: list[tuple[Any, str]] = [
    (5, "a path is needed, not 5"),
    (None, "a path is needed, not None"),
    (b"a.S", "a path is needed, not b'a.S'"),
    (Path("a\0.S"), "cannot be a path"),
    (Path("\ud800.S"), "cannot be a path"),
]
OPTIONS: list[tuple[dict[str, Any], str]] = [
    ({"base": "here"}, "a whole number of bytes is needed, not 'here'"),
    ({"base": -4}, "at least 0 bytes are needed"),
    ({"base": 2}, "an address of 48 bits that is a multiple of 4 is needed"),
    ({"base": 1 << 48}, "an address of 48 bits"),
    ({"include": "lib"}, "a list of directories is needed"),
    ({"include": Path("lib")}, "a list of directories is needed"),
    ({"include": [5]}, "include: a path is needed, not 5"),
    ({"defines": ["A"]}, "a mapping from names to values is needed"),
    ({"defines": {5: 1}}, "`5` cannot be defined"),
    ({"defines": {"A B": 1}}, "`A B` cannot be defined"),
    ({"defines": {"A": None}}, "the value of `A` is text or a whole number, not None"),
    ({"defines": {"A": 1.5}}, "the value of `A` is text or a whole number, not 1.5"),
    ({"defines": {"A": "\0"}}, "the value of `A` has a NUL in it"),
    ({"defines": {"A": "\ud800"}}, "is not part of any text"),
]


@pytest.mark.parametrize("call", [assemble, load, compile_guest])
@pytest.mark.parametrize(("source", "message"), SOURCES)
def test_a_source_is_a_path(call: Call, source: Any, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        call(source)
    assert message in str(caught.value)


@pytest.mark.parametrize("call", [assemble, load, compile_guest])
@pytest.mark.parametrize(("options", "message"), OPTIONS)
def test_options_of_a_build_are_checked(
    tmp_path: Path, call: Call, options: dict[str, Any], message: str
) -> None:
    path = tmp_path / "a.S"
    path.write_text("nop\n")
    with pytest.raises(HarnessError) as caught:
        call(path, **options)
    assert message in str(caught.value)


@pytest.mark.parametrize("toolchain", [5, ["gcc"], b"gcc"])
def test_a_toolchain_is_a_name_or_a_path(tmp_path: Path, toolchain: Any) -> None:
    path = tmp_path / "a.S"
    path.write_text("nop\n")
    for call in (lambda: find_compiler(toolchain), lambda: load(path, toolchain=toolchain)):
        with pytest.raises(ConfigError, match="toolchain: a path is needed"):
            call()


@pytest.mark.parametrize("name", ["x" * 5000, "a/" + "x" * 300 + ".S"])
def test_a_name_that_is_too_long_is_no_file(name: str) -> None:
    with pytest.raises(GuestError, match=r"cannot be read: File name too long|no such file"):
        load(name)
    with pytest.raises(GuestError, match="cannot find"):
        assemble(f'.incbin "{name}"\n')


def test_a_string_that_is_no_text_names_no_file() -> None:
    for directive in (".incbin", ".section a,"):
        with pytest.raises(GuestError, match="is not text in UTF-8"):
            assemble(f'{directive} "\\xff"\n')


@pytest.mark.parametrize("name", [5, None, b"a.S"])
def test_the_name_of_a_text_is_text(name: Any) -> None:
    with pytest.raises(ConfigError, match=r"^assemble\(name=.*\): text is needed$"):
        assemble("nop\n", name=name)


def test_half_a_surrogate_pair_is_refused_with_its_line() -> None:
    with pytest.raises(GuestError, match=r"^a\.S:2: the character '.ud800' is not part of any text"):
        assemble('nop\n.ascii "\ud800"\n', name="a.S")


@pytest.mark.parametrize(
    "arguments", [("text",), (5,), (bytes(4), "here"), (bytes(4), -4), (bytes(4), 0, {"a": 0})]
)
def test_disassembly_is_of_bytes_at_an_address(arguments: tuple[Any, ...]) -> None:
    with pytest.raises(ConfigError, match=r"^disassemble\("):
        disassemble(*arguments)


SEGMENT = Segment(0, b"\0", 1, True)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Segment("0", b"", 0, True), "Segment(address): a whole number of bytes is needed"),
        (lambda: Segment(-1, b"", 0, True), "Segment(address): at least 0 bytes are needed"),
        (lambda: Segment(0, "code", 4, True), "Segment(data): bytes are needed, not str"),
        (lambda: Segment(0, b"code", 3, True), "Segment(memory_size=3): too small for 4 bytes of data"),
        (lambda: Program(None, (), Symbols({}), "flat"), "Program(entry): a whole number"),
        (lambda: Program(0, [SEGMENT], Symbols({}), "flat"), "Program(segments): a tuple of Segments"),
        (lambda: Program(0, (b"",), Symbols({}), "flat"), "Program(segments): a tuple of Segments"),
        (lambda: Program(0, (), {}, "flat"), "Program(symbols): Symbols are needed, not dict"),
        (lambda: Program(0, (), Symbols({}), "flat", ()), "Program(lines): a LineMap is needed, not tuple"),
    ],
)
def test_a_program_is_what_it_says(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make()
    assert message in str(caught.value)
    assert Program(0, (SEGMENT,), Symbols({}), "flat", LineMap()).segments == (SEGMENT,)
