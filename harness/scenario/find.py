# SPDX-License-Identifier: MIT
"""Guest that a person names: a file, a directory, or a firmware that comes with this package."""

from __future__ import annotations

from os.path import realpath
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import Final

from harness.errors import GuestError, printable
from harness.files import FileError, is_file, mode_of
from harness.library import firmware_dir
from harness.scenario.manifest import Manifest
from harness.scenario.reading import read_manifest
from harness.wording import did_you_mean

MANIFEST_NAME: Final = "guest.toml"


def find_guest(what: str | Path) -> Manifest:
    """Returns the guest that a person names: a directory, a ``guest.toml``, a source or image, or a firmware.

    A ``guest.toml`` beside a source is used if it names that source. GuestError if there is none.
    """
    path, name = Path(what), str(what)
    firmware = name in firmware_names()
    mode = _mode(path, firmware)
    if S_ISDIR(mode):
        if S_ISREG(mode_of(path / MANIFEST_NAME) or 0):
            return read_manifest(path / MANIFEST_NAME)
        if path.name not in firmware_names():
            raise GuestError(f"the directory has no {MANIFEST_NAME}", file=str(path))
    if S_ISREG(mode) and not (firmware and _stray(path)):
        return _of_file(path)
    if firmware:
        return read_manifest(firmware_dir() / name / MANIFEST_NAME)
    if mode and not S_ISDIR(mode):
        from harness.build import NOT_REGULAR

        raise GuestError(NOT_REGULAR, file=name)
    if path.suffix or len(path.parts) > 1:
        raise GuestError("no such file", file=name)
    hint = did_you_mean(name, firmware_names()) or "; `rvic list` shows the firmware"
    raise GuestError(f"no guest `{printable(name)}`: neither a file nor a firmware" + hint)


def firmware_names() -> list[str]:
    """Returns the names of the firmware that comes with this package, sorted."""
    return sorted(path.parent.name for path in firmware_dir().glob(f"*/{MANIFEST_NAME}"))


def _mode(path: Path, firmware: bool) -> int:
    """Returns the mode of what a path leads to, 0 for nothing; FileError if that cannot be seen and is needed."""
    try:
        return mode_of(path) or 0
    except FileError:
        if firmware:
            return 0
        raise


def _stray(path: Path) -> bool:
    """Returns True for a file that is named as a firmware but is no guest, and so not meant."""
    from harness.build import is_guest  # which brings the assembler along: not for `rvic list`

    return not is_guest(path)


def _of_file(path: Path) -> Manifest:
    if path.suffix == ".toml":
        return read_manifest(path)
    beside = path.parent / MANIFEST_NAME
    if is_file(beside):
        manifest = read_manifest(beside)
        if realpath(manifest.source) == realpath(path):
            return manifest
    return Manifest(name=path.stem, source=path)
