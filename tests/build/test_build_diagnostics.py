# SPDX-License-Identifier: MIT
"""What a compiler refuses comes out as one error with the compiler's file, line and column."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.build import Toolchain, available_compilers, compile_guest
from harness.build.diagnostics import compiler_error
from harness.errors import GuestError

COMPILERS = [
    pytest.param(
        kind.value,
        marks=pytest.mark.skipif(kind not in available_compilers(), reason=f"no {kind} for AArch64 here"),
    )
    for kind in (Toolchain.ZIG, Toolchain.GCC, Toolchain.CLANG)
]


def refused(where: Path, name: str, text: str, compiler: str) -> GuestError:
    path = where / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(GuestError) as caught:
        compile_guest(path, toolchain=compiler)
    error = caught.value
    assert len(str(error).splitlines()) == 1 + len(error.others), "each error has a line of its own"
    return error


@pytest.mark.parametrize("compiler", COMPILERS)
def test_a_syntax_error_has_its_file_line_and_column(tmp_path: Path, compiler: str) -> None:
    error = refused(tmp_path, "a.c", "int main(void)\n{\n    return ];\n}\n", compiler)
    assert (error.file, error.line, error.column) == (str(tmp_path / "a.c"), 3, 12)
    assert str(error).startswith(f"{tmp_path / 'a.c'}:3:12: expected expression")


@pytest.mark.parametrize("compiler", COMPILERS)
def test_further_errors_follow(tmp_path: Path, compiler: str) -> None:
    error = refused(tmp_path, "a.c", "int main(void) { return one + two; }\n", compiler)
    assert "one" in error.message
    assert [("two" in other.message, other.line) for other in error.others] == [(True, 1)]


@pytest.mark.parametrize("compiler", COMPILERS)
def test_an_error_in_an_included_file_is_placed_there(tmp_path: Path, compiler: str) -> None:
    (tmp_path / "part.h").write_text("int x;\nint y = ;\n")
    error = refused(tmp_path, "a.c", '#include "part.h"\nint main(void) { return 0; }\n', compiler)
    assert (error.file, error.line, error.column) == (str(tmp_path / "part.h"), 2, 9)


@pytest.mark.parametrize("compiler", COMPILERS)
def test_a_missing_header(tmp_path: Path, compiler: str) -> None:
    error = refused(tmp_path, "a.c", '#include "nothing.h"\n', compiler)
    assert (error.line, error.column) == (1, 10)
    assert "nothing.h" in error.message


@pytest.mark.parametrize("compiler", COMPILERS)
def test_an_undefined_function_has_the_line_that_calls_it(tmp_path: Path, compiler: str) -> None:
    error = refused(tmp_path, "a.c", "int f(void);\nint main(void)\n{\n    return f();\n}\n", compiler)
    assert error.file is not None
    assert (Path(error.file).name, error.line) == ("a.c", 4)
    assert "undefined" in error.message


@pytest.mark.parametrize("compiler", COMPILERS)
def test_a_guest_without_main(tmp_path: Path, compiler: str) -> None:
    error = refused(tmp_path, "a.c", "int almost;\n", compiler)
    assert (error.file, error.line) == (str(tmp_path / "a.c"), None)
    assert "undefined" in error.message
    assert "main" in error.message


@pytest.mark.parametrize("compiler", COMPILERS)
def test_an_assembly_error_has_its_file_and_line(tmp_path: Path, compiler: str) -> None:
    error = refused(tmp_path, "a.S", "_start: nop\n        frobnicate x1\n", compiler)
    assert (error.file, error.line) == (str(tmp_path / "a.S"), 2)


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("a.c:3:7: error: no\n    3 | x\n", "a.c:3:7: no"),
        ("./a.c:3:7: fatal error: no\n", "a.c:3:7: no"),
        (
            "In file included from a.c:1:\nb.h:9:1: error: no\nb.h:9:2: error: nor\n",
            "b.h:9:1: no\nb.h:9:2: nor",
        ),
        ("a.S: Assembler messages:\na.S:2: Error: unknown mnemonic `x'\n", "a.S:2: unknown mnemonic `x'"),
        (
            "/usr/bin/ld: /tmp/c.o: in function `f':\nsrc/a.c:4: undefined reference to `g'\n"
            "collect2: error: ld returned 1 exit status\n",
            "src/a.c:4: undefined reference to `g'",
        ),
        (
            "ld: a.o: in function `f':\na.c:(.text+0x4): undefined reference to `g'\n",
            "a.c: undefined reference to `g'",
        ),
        (
            "ld.lld: error: undefined symbol: g\n>>> referenced by a.c:4 (/x/a.c:4)\n>>>    /tmp/a.o:(f)\n"
            "ld.lld: error: undefined symbol: h\n>>> referenced by b.c:5\n",
            "a.c:4: undefined symbol: g\nb.c:5: undefined symbol: h",
        ),
        ("ld.lld: error: section too large\n", "guest.c: section too large"),
        (
            "cc: error: unrecognized command-line option '-x'\n",
            "guest.c: unrecognized command-line option '-x'",
        ),
        ("killed\n", "guest.c: killed"),
        ("", "guest.c: the compiler failed without a word"),
    ],
)
def test_every_form_of_message_is_read(output: str, expected: str) -> None:
    assert str(compiler_error(output, Path("guest.c"))) == expected
