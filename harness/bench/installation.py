# SPDX-License-Identifier: MIT
"""Installation that is measured: what of this package is compiled, and the engine's way to a CPU's registers."""

from __future__ import annotations

from harness.bench.row import Install
from harness.compiled import compiled_modules
from harness.machine import Machine


def install() -> Install:
    """Returns ``mypyc`` where the hot paths are compiled, ``source`` where they are the files that one reads."""
    return "mypyc" if compiled_modules() else "source"


def backend() -> str:
    """Returns the name of the backend that a machine has by default."""
    with Machine(ledger=False) as machine:
        return machine.cpus[0].pe.backend
