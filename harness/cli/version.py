# SPDX-License-Identifier: MIT
"""Versions of what runs here, and what of it is compiled: ``rvic version``."""

from __future__ import annotations

import platform
from importlib.metadata import version

from harness.compiled import compiled_line
from harness.engine.native.presence import core_line


def show_version() -> int:
    """Prints a line each."""
    print(f"rvic {version('rvic-harness')}")
    print(f"Python {platform.python_version()}")
    print(f"unicorn {version('unicorn')}")
    print(core_line())
    print(compiled_line())
    return 0
