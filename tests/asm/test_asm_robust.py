# SPDX-License-Identifier: MIT
"""A damaged source assembles or is refused with its place: no other exception, no hang, no dead process."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.asm import assemble
from harness.errors import GuestError

CORPUS = Path(__file__).parent / "corpus"
SOURCES = [path.read_text() for path in sorted(CORPUS.glob("*.S"))]
PIECES = [
    *(
        "\\",
        '"',
        "'",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        ";",
        ":",
        "#",
        "/*",
        "*/",
        "//",
        "\n",
        "\r",
        "\t",
        "=",
    ),
    *(
        ".macro a\n",
        ".endm\n",
        ".rept 3\n",
        ".endr\n",
        ".if 1\n",
        ".endif\n",
        ".else\n",
        ".irp a,",
        "\\@",
        "1f",
    ),
    *(
        "0x",
        "-",
        "~",
        "!",
        "é",
        "\u00a0",
        ".set x,",
        "x:",
        "#define A ",
        "#include ",
        "A(",
        ":lo12:",
        ".",
        "eq",
    ),
    *("ldr x0, =", ".skip ", ".org ", ".align ", ".fill 1,2,", ".section ", '.ascii "', "lsl #", "1e5", "[]"),
]
EDIT = st.tuples(st.floats(0, 1), st.integers(0, 8), st.sampled_from(["", *PIECES]))


def refusal(source: str) -> tuple[str | None, int | None] | None:
    """Where a source is refused, or None if it assembles."""
    try:
        assemble(source, name="src", include=[CORPUS])
    except GuestError as error:
        return error.file, error.line
    return None


@settings(max_examples=300)
@given(st.sampled_from(SOURCES), st.lists(EDIT, min_size=1, max_size=4))
def test_a_damaged_source_assembles_or_is_refused(source: str, edits: list[tuple[float, int, str]]) -> None:
    for where, removed, inserted in edits:
        position = int(where * len(source))
        source = source[:position] + inserted + source[position + removed :]
    place = refusal(source)
    assert place is None or None not in place


MNEMONICS = (
    """add mov ldr str ldp tbz cbz b adr adrp mrs msr fmov ext ld1 csel movk lsl dsb prfm sys dup movi ccmp"""
)
OPERANDS = """
    x0 w1 sp xzr v0.4s v1.16b s0 q2 eq sy lsl uxtw foo #0 #1 #-1 #0xffffffffffffffff #4096 #1.0
    [x1] [x1,#8]!
    {v0.16b} v0.s[1] :lo12:here here 1f vbar_el1 c7 lsl#3 #(1<<63) # [ ] [] {} ! ,"""


@settings(max_examples=600)
@given(st.sampled_from(MNEMONICS.split()), st.lists(st.sampled_from(OPERANDS.split()), max_size=5))
def test_any_instruction_is_four_bytes_or_refused(mnemonic: str, operands: list[str]) -> None:
    source = f"here: {mnemonic} {', '.join(operands)}\n1:\n"
    place = refusal(source)
    assert place == ("src", 1) or (place is None and len(assemble(source).segments[0].data) == 4)


@pytest.mark.parametrize("line", ["]", "}", "!", ",", "[", "]:", "=", "x0", "@", "(", "%", "~nop", "*"])
def test_a_line_of_rubbish_is_refused(line: str) -> None:
    """Keystone never returns from a line that starts with a closing bracket."""
    with pytest.raises(GuestError, match="src:2: "):
        assemble(f"nop\n{line}\n", name="src")
