# SPDX-License-Identifier: MIT
"""Assembler: GNU syntax and the C preprocessor's, over Keystone's encodings.

A statement's way: :mod:`source` cuts lines, ``preprocessing`` expands them, :mod:`assembler` hands each to
:mod:`directives` or to ``encoding``, both of which read ``expressions``; ``linking`` makes the program.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.asm.assembler import assemble

__all__ = ["assemble"]


def __getattr__(name: str) -> Any:
    # Imported on first use: a guest that was assembled before needs none of it.
    if name == "assemble":
        from harness.asm.assembler import assemble

        return assemble
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
