# SPDX-License-Identifier: MIT
"""Encoder of plain instructions where Keystone is not installed: the clang of ziglang, or one of this computer.

Keystone has no binary package for arm64 and for musl. One process encodes a whole guest, in some 50 ms.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from typing import Final

from harness.errors import ConfigError

_TIMEOUT: Final = 120
_TARGETS: Final = {"cc": ("-target", "aarch64-freestanding-none"), "": ("--target=aarch64-none-elf",)}
_FEATURES: Final = ".arch armv8-a+crc"  # those that Keystone has
_MESSAGE: Final = re.compile(r"^[^\n]*?:(\d+):\d+: error: (.+)$", re.MULTILINE)
_UNKNOWN: Final = "unrecognized instruction mnemonic"


@dataclass(frozen=True, slots=True)
class Refusal:
    """First instruction of a batch that cannot be encoded, by its index, and the reason."""

    index: int
    reason: str

    @property
    def unknown_mnemonic(self) -> bool:
        """True if there is no instruction of that name."""
        return self.reason.startswith(_UNKNOWN)


def find_zig() -> tuple[str, ...] | None:
    """Returns the command of zig's clang: of the ``ziglang`` package, or of a ``zig`` on PATH."""
    spec = find_spec("ziglang")
    if spec is not None and spec.submodule_search_locations:
        program = Path(spec.submodule_search_locations[0]) / "zig"
        if os.access(program, os.X_OK):
            return str(program), "cc"
    program_on_path = which("zig")
    return (program_on_path, "cc") if program_on_path else None


@cache
def _command() -> tuple[str, ...]:
    command = find_zig() or ((clang,) if (clang := which("clang")) else None)
    if command is None:
        raise ConfigError(
            "assembly needs keystone-engine, or a clang where that cannot be installed: pip install ziglang"
        )
    return (*command, *_TARGETS["cc" if command[-1] == "cc" else ""])


def encode_by_clang(texts: list[str]) -> list[int] | Refusal:
    """Returns the words of instructions, one a text; ConfigError if there is no clang, or none that can be run."""
    with tempfile.TemporaryDirectory(prefix="rvic-") as scratch:
        source, built = Path(scratch) / "guest.s", Path(scratch) / "guest.o"
        source.write_text("\n".join([_FEATURES, *texts, ""]), encoding="ascii")
        command = [*_command(), "-c", str(source), "-o", str(built)]
        environment = {**os.environ, "LC_ALL": "C"}
        try:
            done = subprocess.run(
                command,
                capture_output=True,
                text=True,
                errors="replace",
                env=environment,
                stdin=subprocess.DEVNULL,
                timeout=_TIMEOUT,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ConfigError(f"{command[0]} cannot assemble: {error}") from None
        message = _MESSAGE.search(done.stderr)
        if message is not None:
            return Refusal(int(message[1]) - 2, message[2].strip())
        if done.returncode != 0:
            raise ConfigError(f"{command[0]} cannot assemble: {done.stderr.strip() or 'it does not say why'}")
        data = _text_section(built)
    if len(data) != 4 * len(texts):
        return Refusal(0, "") if len(texts) == 1 else _one_by_one(texts)
    return [int.from_bytes(data[at : at + 4], "little") for at in range(0, len(data), 4)]


def _one_by_one(texts: list[str]) -> list[int] | Refusal:
    """Finds the text that is not one instruction."""
    words: list[int] = []
    for index, text in enumerate(texts):
        found = encode_by_clang([text])
        if isinstance(found, Refusal):
            return Refusal(index, found.reason)
        words += found
    return words


def _text_section(path: Path) -> bytes:
    from elftools.elf.elffile import ELFFile

    with path.open("rb") as stream:
        section = ELFFile(stream).get_section_by_name(".text")
        return b"" if section is None else bytes(section.data())
