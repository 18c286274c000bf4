# SPDX-License-Identifier: MIT
"""Directories of the sources that ship with the project: in the wheel, or beside the package in a checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _shipped(name: str) -> Path:
    packaged = _PACKAGE / "_data" / name
    return packaged if packaged.is_dir() else _PACKAGE.parent / name


def guest_asm_dir() -> Path:
    """Returns the directory of the library of guest sources; every ``.include`` searches it last."""
    return _shipped("guest_asm")


def firmware_dir() -> Path:
    """Returns the directory whose subdirectories are the bootable guests (``main.S``, ``guest.toml``, README)."""
    return _shipped("firmware")
