# SPDX-License-Identifier: MIT
"""The machine that a guest's manifest orders; what it has wrong is told with its line."""

from __future__ import annotations

from typing import Any

from harness.arch.virt import MAX_CPUS
from harness.errors import ConfigError, HarnessError
from harness.machine.machine import Machine
from harness.options import ControllerKind, parse_controller
from harness.scenario.manifest import Ending, Manifest, read_manifest


def make_machine(manifest: Manifest, *, backend: str | None, on_reset: str) -> Machine:
    """The machine, with no guest yet; HarnessError for what the manifest, or an option in its place, has wrong."""
    _check_allowed(manifest)
    options = manifest.machine.options()
    if manifest.bare_binary and options.get("controller") == ControllerKind.GICV2:
        options.setdefault("like_qemu", True)  # what it was made for: it cannot say so itself
    options.setdefault("on_reset", "stop" if manifest.expect.stop is Ending.RESET else on_reset)
    try:
        return Machine(**options) if backend is None else Machine(**options, backend=backend)
    except ConfigError as error:
        raise _placed(manifest, options, error) from None


def _check_allowed(manifest: Manifest) -> None:
    """What else the guest is said to be written for has to exist, too."""
    for cpus in manifest.machine.cpus_allowed:
        if not 1 <= cpus <= MAX_CPUS:
            raise manifest.error_at(
                ("machine", "cpus_allowed"), f"a machine has 1 to {MAX_CPUS} vCPUs, not {cpus}"
            )
    for name in manifest.machine.controllers_allowed:
        try:
            parse_controller(name)
        except ConfigError as error:
            raise manifest.error_at(("machine", "controllers_allowed"), str(error)) from None


def _placed(manifest: Manifest, options: dict[str, Any], error: ConfigError) -> HarnessError:
    """The error with the line of the option without which there would be a machine, if the manifest gave that."""
    if manifest.path is None:
        return error
    own = read_manifest(manifest.path).machine.options()
    tried: dict[str, Any] = {}
    for name, value in options.items():
        tried[name] = value
        try:
            Machine(**tried).close()
        except ConfigError as first:
            return manifest.error_at(("machine", name), str(first)) if own.get(name) == value else first
    return error
