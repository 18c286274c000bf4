# SPDX-License-Identifier: MIT
"""Compilation of C guests, and of assembly in full GNU syntax, by an AArch64 compiler of this computer.

A C source is linked with the start-up code and the library of ``guest_asm/c``; assembly stands alone. Both
go through ``guest.ld``, and come back as the ELF that the compiler made.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Final

from harness.asm.arguments import check_base, check_defines, path_argument, search_path
from harness.build import compilers
from harness.build.compilers import COMPILER_HINT, Compiler, Toolchain
from harness.build.diagnostics import compiler_error
from harness.build.suffixes import C_SUFFIXES
from harness.errors import GuestError
from harness.files import current_directory
from harness.image import DEFAULT_BASE, Program, load_elf
from harness.library import guest_asm_dir

_COMMON: Final = (
    *("-O2", "-g", "-Wall", "-ffreestanding", "-mno-outline-atomics"),
    *("-fno-stack-protector", "-fno-pic", "-fno-asynchronous-unwind-tables", "-fno-common"),
    *("-ffunction-sections", "-fdata-sections", "-nostdlib", "-static"),
    "-Wl,--build-id=none",
)
_TARGET: Final[Mapping[Toolchain, tuple[str, ...]]] = {
    Toolchain.ZIG: ("-target", "aarch64-freestanding-none", "-fno-sanitize=all"),
    Toolchain.GCC: ("-no-pie", "-fno-diagnostics-show-caret"),
    Toolchain.CLANG: ("--target=aarch64-none-elf", "-fuse-ld=lld"),
}
_ASSEMBLY_FOR: Final[Mapping[Toolchain, tuple[str, ...]]] = {
    Toolchain.ZIG: ("-mcpu=cortex_a72",),
    Toolchain.GCC: ("-mcpu=cortex-a72",),
    Toolchain.CLANG: ("-mcpu=cortex-a72",),
}
# C starts with FP and SIMD off, and with the MMU off, when no access may be unaligned.
_C_FOR: Final[Mapping[Toolchain, tuple[str, ...]]] = {
    # zig takes features from -mcpu alone and drops the options; any CPU or version by name has neon again.
    Toolchain.ZIG: ("-mcpu=generic+strict_align-neon-fp_armv8",),
    Toolchain.GCC: ("-mcpu=cortex-a72", "-mgeneral-regs-only", "-mstrict-align"),
    Toolchain.CLANG: ("-mcpu=cortex-a72", "-mgeneral-regs-only", "-mstrict-align"),
}


def compile_guest(
    source: str | PathLike[str],
    *,
    toolchain: str | PathLike[str] = Toolchain.AUTO,
    base: int = DEFAULT_BASE,
    include: Sequence[str | PathLike[str]] = (),
    defines: Mapping[str, str | int] | None = None,
) -> Program:
    """Compiles and links a ``.c`` or ``.S`` file to a Program at ``base``, line table included.

    GuestError has the compiler's file, line and column; ConfigError if there is no compiler. Warnings of a
    compiler that succeeds go to stderr.
    """
    path = path_argument("compile_guest(source)", source)
    check_base(base)
    places, macros = search_path(include), check_defines(defines)
    if (
        path.suffix.lower() in C_SUFFIXES
        and toolchain == Toolchain.AUTO
        and not compilers.available_compilers()
    ):
        raise GuestError(f"`{path.name}` needs a C compiler: {COMPILER_HINT}")
    compiler = compilers.find_compiler(toolchain)
    with tempfile.TemporaryDirectory(prefix="rvic-") as scratch:
        data = _compile(compiler, path, Path(scratch), base, places, macros)
    program = load_elf(data, path)
    # In assembly `_start` need be neither global nor first, and need not be at all.
    return replace(program, entry=program.symbols.get("_start", program.entry), path=path)


def _compile(
    compiler: Compiler,
    path: Path,
    scratch: Path,
    base: int,
    include: Sequence[Path],
    defines: Mapping[str, str],
) -> bytes:
    library, out, here = guest_asm_dir(), scratch / "guest.elf", current_directory()
    is_c = path.suffix.lower() in C_SUFFIXES
    places = [*map(str, include), *([str(library / "include")] if is_c else []), str(library)]
    command = [
        *compiler.command,
        *_TARGET[compiler.kind],
        *(_C_FOR if is_c else _ASSEMBLY_FOR)[compiler.kind],
        *_COMMON,
        # What the line table says must not depend on where this computer has things.
        f"-ffile-prefix-map={library}=guest_asm",
        *([f"-ffile-prefix-map={here}=."] if here is not None else []),
        *(f"-D{name}={value}" for name, value in defines.items()),
        *(f"-I{place}" for place in places),
        *(["-Wl,--gc-sections"] if is_c else ["-Wl,--no-gc-sections", "-Wl,-e,__image_start"]),
        *("-T", str(_script(library / "c" / "guest.ld", scratch, base))),
        *("-x", "c" if is_c else "assembler-with-cpp", str(path)),
        *(["-x", "none", str(library / "c" / "crt0.S"), str(library / "c" / "library.c")] if is_c else []),
        *(["-lgcc"] if is_c and compiler.kind is Toolchain.GCC else []),
        *("-o", str(out)),
    ]
    done = compilers.run_compiler(command, path)
    if done.returncode != 0 or not out.is_file():
        raise compiler_error(done.stderr + done.stdout, path)
    sys.stderr.write(done.stderr)
    return out.read_bytes()


def _script(script: Path, scratch: Path, base: int) -> Path:
    """Returns the linker script for an image at ``base``."""
    if base == DEFAULT_BASE:
        return script
    moved = scratch / script.name
    text = script.read_text(encoding="utf-8")
    moved.write_text(text.replace(f"{DEFAULT_BASE:#x}", f"{base:#x}"), encoding="utf-8")
    return moved
