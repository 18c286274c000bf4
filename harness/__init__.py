# SPDX-License-Identifier: MIT
"""Run and test AArch64 guest code below a hypervisor written in Python.

``from harness import Machine, until``; see :class:`harness.machine.Machine`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.errors import ConfigError, GuestError, HarnessError
    from harness.machine import Machine
    from harness.run import until
    from harness.run.stop import Stop, StopReason

__version__ = "0.1.0"
__all__ = ["ConfigError", "GuestError", "HarnessError", "Machine", "Stop", "StopReason", "until"]


def __getattr__(name: str) -> Any:
    # Imported on first use: `rvic --help`, and a pytest run that has the plugin but no guest, load no emulator.
    if name in ("ConfigError", "GuestError", "HarnessError"):
        from harness import errors

        return getattr(errors, name)
    if name == "Machine":
        from harness.machine import Machine

        return Machine
    if name in ("Stop", "StopReason"):
        from harness.run import stop

        return getattr(stop, name)
    if name == "until":
        from harness.run import until

        return until
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
