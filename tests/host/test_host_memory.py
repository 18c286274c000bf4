# SPDX-License-Identifier: MIT
"""Memory of the host: a machine may have more RAM than there is; a host without room says so."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from harness import Machine
from harness.engine.memory.ram import Memory
from harness.engine.memory.stage2 import Page

GIB, BLOCK = 1 << 30, 2 << 20

# Stores a word to, and loads it from, every second GiB of RAM, then powers off with what does not agree in x5.
FAR = """
_start: mov     x0, #0x40000000
        mov     x1, #0x80000000
        mov     x2, #{count}
        mov     x5, #0
again:  str     x2, [x0, #0x800]
        ldr     x4, [x0, #0x800]
        sub     x4, x4, x2
        orr     x5, x5, x4
        add     x0, x0, x1
        subs    x2, x2, #1
        b.ne    again
        mov     w0, #0x84000000
        add     w0, w0, #8
        hvc     #0
"""

LIMITED = """
import resource, sys
size = int(sys.argv.pop(1))
resource.setrlimit(resource.RLIMIT_AS, (size, size))
from harness.cli import main
main()
"""


@pytest.mark.parametrize("memory", [24, 255])
def test_a_guest_may_have_more_memory_than_the_host(tmp_path: Path, memory: int) -> None:
    path = tmp_path / "far.S"
    path.write_text(FAR.format(count=memory // 2))
    with Machine(cpus=2, memory=f"{memory}G") as machine:
        machine.load(path)
        stop = machine.run(limit=10_000)
        assert stop.reason.value == "power_off"
        assert machine.cpus[0].x[5] == 0
        assert machine.memory.u64(0x4000_0800) == memory // 2


def test_the_tables_of_stage_2_reach_all_of_ram() -> None:
    """Every block of 2 MiB needs a table of its own (DDI 0487, D8.2): for 40 GiB, 80 MiB of them."""
    memory = Memory()
    memory.add_ram(GIB, 40 * GIB)
    for ipa in range(GIB, 41 * GIB, BLOCK):
        memory.stage2.set_page(ipa, Page.DATA)
    assert memory.stage2.page(41 * GIB - BLOCK) is Page.DATA


@pytest.mark.skipif(sys.platform != "linux", reason="needs RLIMIT_AS")
@pytest.mark.parametrize(
    ("mebibytes", "memory", "message"),
    [
        (6000, "24G", "24 GiB of memory"),
        (1300, "16M", "emulator of a CPU"),
        (900, "16M", "emulator of a CPU"),
    ],
)
def test_a_host_without_room_says_so_in_a_line(
    tmp_path: Path, mebibytes: int, memory: str, message: str
) -> None:
    path = tmp_path / "far.S"
    path.write_text(FAR.format(count=1))
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(mebibytes << 20), "run", str(path), "--memory", memory],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("rvic: error: this computer cannot give ")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.skipif(sys.platform != "linux", reason="needs RLIMIT_AS")
def test_no_line_of_a_manifest_is_blamed_for_the_host(tmp_path: Path) -> None:
    (tmp_path / "main.S").write_text(FAR.format(count=1))
    (tmp_path / "guest.toml").write_text('[guest]\nsource = "main.S"\n[machine]\ncontroller = "vgic"\n')
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(1300 << 20), "run", str(tmp_path)],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.stderr.startswith("rvic: error: this computer cannot give the emulator of a CPU ")
