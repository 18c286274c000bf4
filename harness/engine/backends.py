# SPDX-License-Identifier: MIT
"""Ways to the registers, the time and the hooks of one CPU, and the choice of one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

from harness.engine import native
from harness.engine.emulator import probe
from harness.engine.emulator.api_registers import ApiRegisters
from harness.engine.emulator.registers import Registers
from harness.engine.emulator.view_registers import ViewRegisters
from harness.errors import ConfigError

Backend = Literal["c", "view", "api"]
BACKENDS: Final[tuple[Backend, ...]] = ("c", "view", "api")
"""From the fastest on."""


def absence(backend: Backend) -> str | None:
    """Returns why a way cannot be gone here, in one line; None if it can."""
    if backend != "api" and probe.layout().view is None:
        return "the register view does not fit this build of Unicorn"
    if backend == "c":
        missing = native.absence()
        if missing is None and probe.layout().native is None:
            missing = "the C core does not fit this build of Unicorn"
        return missing
    return None


def default_backend() -> Backend:
    """Returns the fastest way that works here."""
    return next(backend for backend in BACKENDS if absence(backend) is None)


def make_registers(
    backend: Backend, handle: int, owner: object, fail: Callable[[BaseException], None]
) -> Registers:
    """Makes the registers of an instance; ConfigError for a way that cannot be gone here."""
    missing = absence(backend)
    if missing is not None:
        raise ConfigError(f"backend {backend!r}: {missing}")
    if backend == "api":
        return ApiRegisters(handle, owner, fail)
    if backend == "view":
        return ViewRegisters(handle, owner, fail)
    from harness.engine.emulator.native_registers import (
        NativeRegisters,
    )  # which is there only if it was built

    return NativeRegisters(handle, owner, fail)
