# SPDX-License-Identifier: MIT
"""AArch64 compilers of this computer: gcc, clang, or zig's clang."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from functools import cache
from os import PathLike
from pathlib import Path
from shutil import which
from typing import Final

from msgspec import Struct

from harness.asm.arguments import path_argument
from harness.asm.encoding.clang import find_zig
from harness.errors import ConfigError, GuestError
from harness.files import current_directory

TIMEOUT: Final = 120
"""Seconds after which a compiler is given up."""

COMPILER_HINT: Final = "pip install 'rvic-harness[toolchain]', or install aarch64-linux-gnu-gcc"
"""Advice where there is no C compiler."""

_GCCS: Final = ("aarch64-linux-gnu-gcc", "aarch64-none-elf-gcc", "aarch64-elf-gcc")


class Toolchain(StrEnum):
    """Kinds of compilers."""

    AUTO = "auto"
    """The first of the others that is here."""
    ZIG = "zig"
    """The ``ziglang`` package (the extra ``toolchain``), or a ``zig`` on PATH: clang and lld."""
    GCC = "gcc"
    """``aarch64-linux-gnu-gcc``, ``aarch64-none-elf-gcc`` or ``aarch64-elf-gcc``, with GNU as and ld."""
    CLANG = "clang"
    """``clang`` with ``ld.lld``."""


_MISSING: Final = {
    Toolchain.ZIG: "pip install 'rvic-harness[toolchain]'",
    Toolchain.GCC: f"install {_GCCS[0]}",
    Toolchain.CLANG: "install clang and lld",
}


class Compiler(Struct, frozen=True):
    """Compiler that is here: its kind, and the beginning of its command line."""

    kind: Toolchain
    command: tuple[str, ...]


@cache
def available_compilers() -> Mapping[Toolchain, Compiler]:
    """Returns the compilers of this computer, in the order in which AUTO takes them."""
    search: dict[Toolchain, Callable[[], tuple[str, ...] | None]] = {
        Toolchain.ZIG: find_zig,
        Toolchain.GCC: _gcc,
        Toolchain.CLANG: _clang,
    }
    found = ((kind, find()) for kind, find in search.items())
    return {kind: Compiler(kind, command) for kind, command in found if command is not None}


def find_compiler(toolchain: str | PathLike[str]) -> Compiler:
    """Returns the compiler that is meant: by a Toolchain's name, or by the path of a gcc, clang or zig.

    Raises ConfigError if it is not here.
    """
    path = path_argument("toolchain", toolchain)
    if toolchain not in set(Toolchain):
        return _by_path(str(path))
    compilers = available_compilers()
    if toolchain != Toolchain.AUTO:
        if toolchain not in compilers:
            raise ConfigError(f"no {toolchain} for AArch64 found: {_MISSING[Toolchain(toolchain)]}")
        return compilers[Toolchain(toolchain)]
    if not compilers:
        raise ConfigError(f"no compiler for AArch64 found: {COMPILER_HINT}")
    return next(iter(compilers.values()))


def run_compiler(command: Sequence[str], path: Path) -> subprocess.CompletedProcess[str]:
    """Runs a compiler; HarnessError if it cannot be run, or does not end in time."""
    environment = {**os.environ, "LC_ALL": "C"}  # messages in ASCII, and not translated
    try:
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            env=environment,
            cwd=None if current_directory() is not None else os.path.dirname(path) or os.sep,
            stdin=subprocess.DEVNULL,
            timeout=TIMEOUT,
            check=False,
        )
    except OSError as error:
        raise ConfigError(f"{command[0]} cannot be run: {(error.strerror or str(error)).lower()}") from None
    except subprocess.TimeoutExpired:
        raise GuestError(f"{command[0]} did not end within {TIMEOUT} seconds", file=str(path)) from None


def _gcc() -> tuple[str, ...] | None:
    native = ("gcc",) if platform.machine() in ("aarch64", "arm64") and sys.platform == "linux" else ()
    return next(((found,) for name in (*_GCCS, *native) if (found := which(name))), None)


def _clang() -> tuple[str, ...] | None:
    clang = which("clang")
    return (clang,) if clang and which("ld.lld") else None


def _by_path(name: str) -> Compiler:
    """Returns the compiler in a file: it says itself what it is."""
    program = which(name)
    if program is None:
        raise ConfigError(f"no compiler `{name}`: neither one of {', '.join(Toolchain)} nor a program")
    if Path(program).stem == "zig":
        return Compiler(Toolchain.ZIG, (program, "cc"))
    said = run_compiler((program, "--version"), Path(program)).stdout
    return Compiler(Toolchain.CLANG if "clang" in said else Toolchain.GCC, (program,))
