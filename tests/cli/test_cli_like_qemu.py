# SPDX-License-Identifier: MIT
"""Where QEMU's board chose otherwise: `like_qemu`, who takes it by default, and how long a binary may run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_guests import POWER_OFF, Rvic

from harness import Machine
from harness.asm import assemble
from harness.build import ASSEMBLY_SUFFIXES, C_SUFFIXES
from harness.scenario.find import find_guest
from harness.scenario.manifest import SOURCE_SUFFIXES, Manifest
from harness.scenario.prepare import make_machine

# x19 = priority 0xff as GICD_IPRIORITYR0 keeps it; x20 = version of the virtio transport in slot 31;
# x21 = RXRIS after one character was typed into the FIFO.
PROBE = f"""
        .globl _start
_start: ldr     x1, =0x08000400
        mov     w2, #0xff
        strb    w2, [x1]
        ldrb    w19, [x1]
        ldr     x1, =0x0a003e04
        ldr     w20, [x1]
        ldr     x1, =0x09000000
        mov     w2, #0x70
        str     w2, [x1, #0x2c]
        mov     x3, #200
1:      subs    x3, x3, #1
        b.ne    1b
        ldr     w21, [x1, #0x3c]
        and     w21, w21, #0x10
        {POWER_OFF}
        .ltorg
"""
OURS, QEMUS = (0xF8, 2, 0), (0xFF, 1, 0x10)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "probe.S"
    path.write_text(PROBE)
    return path


@pytest.fixture
def binary(tmp_path: Path) -> Path:
    path = tmp_path / "probe.bin"
    path.write_bytes(assemble(PROBE).segments[0].data.ljust(512, b"\0"))
    return path


def probe(rvic: Rvic, *arguments: object) -> tuple[int, ...]:
    result = rvic("run", *arguments, "--virtconsole", "--at", "100:uart=a", "--json")
    assert (result.status, result.err) == (0, "")
    return tuple(json.loads(result.out)["cpus"][0]["x"][19:22])


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (["--controller", "gicv2"], OURS),
        (["--controller", "gicv2", "--like-qemu"], QEMUS),
        (["--controller", "gicv2", "--like-qemu", "--uart", "pl011"], (0xFF, 1, 0)),
        (["--controller", "gicv2", "--like-qemu", "--virtio", "modern"], (0xFF, 2, 0x10)),
        (["--controller", "gicv2", "--like-qemu", "--priority-bits", "4"], (0xF0, 1, 0x10)),
        (["--controller", "trap", "--like-qemu"], QEMUS),
    ],
)
def test_a_source_gets_qemus_choices_when_asked_for(
    rvic: Rvic, source: Path, options: list[str], found: tuple[int, ...]
) -> None:
    assert probe(rvic, source, *options) == found


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (["--controller", "gicv2"], QEMUS),
        (["--controller", "gicv2", "--no-like-qemu"], OURS),
        (["--controller", "gicv2", "--priority-bits", "5"], (0xF8, 1, 0x10)),
        (["--controller", "trap"], OURS),
    ],
)
def test_a_bare_binary_gets_them_under_gicv2(
    rvic: Rvic, binary: Path, options: list[str], found: tuple[int, ...]
) -> None:
    assert probe(rvic, binary, *options) == found


def test_a_guest_with_a_manifest_keeps_its_own(rvic: Rvic, binary: Path) -> None:
    manifest = binary.with_name("guest.toml")
    text = '[guest]\nsource = "probe.bin"\n[machine]\ncontroller = "gicv2"\n'
    manifest.write_text(text)
    assert probe(rvic, binary.parent) == OURS
    manifest.write_text(text + "like_qemu = true\n")
    assert probe(rvic, binary.parent) == QEMUS


def test_a_machine_is_like_qemus_when_it_is_told() -> None:
    with Machine(controller="gicv2", like_qemu=True, uart="pl011") as machine:
        assert machine.board.gic.config.priority_bits == 8
        assert not machine.board.uart.eager
    with Machine(controller="gicv2") as machine:
        assert machine.board.gic.config.priority_bits == 5


def test_firmware_for_the_flash_is_a_bare_binary_too(tmp_path: Path) -> None:
    manifest = Manifest(name="u-boot", source=tmp_path / "u-boot.bin").with_machine(controller="gicv2")
    with make_machine(manifest) as machine:
        assert machine.board.uart.eager


def test_the_manifest_knows_what_is_built() -> None:
    assert (*ASSEMBLY_SUFFIXES, *C_SUFFIXES) == SOURCE_SUFFIXES


def test_a_bare_binary_may_run_longer_than_a_source(source: Path, binary: Path) -> None:
    assert find_guest(binary).limit == 1_000_000_000
    assert find_guest(source).limit == 100_000_000


@pytest.mark.parametrize(
    ("options", "limit"),
    [
        ([], 1_000_000_000),
        (["--limit", "7"], 7),
        (["--serial", "stdio"], None),
        (["--serial", "stdio", "--limit", "7"], 7),
    ],
)
def test_with_somebody_at_the_terminal_only_a_limit_that_is_given_ends_the_run(
    rvic: Rvic, binary: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], limit: int | None
) -> None:
    limits: list[int | None] = []
    run = Machine.run

    def spy(self: Machine, *, limit: int | None = None) -> object:
        limits.append(limit)
        return run(self, limit=1_000_000)

    monkeypatch.setattr(Machine, "run", spy)
    monkeypatch.setattr("sys.stdin", None)
    assert rvic("run", binary, "--controller", "gicv2", *options, "--json").status == 0
    assert limits == [limit]
