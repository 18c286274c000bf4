# SPDX-License-Identifier: MIT
"""Small sources, the same bytes as from GNU as and GNU cpp: every directive of its manual, and more."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.asm import assemble
from harness.build import load
from tests.asm.test_asm_bytes import differences, gnu
from tests.thorough import every

SNIPPETS = {
    f"{path.stem}-{number}": text
    for path in sorted((Path(__file__).parent / "snippets").glob("*.S"))
    for number, text in enumerate(path.read_text().split("//----\n"))
}


@pytest.mark.parametrize("name", every(list(SNIPPETS), 7))
def test_gnu_as_makes_the_same_bytes_of_a_snippet(name: str, tmp_path: Path) -> None:
    source = tmp_path / "a.S"
    source.write_text(SNIPPETS[name])
    assert differences(load(source), gnu(source, tmp_path)) == []


def data(text: str) -> bytes:
    return assemble(text).segments[0].data


@pytest.mark.parametrize(
    ("text", "expected"),
    {
        ".float 1.5, -2, 0x10": "0000c03f 000000c0 00002041",  # GNU as: 0x before a float is skipped
        ".double 0.1": "9a9999999999b93f",
        ".float 1.401298464324817e-45, 1e-46": "01000000 00000000",  # the smallest denormal, and less than its half
        ".float 16777217, 16777219": "0000804b 0200804b",  # ties to even
        ".float16 1, 65504, 0.1": "003c ff7b 662e",
        ".bfloat16 1, 3.140625": "803f 4940",
        ".float nan, -inf": "ffffff7f 000080ff",
        ".uleb128 127, 128, 1 << 63": "7f 8001 80808080808080808001",
        ".sleb128 -1, 63, 64, -64, -65": "7f 3f c000 40 bf7f",
        r'.ascii "\e\q\v\101\8"': "65 71 0b 41 08",
        '.string16 "ab"': "6100 6200 0000",
        ".word 0x09000000UL, 1LL, 2u, 3lu": "00000009 01000000 02000000 03000000",
        ".struct 8\na: .skip 4\nb:\n.text\n.word a, b": "08000000 0c000000",
        ".text 1\n.byte 2\n.text 0\n.byte 1\n.subsection 2\n.byte 3": "01 02 03",
        ".byte 1\n.even\n.byte 2": "01 00 02",
        ".eqv a, b + 1\n.set b, 4\n.byte a\n.set b, 5\n.byte a": "05 06",
        "a == b + 1\n.set b, 4\n.byte a": "05",
    }.items(),
)
def test_a_directive_emits_what_the_manual_says(text: str, expected: str) -> None:
    assert data(text + "\n").hex() == expected.replace(" ", "")


def test_the_place_is_what_the_preprocessor_knows_of_it(tmp_path: Path) -> None:
    """GNU cpp, 3.7.1: __LINE__ is the line of the macro's call, __INCLUDE_LEVEL__ 0 outside every include."""
    (tmp_path / "in.h").write_text("#define HERE __LINE__\n.byte __INCLUDE_LEVEL__, __COUNTER__\n")
    (tmp_path / "a.S").write_text('#include "in.h"\n.byte __LINE__, HERE, __INCLUDE_LEVEL__, __COUNTER__\n')
    assert load(tmp_path / "a.S").segments[0].data == bytes((1, 0, 2, 2, 0, 1))


def test_include_next_goes_on_after_the_directory_of_the_file(tmp_path: Path) -> None:
    """GNU cpp, 2.7 "Wrapper Headers"."""
    for name, text in (("first", ".byte 1\n#include_next <x.h>\n"), ("second", ".byte 2\n")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.h").write_text(text)
    (tmp_path / "a.S").write_text(
        "#if __has_include(<x.h>) && !__has_include(<y.h>)\n#include <x.h>\n#endif\n"
    )
    program = load(tmp_path / "a.S", include=[tmp_path / "first", tmp_path / "second"])
    assert program.segments[0].data == bytes((1, 2))


def test_a_line_after_an_empty_macro_is_not_lost() -> None:
    assert data("#define lock\n lock nop\n") == bytes.fromhex("1f2003d5")


def test_a_shared_header_of_c_is_one_of_assembly(tmp_path: Path) -> None:
    """Suffixes of C's numbers, and macros that paste them on, as in kernel headers."""
    (tmp_path / "board.h").write_text(
        "#define UART0_BASE 0x09000000UL\n#define _AC(X, Y) (X##Y)\n#define BIT(n) (_AC(1, ULL) << (n))\n"
        "#ifndef __ASSEMBLER__\nextern int main(void);\n#endif\n"
    )
    (tmp_path / "a.S").write_text('#include "board.h"\n.extern main\nldr x0, =UART0_BASE\nmov x1, #BIT(40)\n')
    assert load(tmp_path / "a.S").segments[0].data[8:] == (0x09000000).to_bytes(8, "little")
