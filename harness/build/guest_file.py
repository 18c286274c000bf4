# SPDX-License-Identifier: MIT
"""Files of guests in every form: the file's magic decides, then its suffix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import Final

from harness.asm.arguments import check_base, check_defines, path_argument, search_path
from harness.build import cache
from harness.build.suffixes import ASSEMBLY_SUFFIXES, C_SUFFIXES, FLAT_SUFFIXES
from harness.errors import GuestError
from harness.files import FileError, mode_of, read_file, read_start
from harness.image import (
    DEFAULT_BASE,
    Program,
    decompress,
    is_elf,
    is_gzip,
    is_image,
    load_elf,
    load_flat,
    load_image,
)

NOT_REGULAR: Final = "is a device, a pipe or a socket: a guest is a regular file"

_TEXT_SAMPLE: Final = 4096


def load(
    source: str | PathLike[str],
    *,
    base: int = DEFAULT_BASE,
    include: Sequence[str | PathLike[str]] = (),
    defines: Mapping[str, str | int] | None = None,
    toolchain: str | PathLike[str] | None = None,
) -> Program:
    """Builds or loads the guest in a file; GuestError says what is wrong with it.

    ``base`` is where assembly and flat binaries go; an ELF has its own addresses, an Image its text offset.
    Any binary may be compressed by gzip. One that is nothing else and no text either counts as a flat binary.
    ``include`` and ``defines`` are for sources. ``toolchain`` is a Toolchain's name or the path of a compiler: it
    then builds assembly, too, which is otherwise this package's own assembler's; C always needs one. ConfigError
    tells of an argument that cannot be.
    """
    path = path_argument("load(source)", source)
    check_base(base)
    search_path(include)
    check_defines(defines)
    _check_file(path)
    suffix = path.suffix.lower()
    if suffix in C_SUFFIXES or (suffix in ASSEMBLY_SUFFIXES and toolchain is not None):
        from harness.build.compilation import compile_guest  # not before one is needed: few guests are C

        return compile_guest(
            path,
            toolchain="auto" if toolchain is None else toolchain,
            base=base,
            include=include,
            defines=defines,
        )
    if suffix in ASSEMBLY_SUFFIXES:
        return _assembled(path, base, search_path(include), check_defines(defines))
    data = read_file(path)
    if suffix == ".gz" and not is_gzip(data):
        raise GuestError("not gzip, whatever its name says", file=str(path))
    if is_gzip(data):
        data = decompress(data, str(path))
        suffix = (Path(path.stem) if suffix == ".gz" else path).suffix.lower()
    if is_elf(data) or suffix == ".elf":
        return load_elf(data, path)
    if is_image(data):
        return load_image(data, path, base)
    if suffix in FLAT_SUFFIXES or b"\0" in data[:_TEXT_SAMPLE]:
        return load_flat(data, path, base)
    raise GuestError(
        "not a guest of a known form: assembly (.S, .s, .asm), C (.c), ELF, arm64 Image,"
        " or flat binary (.bin, .img, .raw)",
        file=str(path),
    )


def _assembled(path: Path, base: int, include: list[Path], defines: Mapping[str, str]) -> Program:
    """Returns the program of an assembly source, from the cache where nothing that it is made of has changed."""
    name = cache.key(path, base, include, defines)
    program = cache.find(name, path)
    if program is None:
        from harness.asm import (
            assemble,
        )  # not before it is needed: it takes as long to load as most guests to run

        reads: dict[str, str | None] = {}
        program = assemble(path, base=base, include=include, defines=defines, reads=reads)
        cache.keep(name, program, reads)
    return program


def _check_file(path: Path) -> None:
    """Raises GuestError unless there is a regular file."""
    mode = mode_of(path)
    if mode is None:
        raise GuestError("no such file", file=str(path))
    if S_ISDIR(mode):
        raise GuestError("is a directory, not a guest", file=str(path))
    if not S_ISREG(mode):
        raise GuestError(NOT_REGULAR, file=str(path))


def is_guest(path: Path) -> bool:
    """Tells whether a file has one of the forms that :func:`load` knows, whatever is wrong with it then."""
    suffix = path.suffix.lower()
    if suffix in (*ASSEMBLY_SUFFIXES, *FLAT_SUFFIXES, *C_SUFFIXES, ".elf", ".gz"):
        return True
    try:
        data = read_start(path, _TEXT_SAMPLE)
    except FileError:
        return False
    return is_gzip(data) or is_elf(data) or is_image(data) or b"\0" in data
