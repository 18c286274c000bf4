# SPDX-License-Identifier: MIT
"""One door for every form of guest: the file's magic decides, then its suffix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path

from harness.errors import GuestError
from harness.guest import elf, image
from harness.guest.assembler import DEFAULT_BASE, assemble
from harness.guest.program import Program

ASSEMBLY = (".s", ".asm")
FLAT = (".bin", ".img", ".raw")
SUFFIXES = (".S", ".s", ".asm", ".elf", ".bin", ".img", ".raw")
"""The suffixes a guest may have; an ELF or an arm64 Image is known by its magic under any name."""


def load(
    path: str | PathLike[str],
    *,
    base: int = DEFAULT_BASE,
    include: Sequence[str | PathLike[str]] = (),
    defines: Mapping[str, str | int] | None = None,
) -> Program:
    """Build or load the guest in a file; GuestError says what is wrong with it.

    ``base`` is where assembly and flat binaries go; an ELF has its own addresses, an Image its text offset.
    ``include`` and ``defines`` are for assembly.
    """
    path = Path(path)
    if not path.exists():
        raise GuestError("no such file", file=str(path))
    if path.is_dir():
        raise GuestError("is a directory, not a guest", file=str(path))
    suffix = path.suffix.lower()
    if suffix in ASSEMBLY:
        return assemble(path, base=base, include=include, defines=defines)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise GuestError(f"cannot be read: {error.strerror}", file=str(path)) from None
    if data.startswith(elf.MAGIC) or suffix == ".elf":
        return elf.load(data, path)
    if image.is_image(data):
        return image.load_image(data, path, base)
    if suffix in FLAT:
        return image.load_flat(data, path, base)
    raise GuestError(
        "not a guest of a known form: assembly (.S, .s, .asm), ELF, arm64 Image, or flat binary (.bin, .img, .raw)",
        file=str(path),
    )
