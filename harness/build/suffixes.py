# SPDX-License-Identifier: MIT
"""Suffixes that the file of a guest may have, with .gz after it or not. ELF and arm64 Image have a magic."""

from __future__ import annotations

from typing import Final

C_SUFFIXES: Final = (".c",)
ASSEMBLY_SUFFIXES: Final = (".s", ".asm")
FLAT_SUFFIXES: Final = (".bin", ".img", ".raw")
SUFFIXES: Final = (".S", *ASSEMBLY_SUFFIXES, *C_SUFFIXES, ".elf", *FLAT_SUFFIXES)
