# SPDX-License-Identifier: MIT
"""The firmware in C, built once for each compiler and controller, and run on any machine."""

from __future__ import annotations

from functools import cache

import pytest

from harness import Machine
from harness.build import Toolchain, available_compilers, compile_guest
from harness.image import Program
from harness.machine.parts import GUEST_DEFINES
from harness.options import ControllerKind
from harness.scenario.find import find_guest, firmware_names
from harness.scenario.report import Report, examine

NAMES = tuple(name for name in firmware_names() if find_guest(name).source.suffix == ".c")
COMPILERS = [
    pytest.param(
        kind.value,
        marks=pytest.mark.skipif(kind not in available_compilers(), reason=f"no {kind} for AArch64 here"),
    )
    for kind in (Toolchain.ZIG, Toolchain.GCC)
]


@cache
def built(name: str, compiler: str, controller: str) -> Program:
    """A firmware's program; the controllers with a GICv2 share one."""
    defines = GUEST_DEFINES[ControllerKind(controller)]
    if defines and controller != "gicv2":
        return built(name, compiler, "gicv2")
    return compile_guest(find_guest(name).source, toolchain=compiler, defines=defines)


def run(name: str, compiler: str, **options: object) -> Report:
    """Run a firmware on the machine of its manifest, changed by ``options``."""
    manifest = find_guest(name).with_machine(**options)
    machine_options = manifest.machine.options
    program = built(name, compiler, machine_options.get("controller", "rvic"))
    with Machine(**machine_options) as machine:
        machine.load(program)
        return examine(machine, machine.run(limit=manifest.limit), manifest)
