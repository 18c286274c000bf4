# SPDX-License-Identifier: MIT
"""One door for every form of guest: the file's magic decides, then its suffix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path

from harness.asm.assembler import DEFAULT_BASE, assemble
from harness.build.toolchain import C, Toolchain, build
from harness.errors import GuestError
from harness.image import compressed as packed
from harness.image import elf
from harness.image import flat as image
from harness.image.program import Program

ASSEMBLY = (".s", ".asm")
FLAT = (".bin", ".img", ".raw")
SUFFIXES = (".S", ".s", ".asm", ".c", ".elf", ".bin", ".img", ".raw")
"""The suffixes a guest may have, with .gz after it or not; ELF and arm64 Image are known by their magic."""

NOT_REGULAR = "is a device, a pipe or a socket: a guest is a regular file"

_TEXT_SAMPLE = 4096


def load(
    path: str | PathLike[str],
    *,
    base: int = DEFAULT_BASE,
    include: Sequence[str | PathLike[str]] = (),
    defines: Mapping[str, str | int] | None = None,
    toolchain: str | PathLike[str] | None = None,
) -> Program:
    """Build or load the guest in a file; GuestError says what is wrong with it.

    ``base`` is where assembly and flat binaries go; an ELF has its own addresses, an Image its text offset.
    Any binary may be packed by gzip. One that is nothing else and no text either counts as a flat binary.
    ``include`` and ``defines`` are for sources. ``toolchain`` is a Toolchain's name or the path of a compiler: it
    then builds assembly, too, which is otherwise this package's own assembler's; C always needs one.
    """
    path = Path(path)
    if not path.exists():
        raise GuestError("no such file", file=str(path))
    if path.is_dir():
        raise GuestError("is a directory, not a guest", file=str(path))
    if not path.is_file():
        raise GuestError(NOT_REGULAR, file=str(path))
    suffix = path.suffix.lower()
    if suffix in C or (suffix in ASSEMBLY and toolchain is not None):
        chosen = Toolchain.AUTO if toolchain is None else toolchain
        return build(path, toolchain=chosen, base=base, include=include, defines=defines)
    if suffix in ASSEMBLY:
        return assemble(path, base=base, include=include, defines=defines)
    data = read_file(path)
    if suffix == ".gz" and not packed.is_packed(data):
        raise GuestError("not gzip, whatever its name says", file=str(path))
    if packed.is_packed(data):
        data = packed.unpack(data, str(path))
        suffix = (Path(path.stem) if suffix == ".gz" else path).suffix.lower()
    if data.startswith(elf.MAGIC) or suffix == ".elf":
        return elf.load(data, path)
    if image.is_image(data):
        return image.load_image(data, path, base)
    if suffix in FLAT or b"\0" in data[:_TEXT_SAMPLE]:
        return image.load_flat(data, path, base)
    raise GuestError(
        "not a guest of a known form: assembly (.S, .s, .asm), C (.c), ELF, arm64 Image,"
        " or flat binary (.bin, .img, .raw)",
        file=str(path),
    )


def is_guest(path: Path) -> bool:
    """Whether a file has one of the forms that :func:`load` knows, whatever is wrong with it then."""
    suffix = path.suffix.lower()
    if suffix in (*ASSEMBLY, *FLAT, *C, ".elf", ".gz"):
        return True
    data = read_file(path)[:_TEXT_SAMPLE]
    return packed.is_packed(data) or data.startswith(elf.MAGIC) or image.is_image(data) or b"\0" in data


def read_file(path: Path) -> bytes:
    """The bytes of a file that the user named; GuestError if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise GuestError(f"cannot be read: {error.strerror}", file=str(path)) from None
