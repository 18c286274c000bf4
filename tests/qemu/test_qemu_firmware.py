# SPDX-License-Identifier: MIT
"""Each firmware that can do without RVIC and the test device prints the same under QEMU, and ends the same."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from differential import elf, flat, needs_qemu, run_under_qemu

from harness.build import load
from harness.machine.parts import GUEST_DEFINES
from harness.options import ControllerKind
from harness.scenario.find import find_guest, firmware_names
from harness.scenario.manifest import Manifest
from harness.scenario.report import run

# QEMU says for a moment that a CPU is off when CPU_ON has just returned, where DEN0022D 5.6 has it ON_PENDING, and
# a guest that believes it prints amid another CPU's line. With the CPUs in one thread that moment does not come.
ONE_THREAD = ("-accel", "tcg,thread=single")
HERE_ALONE = ("c_spi", "spi", "spurious")  # their device is the test device, which QEMU has not


def comparable() -> list[Manifest]:
    guests = [find_guest(name) for name in firmware_names() if name not in HERE_ALONE]
    guests = [guest for guest in guests if "gicv2" in guest.machine.controllers_allowed]
    return [guest.with_machine(controller="gicv2") for guest in guests]


def typed(guest: Manifest) -> str:
    """What its stimuli type, at once: QEMU's UART takes it as the guest reads."""
    texts = [stimulus.do.removeprefix("uart=") for stimulus in guest.stimuli]
    return "".join(texts).replace(r"\n", "\n")


def drives(guest: Manifest) -> Sequence[str]:
    """QEMU's options for its disks, of which none is written to."""
    options = ["-global", "virtio-mmio.force-legacy=false"]
    for n, drive in enumerate(guest.machine.options.get("drives", ())):
        path = drive.partition(",")[0]
        options += ["-drive", f"file={path},if=none,format=raw,id=d{n},snapshot=on"]
        options += ["-device", f"virtio-blk-device,drive=d{n}"]
    return options


@needs_qemu
@pytest.mark.parametrize("guest", comparable(), ids=lambda guest: guest.name)
def test_firmware_says_the_same_under_qemu(guest: Manifest) -> None:
    program = load(guest.source, defines=GUEST_DEFINES[ControllerKind.GICV2])
    kernel = elf(program) if program.kind == "elf" else flat(program)
    cpus = guest.machine.cpus
    console, code = run_under_qemu(kernel, cpus, options=[*ONE_THREAD, *drives(guest)], typed=typed(guest))
    report = run(guest)
    if cpus == 1:
        assert report.console == console
    else:  # which CPU comes first is nobody's promise
        assert sorted(report.console.splitlines()) == sorted(console.splitlines())
    assert (report.stop.code or 0) == code
