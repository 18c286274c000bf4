# SPDX-License-Identifier: MIT
"""Presence of the C core: built or, in one line, why not."""

from __future__ import annotations

from pathlib import Path

_WHY_NOT = Path(__file__).with_name("why_not.txt")  # the build of a wheel without the core writes it


def why_not() -> str | None:
    """Returns why there is no C core, in one line; None where there is one."""
    try:
        import harness.engine.native._cpu  # noqa: F401 # whether it loads is the question
    except ModuleNotFoundError:
        if _WHY_NOT.exists():
            return _WHY_NOT.read_text(encoding="utf-8").strip()
        return "this checkout has none yet: python -m harness.engine.native.compile"
    except ImportError as error:
        return f"it does not load: {error}"
    return None


def core_line() -> str:
    """Returns one line that says whether the C core is here."""
    reason = why_not()
    return "C core: built" if reason is None else f"C core: not built, so slower: {reason}"
