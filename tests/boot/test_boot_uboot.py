# SPDX-License-Identifier: MIT
"""U-Boot's own image for QEMU (Debian's package u-boot-qemu) boots here and says what it says there."""

from __future__ import annotations

import os
import re
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness import Machine, StopReason, until

IMAGE = Path(os.environ.get("RVIC_UBOOT", "/usr/lib/u-boot/qemu_arm64/u-boot.bin"))
QEMU = shutil.which("qemu-system-aarch64")
# Any key ends the countdown; then each command, and the prompt that says it is done.
TYPED = "\rversion\rbdinfo\r"
ASKED = (rb"Hit any key", rb"=> $", rb"=> $", rb"malloc usage: [^=]*=> $")
LAST = "Early malloc usage: "
# The board there has devices that are not here (PCI, fw_cfg, GPIO): U-Boot counts them, and their memory.
COUNTS = re.compile(r"^(Core: +)\d+ devices, \d+ uclasses|^(Early malloc usage: )[0-9a-f]+", re.MULTILINE)

pytestmark = pytest.mark.skipif(not IMAGE.is_file(), reason=f"{IMAGE} (package u-boot-qemu) is not installed")


@pytest.fixture(scope="module")
def console() -> Iterator[str]:
    with Machine(controller="gicv2") as machine:
        machine.load_bios(IMAGE)
        machine.console.feed(TYPED)
        stop = machine.run(until.console(LAST), limit=60_000_000)
        assert stop.reason is StopReason.UNTIL, machine.console.text[-1000:]
        before = machine.console.text.count("=> ")
        for _ in range(20):
            machine.run(limit=10_000)
            if machine.console.text.count("=> ") > before:
                break
        yield machine.console.text.replace("\r", "")


def value(console: str, name: str) -> str:
    match = re.search(rf"^{re.escape(name)} *= (.*)$", console, re.MULTILINE)
    assert match is not None, name
    return match[1]


def test_it_comes_to_its_prompt(console: str) -> None:
    assert re.search(r"^U-Boot \d{4}\.\d+", console, re.MULTILINE)
    assert "DRAM:  128 MiB" in console
    assert "devicetree: board" in console
    assert "Flash: 64 MiB" in console
    assert "=> version" in console


def test_it_answers_version(console: str) -> None:
    answer = console.split("=> version\n")[1].split("=> ")[0]
    assert answer.startswith("U-Boot ")
    assert "aarch64-linux-gnu-gcc" in answer


def test_it_answers_bdinfo(console: str) -> None:
    assert int(value(console, "-> start"), 16) == 0x4000_0000
    assert int(value(console, "-> size"), 16) == 0x0800_0000
    assert int(value(console, "flashstart"), 16) == 0
    assert int(value(console, "flashsize"), 16) == 64 << 20
    assert int(value(console, "fdt_size"), 16) == 1 << 20
    assert value(console, "devicetree") == "board"
    assert console.rstrip().endswith("=>")


def qemu_console() -> str:
    """The same typed to QEMU, each line where it is asked for: its time is the host's, and its FIFO short."""
    assert QEMU is not None
    command = [QEMU, "-M", "virt,gic-version=2", "-cpu", "cortex-a72", "-nic", "none", "-display", "none"]
    command += ["-monitor", "none", "-serial", "stdio", "-bios", str(IMAGE)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as qemu:
        assert qemu.stdin is not None
        assert qemu.stdout is not None
        try:
            seen = b""
            for line, asked in zip([*TYPED.splitlines(), None], ASKED, strict=True):
                start = len(seen)
                deadline = time.monotonic() + 60
                while not re.search(asked, seen[start:]) and time.monotonic() < deadline:
                    if select.select([qemu.stdout], [], [], 1)[0]:
                        seen += os.read(qemu.stdout.fileno(), 65536)
                if line is not None:
                    qemu.stdin.write(line.encode() + b"\r")
                    qemu.stdin.flush()
        finally:
            qemu.kill()
    return seen.decode(errors="replace").replace("\r", "")


@pytest.mark.skipif(QEMU is None, reason="qemu-system-aarch64 is not installed")
def test_it_says_what_it_says_under_qemu(console: str) -> None:
    def comparable(text: str) -> list[str]:
        return [line.rstrip() for line in COUNTS.sub(r"\1\2some", text).splitlines()]

    assert comparable(console) == comparable(qemu_console())
