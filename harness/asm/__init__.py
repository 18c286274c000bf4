# SPDX-License-Identifier: MIT
"""The assembler: GNU syntax and the C preprocessor's, over Keystone's encodings."""

from harness.asm.assembler import DEFAULT_BASE, assemble

__all__ = [
    "DEFAULT_BASE",
    "assemble",
]
