# SPDX-License-Identifier: MIT
"""Assembler: GNU syntax and the C preprocessor's, over Keystone's encodings.

A statement's way: :mod:`source` cuts lines, ``preprocessing`` expands them, :mod:`assembler` hands each to
:mod:`directives` or to ``encoding``, both of which read ``expressions``; ``linking`` makes the program.
"""

from harness.asm.assembler import assemble

__all__ = ["assemble"]
