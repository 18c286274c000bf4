# SPDX-License-Identifier: MIT
"""One source, the same bytes: our assembler against GNU as and against clang, where they are installed."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from harness.build import disassemble, load
from harness.image import DEFAULT_BASE, Program

CORPUS = Path(__file__).parent / "corpus"
SOURCES = sorted(CORPUS.glob("*.S"))
# What clang refuses or encodes in another way; and literal pools, which it sorts in another order.
GNU_ONLY = ("gnu_only", "literals")
LAYOUT = f"""
ENTRY(_start)
SECTIONS
{{
    . = {DEFAULT_BASE:#x};
    .text : {{ *(.text .text.* .vectors) }}
    .rodata : {{ *(.rodata .rodata.*) }}
    . = ALIGN(4096);
    .data : {{ *(.data .data.*) }}
    .bss : {{ *(.bss .bss.* COMMON) }}
    /DISCARD/ : {{ *(.note*) *(.comment) *(.ARM*) *(.eh_frame*) }}
}}
"""


def run(*command: str | Path) -> None:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def gnu(source: Path, where: Path) -> Program:
    """Preprocess with any C preprocessor, assemble and link with the GNU tools for AArch64."""
    if shutil.which("aarch64-linux-gnu-as") is None or shutil.which("aarch64-linux-gnu-ld") is None:
        pytest.skip("aarch64-linux-gnu-as is not installed (package binutils-aarch64-linux-gnu)")
    names = ("aarch64-linux-gnu-gcc", "gcc", "cc", "clang")
    compiler = next((name for name in names if shutil.which(name)), None)
    if compiler is None:
        pytest.skip("there is no C preprocessor")
    script = where / "layout.ld"
    script.write_text(LAYOUT)
    plain, built, elf = where / "a.s", where / "a.o", where / "a.elf"
    run(compiler, "-E", "-x", "assembler-with-cpp", "-nostdinc", f"-I{source.parent}", source, "-o", plain)
    run("aarch64-linux-gnu-as", f"-I{source.parent}", plain, "-o", built)
    run("aarch64-linux-gnu-ld", "--no-warn-rwx-segments", "-T", script, built, "-o", elf)
    return load(elf)


def clang(source: Path, where: Path) -> Program:
    """Assemble and link with the clang and lld of the ziglang package."""
    if importlib.util.find_spec("ziglang") is None:
        pytest.skip("ziglang is not installed (extra `toolchain`)")
    script = where / "layout.ld"
    script.write_text(LAYOUT)
    elf = where / "a.elf"
    target = ("-target", "aarch64-freestanding-none", "-mcpu=cortex_a72", "-nostdlib", "-static")
    zig = (sys.executable, "-m", "ziglang", "cc", *target)
    entry = f"-Wl,-e,{DEFAULT_BASE:#x}"  # the sources' `_start` is local
    run(*zig, entry, f"-Wl,-T,{script}", f"-Wa,-I{source.parent}", f"-I{source.parent}", source, "-o", elf)
    return load(elf)


def image(program: Program) -> dict[int, int]:
    """Every byte that is not zero, by address."""
    return {
        segment.address + offset: byte
        for segment in program.segments
        for offset, byte in enumerate(segment.data)
        if byte
    }


def differences(ours: Program, theirs: Program) -> list[str]:
    """Words that differ, disassembled, with our source lines."""
    a, b = image(ours), image(theirs)
    found = []
    for address in sorted({at & ~3 for at in a.keys() | b.keys() if a.get(at) != b.get(at)}):
        left, right = (bytes(memory.get(address + i, 0) for i in range(4)) for memory in (a, b))
        texts = [disassemble(word, address)[0].text for word in (left, right)]
        found.append(f"{ours.lines.lookup(address)} {address:#x}: {texts[0]} | {texts[1]}")
    return found


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_gnu_as_makes_the_same_bytes(source: Path, tmp_path: Path) -> None:
    ours, theirs = load(source), gnu(source, tmp_path)
    assert differences(ours, theirs) == []
    assert ours.entry == theirs.entry
    assert {name: theirs.symbols.get(name) for name in ours.symbols} == dict(ours.symbols)


@pytest.mark.parametrize(
    "source", [path for path in SOURCES if path.stem not in GNU_ONLY], ids=lambda path: path.stem
)
def test_clang_makes_the_same_bytes(source: Path, tmp_path: Path) -> None:
    assert differences(load(source), clang(source, tmp_path)) == []
