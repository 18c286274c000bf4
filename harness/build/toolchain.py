# SPDX-License-Identifier: MIT
"""C guests, and assembly in full GNU syntax: built by an AArch64 compiler of this computer.

A C source is linked with the start-up code and the library of ``guest_asm/c``; assembly stands alone. Both
go through ``guest.ld``, and come back as the ELF that the compiler made.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from importlib.util import find_spec
from os import PathLike
from pathlib import Path
from shutil import which
from typing import Final

from harness.asm.assembler import DEFAULT_BASE
from harness.build.diagnostics import build_error
from harness.errors import ConfigError, GuestError
from harness.image import elf
from harness.image.program import Program
from harness.library import guest_asm_dir

C: Final = (".c",)
TIMEOUT: Final = 120
"""Seconds after which a compiler is given up."""

COMPILER_HINT: Final = "pip install 'rvic-harness[toolchain]', or install aarch64-linux-gnu-gcc"
"""What to do where there is no C compiler."""

_GCCS: Final = ("aarch64-linux-gnu-gcc", "aarch64-none-elf-gcc", "aarch64-elf-gcc")
_COMMON: Final = (
    *("-O2", "-g", "-Wall", "-ffreestanding", "-mno-outline-atomics"),
    *("-fno-stack-protector", "-fno-pic", "-fno-asynchronous-unwind-tables", "-fno-common"),
    *("-ffunction-sections", "-fdata-sections", "-nostdlib", "-static"),
    "-Wl,--build-id=none",
)


class Toolchain(StrEnum):
    """Who compiles."""

    AUTO = "auto"
    """The first of the others that is here."""
    ZIG = "zig"
    """The ``ziglang`` package (the extra ``toolchain``), or a ``zig`` on PATH: clang and lld."""
    GCC = "gcc"
    """``aarch64-linux-gnu-gcc``, ``aarch64-none-elf-gcc`` or ``aarch64-elf-gcc``, with GNU as and ld."""
    CLANG = "clang"
    """``clang`` with ``ld.lld``."""


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


@dataclass(frozen=True, slots=True)
class Compiler:
    """A compiler that is here: how it is spoken to, and the beginning of its command line."""

    kind: Toolchain
    command: tuple[str, ...]


@cache
def available() -> Mapping[Toolchain, Compiler]:
    """The compilers of this computer, in the order in which AUTO takes them."""
    search: dict[Toolchain, Callable[[], tuple[str, ...] | None]] = {
        Toolchain.ZIG: _zig,
        Toolchain.GCC: _gcc,
        Toolchain.CLANG: _clang,
    }
    found = ((kind, find()) for kind, find in search.items())
    return {kind: Compiler(kind, command) for kind, command in found if command is not None}


def find_compiler(toolchain: str | PathLike[str]) -> Compiler:
    """The compiler that is meant: by a Toolchain's name, or by the path of a gcc, clang or zig.

    Raises ConfigError if it is not here.
    """
    if toolchain not in set(Toolchain):
        return _by_path(str(toolchain))
    compilers = available()
    if toolchain != Toolchain.AUTO:
        if toolchain not in compilers:
            raise ConfigError(f"no {toolchain} for AArch64 found: {_MISSING[Toolchain(toolchain)]}")
        return compilers[Toolchain(toolchain)]
    if not compilers:
        raise ConfigError(f"no compiler for AArch64 found: {COMPILER_HINT}")
    return next(iter(compilers.values()))


def build(
    path: Path,
    *,
    toolchain: str | PathLike[str] = Toolchain.AUTO,
    base: int = DEFAULT_BASE,
    include: Sequence[str | PathLike[str]] = (),
    defines: Mapping[str, str | int] | None = None,
) -> Program:
    """Compile and link a ``.c`` or ``.S`` file to a Program at ``base``, line table included.

    GuestError has the compiler's file, line and column; ConfigError if there is no compiler. Warnings of a
    compiler that succeeds go to stderr.
    """
    if path.suffix.lower() in C and toolchain == Toolchain.AUTO and not available():
        raise GuestError(f"`{path.name}` needs a C compiler: {COMPILER_HINT}")
    compiler = find_compiler(toolchain)
    with tempfile.TemporaryDirectory(prefix="rvic-") as scratch:
        data = _compile(compiler, path, Path(scratch), base, include, defines or {})
    program = elf.load(data, path)
    # In assembly `_start` need be neither global nor first, and need not be at all.
    return replace(program, entry=program.symbols.get("_start", program.entry), path=path)


def _compile(
    compiler: Compiler,
    path: Path,
    scratch: Path,
    base: int,
    include: Sequence[str | PathLike[str]],
    defines: Mapping[str, str | int],
) -> bytes:
    library, out = guest_asm_dir(), scratch / "guest.elf"
    is_c = path.suffix.lower() in C
    places = [*map(str, include), *([str(library / "include")] if is_c else []), str(library)]
    command = [
        *compiler.command,
        *_TARGET[compiler.kind],
        *(_C_FOR if is_c else _ASSEMBLY_FOR)[compiler.kind],
        *_COMMON,
        # What the line table says must not depend on where this computer has things.
        f"-ffile-prefix-map={library}=guest_asm",
        f"-ffile-prefix-map={Path.cwd()}=.",
        *(f"-D{name}={value}" for name, value in defines.items()),
        *(f"-I{place}" for place in places),
        *(["-Wl,--gc-sections"] if is_c else ["-Wl,--no-gc-sections", "-Wl,-e,__image_start"]),
        *("-T", str(_script(library / "c" / "guest.ld", scratch, base))),
        *("-x", "c" if is_c else "assembler-with-cpp", str(path)),
        *(["-x", "none", str(library / "c" / "crt0.S"), str(library / "c" / "library.c")] if is_c else []),
        *(["-lgcc"] if is_c and compiler.kind is Toolchain.GCC else []),
        *("-o", str(out)),
    ]
    done = _run(command, path)
    if done.returncode != 0 or not out.is_file():
        raise build_error(done.stderr + done.stdout, path)
    sys.stderr.write(done.stderr)
    return out.read_bytes()


def _script(script: Path, scratch: Path, base: int) -> Path:
    """The linker script for an image at ``base``."""
    if base == DEFAULT_BASE:
        return script
    moved = scratch / script.name
    text = script.read_text(encoding="utf-8")
    moved.write_text(text.replace(f"{DEFAULT_BASE:#x}", f"{base:#x}"), encoding="utf-8")
    return moved


def _run(command: Sequence[str], path: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "LC_ALL": "C"}  # messages in ASCII, and not translated
    try:
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            env=environment,
            stdin=subprocess.DEVNULL,
            timeout=TIMEOUT,
            check=False,
        )
    except OSError as error:
        raise ConfigError(f"{command[0]} cannot be run: {(error.strerror or str(error)).lower()}") from None
    except subprocess.TimeoutExpired:
        raise GuestError(f"{command[0]} did not end within {TIMEOUT} seconds", file=str(path)) from None


# Where compilers are


_MISSING: Final = {
    Toolchain.ZIG: "pip install 'rvic-harness[toolchain]'",
    Toolchain.GCC: f"install {_GCCS[0]}",
    Toolchain.CLANG: "install clang and lld",
}


def _zig() -> tuple[str, ...] | None:
    spec = find_spec("ziglang")
    if spec is not None and spec.submodule_search_locations:
        program = Path(spec.submodule_search_locations[0]) / "zig"
        if os.access(program, os.X_OK):
            return str(program), "cc"
    program_on_path = which("zig")
    return (program_on_path, "cc") if program_on_path else None


def _gcc() -> tuple[str, ...] | None:
    native = ("gcc",) if platform.machine() in ("aarch64", "arm64") and sys.platform == "linux" else ()
    return next(((found,) for name in (*_GCCS, *native) if (found := which(name))), None)


def _clang() -> tuple[str, ...] | None:
    clang = which("clang")
    return (clang,) if clang and which("ld.lld") else None


def _by_path(name: str) -> Compiler:
    """The compiler in a file: it says itself what it is."""
    program = which(name)
    if program is None:
        raise ConfigError(f"no compiler `{name}`: neither one of {', '.join(Toolchain)} nor a program")
    if Path(program).stem == "zig":
        return Compiler(Toolchain.ZIG, (program, "cc"))
    said = _run((program, "--version"), Path(program)).stdout
    return Compiler(Toolchain.CLANG if "clang" in said else Toolchain.GCC, (program,))
