# SPDX-License-Identifier: MIT
"""What public programs for QEMU's board rely on (docs/programs.md), in small guests of our own.

Each runs as `rvic run X.bin --controller gicv2` and says what is written here; under QEMU it says the same.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from harness.arch.virt import RAM_BASE, TEXT_OFFSET
from harness.build import load
from harness.scenario.find import find_guest
from harness.scenario.report import run

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
QEMU = shutil.which("qemu-system-aarch64")
DISK = b"first sector".ljust(512, b"\0") + b"sector 1".ljust(512, b"\0")


class Case(NamedTuple):
    """A guest, its CPUs, and what it says."""

    name: str
    says: str
    cpus: int = 1
    disk: bool = False

    def __str__(self) -> str:
        return f"{self.name}-{self.cpus}"


ONE = "IAR 0x{:04x} active 0x0000 running 0xff  active 0x0000 running 0x00 0xff\n"
CASES = (
    Case("priorities", "EL1\nbits 8\nlevels 256\nin the critical section 0\nafter it 1\n"),
    Case("ticks", "drained 0\nticks 5\n"),
    Case("unacknowledged", "taken 3\n"),
    Case("self_bit", "bit 0x01 " + ONE.format(4)),
    Case("self_bit", "bit 0x01 " + ONE.format(4) + "bit 0x02 " + ONE.format(0x404), cpus=2),
    Case("cpu_on_race", "not supported 1" + "\nanswers 33 started 1" * 4 + "\n", cpus=4),
    Case("legacy_disk", "0x74726976 1 2\nused 1 status 0 reads sector 1\n", disk=True),
)


@pytest.fixture
def binary(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """The guest as a flat binary, which is what it is loaded as in both places."""
    case: Case = request.getfixturevalue("case")
    program = load(HERE / f"{case.name}.S", include=(ROOT / "guest_asm",))
    image = bytearray(max(segment.end for segment in program.segments) - RAM_BASE - TEXT_OFFSET)
    for segment in program.segments:
        start = segment.address - RAM_BASE - TEXT_OFFSET
        image[start : start + len(segment.data)] = segment.data
    path = tmp_path / f"{case.name}.bin"
    path.write_bytes(image)
    (tmp_path / "disk.img").write_bytes(DISK)
    return path


@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_says_so_here(case: Case, binary: Path) -> None:
    drives = (f"{binary.with_name('disk.img')},slot=0",) if case.disk else None
    manifest = find_guest(binary).with_machine(controller="gicv2", cpus=case.cpus, drives=drives)
    report = run(manifest.with_limit(5_000_000))
    assert (report.console, report.met) == (case.says, True), report.stop.detail


@pytest.mark.skipif(QEMU is None, reason="qemu-system-aarch64 is not installed")
@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_says_so_under_qemu(case: Case, binary: Path) -> None:
    options: Sequence[str] = ()
    if case.disk:
        drive = f"file={binary.with_name('disk.img')},if=none,format=raw,id=d,readonly=on"
        options = ["-drive", drive, "-device", "virtio-blk-device,drive=d,bus=virtio-mmio-bus.0"]
    command = [str(QEMU), "-M", "virt,gic-version=2", "-cpu", "cortex-a72", "-smp", str(case.cpus)]
    command += [
        "-accel",
        "tcg,thread=single",
        "-nographic",
        "-nodefaults",
        "-serial",
        "stdio",
        "-semihosting",
        "-kernel",
        str(binary),
    ]
    done = subprocess.run(
        [*command, *options], capture_output=True, timeout=30, check=False, stdin=subprocess.DEVNULL
    )
    assert (done.stdout.decode(), done.returncode) == (case.says, 0), done.stderr.decode()


def test_the_page_names_tests_that_there_are() -> None:
    text = (ROOT / "docs" / "programs.md").read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[\w/]+\.\w+)(?:::(\w+))?`", text)
    assert len({file for file, _ in named}) >= 10
    for file, test in named:
        source = (ROOT / file).read_text(encoding="utf-8")
        assert not test or re.search(rf"^def {test}\(", source, re.MULTILINE), f"{file}::{test}"
