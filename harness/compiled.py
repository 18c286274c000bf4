# SPDX-License-Identifier: MIT
"""Modules of this package that run as compiled by mypyc instead of from their sources, which lie beside them."""

from __future__ import annotations

from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

from harness.wording import plural

_PACKAGE = Path(__file__).resolve().parent


def compiled_modules() -> list[str]:
    """Returns the names of the compiled modules that this Python takes, below ``harness``, in order."""
    suffix = EXTENSION_SUFFIXES[0]  # of this very version: what mypyc makes fits no other
    files = [
        path for path in _PACKAGE.rglob(f"*{suffix}") if path.with_name(_module_of(path) + ".py").exists()
    ]
    return sorted(".".join((*path.relative_to(_PACKAGE).parts[:-1], _module_of(path))) for path in files)


def compiled_line() -> str:
    """Returns one line that says which modules are compiled."""
    names = compiled_modules()
    if not names:
        return "mypyc: not used, all modules are plain Python"
    packages = sorted({name.split(".")[0] for name in names})
    return f"mypyc: {plural(len(names), 'module')} compiled, of {', '.join(packages)}"


def _module_of(path: Path) -> str:
    return path.name.split(".")[0]
