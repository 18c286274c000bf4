# SPDX-License-Identifier: MIT
"""Fuzzer of assembly sources: what assembles is what GNU as makes of it, the rest is refused at its line.

What must not be: another exception, a refusal without file or line, other bytes than GNU as. A damaged source is
only assembled; a whole one is compared where the GNU tools are installed.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from random import Random
from shutil import which

from campaign import main
from random_source import damaged, source

from harness.asm import assemble
from harness.build import load
from harness.errors import GuestError
from harness.image import DEFAULT_BASE, Program

_TOOLS = ("aarch64-linux-gnu-as", "aarch64-linux-gnu-ld", "aarch64-linux-gnu-gcc")
_LAYOUT = f"""
SECTIONS
{{
    . = {DEFAULT_BASE:#x};
    .text : {{ *(.text .text.*) }}
    .rodata : {{ *(.rodata .rodata.*) }}
    . = ALIGN(4096);
    .data : {{ *(.data) }}
    .bss : {{ *(.bss) }}
    /DISCARD/ : {{ *(.note*) *(.comment) }}
}}
"""


def _gnu(text: str) -> Program | None:
    """Returns what the GNU tools make of a source; None if they refuse it."""
    with tempfile.TemporaryDirectory() as scratch:
        where = Path(scratch)
        (where / "a.S").write_text(text, encoding="utf-8")
        (where / "a.ld").write_text(_LAYOUT)
        compiler = [
            _TOOLS[2],
            "-nostdinc",
            "-nostdlib",
            "-static",
            "-Wl,--build-id=none",
            "-Wl,--no-warn-rwx-segments",
        ]
        command = [
            *compiler,
            f"-Wl,-e,{DEFAULT_BASE:#x}",
            "-T",
            where / "a.ld",
            where / "a.S",
            "-o",
            where / "a.elf",
        ]
        done = subprocess.run(command, capture_output=True, check=False)
        return load(where / "a.elf") if done.returncode == 0 else None


def _bytes(program: Program) -> dict[int, int]:
    """Returns every byte that is not zero, by its address."""
    return {
        segment.address + offset: byte
        for segment in program.segments
        for offset, byte in enumerate(segment.data)
        if byte
    }


def one(rng: Random) -> str:
    """Assembles one source."""
    text = source(rng)
    whole = rng.random() < 0.5
    if not whole:
        text = damaged(text, rng)
    try:
        ours: Program | None = assemble(text, name="src")
    except GuestError as error:
        if error.file is None or error.line is None:
            raise AssertionError(f"no place: {error}\n{text}") from error
        ours = None
    kind = "whole" if whole else "damaged"
    if not whole or not all(map(which, _TOOLS)):
        return f"{kind}: {'assembled' if ours else 'refused'}"
    theirs = _gnu(text)
    if ours is None or theirs is None:
        here, there = ("refused" if program is None else "taken" for program in (ours, theirs))
        return f"{kind}: {here} here, {there} by GNU as"
    different = {
        f"{address:#x}"
        for address in _bytes(ours).keys() | _bytes(theirs).keys()
        if _bytes(ours).get(address) != _bytes(theirs).get(address)
    }
    assert not different, f"{sorted(different)[:8]}\n{text}"
    return f"{kind}: the same bytes as of GNU as"


if __name__ == "__main__":
    sys.exit(main("sources", one, count=1000))
