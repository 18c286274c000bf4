# SPDX-License-Identifier: MIT
"""C core of the engine: the paths of one CPU that every instruction and every exit take, and its compiler."""

from __future__ import annotations

import zlib
from functools import cache
from pathlib import Path

_HERE = Path(__file__).parent
_CHECKOUT = _HERE.parents[2] / "hatch_build.py"


@cache
def absence() -> str | None:
    """Returns why the C core cannot be loaded, None if it can."""
    try:
        import harness.engine.native._cpu as _cpu  # by `from` its absence is any ImportError
    except ModuleNotFoundError:
        reason = _HERE / "why_not.txt"  # from the build of a wheel that has no core
        told = f": {reason.read_text(encoding='utf-8').strip()}" if reason.exists() else ""
        return f"the C core has not been compiled{told}"
    except ImportError as error:
        return f"the C core cannot be loaded: {error}"
    if _CHECKOUT.exists() and getattr(_cpu, "SOURCE", None) != zlib.crc32((_HERE / "cpu.c").read_bytes()):
        return "the C core was compiled from another source: python -m harness.engine.native.compile"
    return None
