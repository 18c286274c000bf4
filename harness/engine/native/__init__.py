# SPDX-License-Identifier: MIT
"""C core of the engine: the paths of one CPU that every instruction and every exit take, and its compiler."""

from __future__ import annotations

from functools import cache


@cache
def absence() -> str | None:
    """Returns why the C core cannot be loaded, None if it can."""
    try:
        from harness.engine.native import _cpu  # noqa: F401  # to see whether it can be
    except ModuleNotFoundError:
        return "the C core has not been compiled"
    except ImportError as error:
        return f"the C core cannot be loaded: {error}"
    return None
