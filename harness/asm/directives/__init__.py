# SPDX-License-Identifier: MIT
"""Directives that put data into a section, select one, or say nothing that matters here (GNU as manual, 7)."""

from harness.asm.directives.table import DIRECTIVES, unknown_directive

__all__ = ["DIRECTIVES", "unknown_directive"]
