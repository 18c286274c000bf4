# SPDX-License-Identifier: MIT
"""The other assemblers of this computer: GNU as and clang, each with the C preprocessor and a linker."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from types import MappingProxyType

from elftools.elf.elffile import ELFFile

from harness.image.program import Program

_PREFIXES = ("aarch64-linux-gnu-", "aarch64-none-elf-", "aarch64-elf-")
_BARE = ("-nostdlib", "-static", "-ffreestanding")


@cache
def drivers() -> dict[str, tuple[str, ...]]:
    """Command lines that assemble and link a ``.S``, by the name of their assembler; those that are here."""
    found: dict[str, tuple[str, ...]] = {}
    for prefix in _PREFIXES:
        gcc = which(f"{prefix}gcc")
        if gcc is not None:
            found["GNU as"] = (gcc, "-no-pie", *_BARE)
            break
    if find_spec("ziglang") is not None:
        zig = (sys.executable, "-m", "ziglang", "cc")
        found["clang"] = (*zig, "-target", "aarch64-freestanding-none", "-mcpu=cortex_a72", *_BARE)
    return found


def build(
    driver: tuple[str, ...],
    source: Path,
    include: Path,
    like: Program,
    scratch: Path,
    defines: Mapping[str, int] = MappingProxyType({}),
) -> dict[int, bytes]:
    """Assemble and link with each section where ``like`` has it; its sections' bytes by address.

    .bss has no bytes, but the addresses of what is in it are in the code.
    """
    script = scratch / "layout.ld"
    script.write_text(_script(like))
    out = scratch / "guest.elf"
    command = (
        *driver,
        *(f"-D{name}={value}" for name, value in defines.items()),
        "-I",
        str(include),
        f"-Wl,-T,{script}",
        "-Wl,--build-id=none",
        str(source),
        "-o",
        str(out),
    )
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with out.open("rb") as file:
        return dict(_loaded(ELFFile(file)))


def _script(like: Program) -> str:
    places = []
    for segment in like.segments:
        kinds = ".text*" if segment.executable else ".bss*" if not segment.data else ".data* *(.rodata*)"
        places.append(f"out_{segment.address:x} {segment.address:#x} : {{ *({kinds}) }}")
    sections = " ".join([*places, "/DISCARD/ : { *(.note* .comment* .eh_frame* .ARM*) }"])
    return f"ENTRY(_start) SECTIONS {{ {sections} }}\n"


def _loaded(elf: ELFFile) -> Iterator[tuple[int, bytes]]:
    for section in elf.iter_sections():
        if section["sh_flags"] & 2 and section["sh_size"]:  # SHF_ALLOC
            nothing = section["sh_type"] == "SHT_NOBITS"
            yield section["sh_addr"], b"" if nothing else section.data()
