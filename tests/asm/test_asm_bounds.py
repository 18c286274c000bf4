# SPDX-License-Identifier: MIT
"""Sources that would never end: macros that double, chains of symbols, endless repetition: each is told."""

from __future__ import annotations

import random

import pytest
from thorough import ALL

from harness import GuestError
from harness.asm import assemble

CHAIN = "\n".join(f"#define A{n} A{n + 1} A{n + 1}" for n in range(60)) + "\n"
CALLS = "\n".join(f"#define F{n}(x) F{n + 1}(x) F{n + 1}(x)" for n in range(60)) + "\n"

ENDLESS = {
    "macro of macros": (CHAIN + "A0\n", 61, "macros expand to more than 1 MiB"),
    "empty in the end": (CHAIN + "#define A60\nA0\n", 62, "macros expand to more than 1 MiB"),
    "condition": (CHAIN + "#if A0\n#endif\n", 61, "macros expand to more than 1 MiB"),
    "calls": (CALLS + "F0(a)\n", 61, "macros expand to more than 1 MiB"),
    "calls of calls": ("#define F(x) x x\n" + "F(" * 60 + "1" + ")" * 60 + "\n", 2, "macros expand to more"),
    "pasted arguments": (f"#define P(x) {'x##x ' * 2000}\nP({'a' * 2000})\n", 2, "macros expand to more"),
    "arguments of .macro": ('.macro m a\n m "\\a\\a"\n.endm\n m x\n', 4, "a statement of more than 1 MiB"),
}


@pytest.mark.parametrize("case", ENDLESS)
def test_a_macro_that_doubles_is_told_with_its_line(case: str) -> None:
    source, line, message = ENDLESS[case]
    with pytest.raises(GuestError, match=message) as raised:
        assemble(source)
    assert raised.value.line == line


def test_macros_that_people_write_are_far_from_the_bounds() -> None:
    """Eight levels of two, as tables are made, on each of ten lines."""
    chain = "\n".join(f"#define T{n}(x) T{n + 1}(x), T{n + 1}(x)" for n in range(8))
    program = assemble(f"{chain}\n#define T8(x) x\n" + ".byte T0(1)\n" * 10)
    assert program.segments[0].data == b"\1" * 256 * 10


def test_a_symbol_used_twice_by_each_of_a_chain_is_computed_once() -> None:
    chain = "\n".join(f".set s{n}, s{n + 1} + s{n + 1}" for n in range(60))
    program = assemble(f"{chain}\n.set s60, 1\n.quad s0\n")
    assert program.segments[0].data == (1 << 60).to_bytes(8, "little")


def test_repeating_nothing_takes_no_time() -> None:
    assert assemble(".rept 1 << 60\n.endr\nnop\n").segments[0].data == bytes.fromhex("1f2003d5")


@pytest.mark.parametrize("name", ["1f", "12q", "", '"a b"', "a b", "-"])
def test_common_memory_needs_a_name(name: str) -> None:
    with pytest.raises(GuestError, match=r"<source>:1: `.*` cannot be the name of a symbol"):
        assemble(f".comm {name}, 8\n")


@pytest.mark.parametrize("text", ["{}:\n", "b {}f\n", "b {}b\n"])
def test_a_label_of_thousands_of_digits_is_one_line(text: str) -> None:
    with pytest.raises(GuestError, match="a label of 5,000 digits is too long"):
        assemble(text.format("9" * 5000))


def test_a_section_does_not_grow_without_end() -> None:
    with pytest.raises(GuestError, match="would be larger than 1024 MiB"):
        assemble(".bss\n.rept 3\n.space 1 << 29\n.endr\n")


WORDS = [
    *(
        "#define A A B",
        "#define B A A",
        "#define F(x) x x",
        "#define G(x, y) x##y F(x)",
        "#if A",
        "#endif",
        "A",
        "F(A)",
    ),
    *(
        "F(F(F(B)))",
        "G(a, F(1))",
        ".macro m a, b",
        "m \\a\\b, m",
        ".endm",
        "m x, y",
        ".rept 3",
        ".rept 99999",
        ".endr",
    ),
    *(
        ".irp x, a, b, c",
        ".irpc y, abc",
        "\\x\\y",
        ".set s, s + t",
        ".set t, s + s",
        ".quad s",
        ".comm s, 8",
        "1: b 1b",
    ),
    *(
        ".if s",
        ".else",
        ".endif",
        ".exitm",
        "nop",
        ".org . + 4",
        ".fill 3, 4, 5",
        '.ascii "\\a"',
        ".purgem m",
        "; ; ;",
    ),
]


def refusal(source: str) -> GuestError | None:
    try:
        assemble(source)
    except GuestError as error:
        return error
    return None


@pytest.mark.parametrize("seed", range(2000 if ALL else 40))
def test_whatever_a_source_is_made_of_it_ends(seed: int) -> None:
    """It assembles, or it is a GuestError with a place; a hang is the time limit's of every test."""
    rng = random.Random(seed)
    error = refusal("\n".join(rng.choice(WORDS) for _ in range(rng.randrange(4, 40))))
    assert error is None or error.file is not None
