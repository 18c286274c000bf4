# SPDX-License-Identifier: MIT
"""Compiler of the C core: ``python -m harness.engine.native.compile`` puts the module beside its source.

The build of a wheel loads this file by its path, so it imports nothing of the project. Neither Python's headers nor
Unicorn's are needed: any C compiler will do, and PyPI's ``ziglang`` brings one.
"""

from __future__ import annotations

import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

SOURCE = Path(__file__).with_name("cpu.c")
MODULE = "_cpu.abi3.so"
_FLAGS = ("-std=c11", "-O2", "-g0", "-shared", "-fPIC", "-fvisibility=hidden", "-Wall", "-Wextra")
_OF_MACOS = ("-Wl,-undefined,dynamic_lookup",)  # Python's own functions are found when it is loaded


class CompilerError(RuntimeError):
    """No compiler made the module: one line for each that was tried."""


def checksum() -> int:
    """Returns the checksum of the source: the module has it as ``SOURCE``, so that one of another is known."""
    return zlib.crc32(SOURCE.read_bytes())


def compilers() -> Iterator[list[str]]:
    """Yields the C compilers that there are, as commands: $CC or else cc, gcc and clang; ziglang's at last."""
    if os.environ.get("CC"):
        yield shlex.split(os.environ["CC"])
    else:
        for name in ("cc", "gcc", "clang"):
            if shutil.which(name):
                yield [name]
    if importlib.util.find_spec("ziglang") is not None:
        yield [sys.executable, "-m", "ziglang", "cc"]


def build(target_dir: Path, compiler: Sequence[str] | None = None) -> Path:
    """Compiles the module into a directory and returns its path; CompilerError where no compiler does it.

    ``compiler`` is a command, which may end with options of its own (``-target aarch64-linux-gnu.2.17``); without
    one, those that are here are tried in turn.
    """
    made = target_dir / MODULE
    unfinished = target_dir / f"{MODULE}.{os.getpid()}"  # what is there already may be in use
    tried = []
    for command in [list(compiler)] if compiler is not None else compilers():
        macos = "macos" in " ".join(command) or ("-target" not in command and sys.platform == "darwin")
        flags = (*_FLAGS, f"-DSOURCE={checksum()}", *(_OF_MACOS if macos else ()))
        try:
            subprocess.run(
                [*command, *flags, str(SOURCE), "-o", str(unfinished)],
                check=True,
                capture_output=True,
                text=True,
            )
            unfinished.replace(made)
        except OSError as error:
            tried.append(f"{command[0]}: {error.strerror}")
        except subprocess.CalledProcessError as error:
            said = error.stderr.strip().splitlines() or [f"exit status {error.returncode}"]
            tried.append(f"{shlex.join(command)}: {said[0]}")
        else:
            return made
        finally:
            unfinished.unlink(missing_ok=True)
    raise CompilerError("\n".join(tried) or "no C compiler: neither cc, gcc nor clang, and no ziglang")


if __name__ == "__main__":
    try:
        print(build(SOURCE.parent))
    except CompilerError as error:
        sys.exit(str(error))
