# SPDX-License-Identifier: MIT
"""C and full GNU syntax to programs, by each compiler that is here."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness import Machine, StopReason
from harness.build import Toolchain, available_compilers, compile_guest, compilers, find_compiler, load
from harness.errors import ConfigError, GuestError
from harness.image import Program

COMPILERS = [
    pytest.param(
        kind.value,
        marks=pytest.mark.skipif(kind not in available_compilers(), reason=f"no {kind} for AArch64 here"),
    )
    for kind in (Toolchain.ZIG, Toolchain.GCC, Toolchain.CLANG)
]
HELLO = """#include "uart.h"

int main(void)
{
    uart_puts("hi from C\\n");
    return 0;
}
"""
# An instruction and directives of which the built-in assembler refuses one.
GNU_ONLY = """
        .arch_extension lse
        .reloc 0, R_AARCH64_NONE
        .globl _start
_start: adrp x0, text
        add  x0, x0, :lo12:text
        mov  x1, #0x09000000
1:      ldrb w2, [x0], #1
        cbz  w2, 2f
        str  w2, [x1]
        b    1b
2:      adrp x4, word
        add  x4, x4, :lo12:word
        ldadd x2, x3, [x4]
        mov  w0, #8
        movk w0, #0x8400, lsl #16
        hvc  #0
        .pushsection .rodata.text, "a", %progbits
text:   .asciz "hi from GNU\\n"
        .uleb128 300
        .popsection
        .comm word, 8, 8
"""


def write(where: Path, name: str, text: str) -> Path:
    path = where / name
    path.write_text(text, encoding="utf-8")
    return path


def run(program: Program, **options: object) -> tuple[StopReason, int | None, str]:
    with Machine(**options) as machine:  # type: ignore[arg-type]  # options of any type
        machine.load(program)
        stop = machine.run(limit=1_000_000)
        return stop.reason, stop.code, machine.console.text


@pytest.mark.parametrize("compiler", COMPILERS)
def test_a_c_guest_runs(tmp_path: Path, compiler: str) -> None:
    program = compile_guest(write(tmp_path, "hello.c", HELLO), toolchain=compiler)
    assert run(program) == (StopReason.POWER_OFF, None, "hi from C\n")
    assert (program.kind, program.entry) == ("elf", 0x4008_0000)


@pytest.mark.parametrize("compiler", COMPILERS)
def test_what_main_returns_is_the_exit_code(tmp_path: Path, compiler: str) -> None:
    program = compile_guest(write(tmp_path, "a.c", "int main(void) { return 42; }\n"), toolchain=compiler)
    assert run(program)[:2] == (StopReason.EXIT, 42)


@pytest.mark.parametrize("compiler", COMPILERS)
def test_instructions_have_the_lines_of_their_source(tmp_path: Path, compiler: str) -> None:
    program = compile_guest(write(tmp_path, "hello.c", HELLO), toolchain=compiler)
    place = program.lines.lookup(program.symbols["main"])
    assert place is not None
    assert (Path(place.file).name, place.line) in {("hello.c", 4), ("hello.c", 5)}


@pytest.mark.parametrize("compiler", COMPILERS)
def test_main_finds_the_device_tree_in_its_argument(tmp_path: Path, compiler: str) -> None:
    """The boot protocol's x0, kept over the clearing of .bss."""
    text = "int main(void *tree) { return *(unsigned *)tree == 0xedfe0dd0 ? 7 : 8; }\n"
    assert run(compile_guest(write(tmp_path, "a.c", text), toolchain=compiler))[1] == 7


@pytest.mark.parametrize("compiler", COMPILERS)
def test_data_has_its_values_and_bss_is_zero_even_where_memory_was_not(tmp_path: Path, compiler: str) -> None:
    text = "int data[2] = {3, 4}; int bss[2000];\nint main(void) { return data[1] + bss[1999]; }\n"
    program = compile_guest(write(tmp_path, "a.c", text), toolchain=compiler)
    with Machine() as machine:
        machine.load(program)
        machine.memory.write(program.symbols["bss"], b"\xff" * 8000)
        assert machine.run(limit=100_000).code == 4


@pytest.mark.parametrize("compiler", COMPILERS)
def test_the_same_source_gives_the_same_program_wherever_it_is(tmp_path: Path, compiler: str) -> None:
    built = []
    for place in ("here", "there/and/on"):
        where = tmp_path / place
        where.mkdir(parents=True)
        built.append(compile_guest(write(where, "hello.c", HELLO), toolchain=compiler))
    assert built[0].segments == built[1].segments
    assert built[0].symbols == built[1].symbols


@pytest.mark.parametrize("compiler", COMPILERS)
def test_defines_and_include_directories_are_the_callers(tmp_path: Path, compiler: str) -> None:
    (tmp_path / "more").mkdir()
    write(tmp_path / "more", "value.h", "#define VALUE (40 + TWO)\n")
    source = write(tmp_path, "a.c", '#include "value.h"\nint main(void) { return VALUE; }\n')
    program = compile_guest(source, toolchain=compiler, include=[tmp_path / "more"], defines={"TWO": 2})
    assert run(program)[1] == 42


@pytest.mark.parametrize("compiler", COMPILERS)
def test_another_base_is_where_the_program_goes(tmp_path: Path, compiler: str) -> None:
    program = compile_guest(write(tmp_path, "hello.c", HELLO), toolchain=compiler, base=0x4200_0000)
    assert program.entry == program.segments[0].address == 0x4200_0000
    assert run(program)[2] == "hi from C\n"


@pytest.mark.parametrize("compiler", COMPILERS)
def test_assembly_in_full_gnu_syntax_runs_by_a_toolchain_that_is_asked_for(
    tmp_path: Path, compiler: str
) -> None:
    program = load(write(tmp_path, "gnu.S", GNU_ONLY), toolchain=compiler)
    assert run(program, cpu="max") == (StopReason.POWER_OFF, None, "hi from GNU\n")


def test_assembly_is_built_in_unless_a_toolchain_is_asked_for(tmp_path: Path) -> None:
    assert load(write(tmp_path, "a.S", "_start: b _start\n")).kind == "asm"
    with pytest.raises(GuestError, match=r"gnu\.S:\d+"):
        load(write(tmp_path, "gnu.S", GNU_ONLY))


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("suffix", [".s", ".asm", ".S"])
def test_assembly_of_any_suffix_has_a_preprocessor(tmp_path: Path, compiler: str, suffix: str) -> None:
    text = '#include "boot.inc"\n#define ZERO 0\nmain: mov x0, #ZERO\n ret\n'
    program = load(write(tmp_path, f"a{suffix}", text), toolchain=compiler)
    assert run(program)[0] is StopReason.POWER_OFF


@pytest.mark.parametrize("compiler", COMPILERS)
def test_a_compiler_is_found_by_its_path_and_says_what_it_is(compiler: str) -> None:
    there = available_compilers()[Toolchain(compiler)]
    assert find_compiler(there.command[0]) == there
    assert find_compiler(compiler) == there


@pytest.mark.parametrize("compiler", COMPILERS)
def test_warnings_are_shown_and_do_not_stop_the_guest(
    tmp_path: Path, compiler: str, capfd: pytest.CaptureFixture[str]
) -> None:
    text = "int main(void) { int idle; return 0; }\n"
    compile_guest(write(tmp_path, "a.c", text), toolchain=compiler)
    assert "a.c:1:22: warning: unused variable 'idle'" in capfd.readouterr().err


@pytest.mark.parametrize("compiler", COMPILERS)
def test_wide_numbers_and_copies_need_no_libc(tmp_path: Path, compiler: str) -> None:
    text = """
    struct big { long words[64]; } from, to;
    volatile unsigned __int128 value = 100;
    int main(void) { from.words[63] = 2; to = from; return (int)(value * 10 >> 2 & 63) + to.words[63]; }
    """
    assert run(compile_guest(write(tmp_path, "a.c", text), toolchain=compiler))[1] == 60


class TestWhereThereIsNone:
    @pytest.fixture(autouse=True)
    def _no_compiler(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(compilers, "available_compilers", dict)

    def test_a_c_guest_says_how_to_get_one(self, tmp_path: Path) -> None:
        with pytest.raises(GuestError) as caught:
            load(write(tmp_path, "driver.c", HELLO))
        assert str(caught.value) == (
            "`driver.c` needs a C compiler: pip install 'rvic-harness[toolchain]', or install aarch64-linux-gnu-gcc"
        )

    @pytest.mark.parametrize(
        ("name", "message"),
        [
            ("auto", "no compiler for AArch64 found: pip install"),
            ("zig", r"no zig for AArch64 found: pip install 'rvic-harness\[toolchain\]'"),
            ("gcc", "no gcc for AArch64 found: install aarch64-linux-gnu-gcc"),
            ("clang", "no clang for AArch64 found: install clang and lld"),
            ("/no/such/gcc", "no compiler `/no/such/gcc`"),
        ],
    )
    def test_asking_for_one_says_what_is_missing(self, name: str, message: str) -> None:
        with pytest.raises(ConfigError, match=message):
            find_compiler(name)


def test_search_finds_what_is_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("aarch64-none-elf-gcc", "clang", "ld.lld"):
        program = write(tmp_path, name, "#!/bin/sh\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    available_compilers.cache_clear()
    try:
        found = {kind: os.path.basename(one.command[0]) for kind, one in available_compilers().items()}
    finally:
        available_compilers.cache_clear()
    assert found[Toolchain.GCC] == "aarch64-none-elf-gcc"
    assert found[Toolchain.CLANG] == "clang"


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("first: nop\n_start: b _start\n", 4),
        ("first: nop\n.globl _start\n_start: b _start\n", 4),
        ("first: nop\n", 0),
    ],
)
def test_assembly_starts_at_start_or_at_the_beginning(
    tmp_path: Path, compiler: str, text: str, entry: int, capfd: pytest.CaptureFixture[str]
) -> None:
    assert compile_guest(write(tmp_path, "a.S", text), toolchain=compiler).entry == 0x4008_0000 + entry
    assert capfd.readouterr().err == ""
