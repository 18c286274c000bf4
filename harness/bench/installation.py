# SPDX-License-Identifier: MIT
"""Installation that is measured: how this package was made, and which ways of the engine it has."""

from __future__ import annotations

from harness.bench.row import Install
from harness.machine import Machine
from harness.rvic import vm

_SUFFIX = ".py"


def install() -> Install:
    """Returns ``mypyc`` where the hot paths are compiled, ``source`` where they are the files that one reads."""
    return "source" if (vm.__file__ or _SUFFIX).endswith(_SUFFIX) else "mypyc"


def backend() -> str:
    """Returns the engine's way to the registers of a CPU that a machine has by default."""
    with Machine(ledger=False) as machine:
        return machine.cpus[0].pe.backend
