# SPDX-License-Identifier: MIT
"""What ``rvic run`` and a manifest can say about how a guest starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.asm import assemble
from harness.cli import invoke
from harness.image import dtb

X0 = Path(__file__).parent / "x0.S"


def rvic(*arguments: object) -> int:
    return invoke([str(argument) for argument in arguments])


def test_dump_dtb_writes_the_tree_and_does_not_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "board.dtb"
    options = ["--append", "quiet", "--memory", "1G", "--psci", "smc", "--controller", "gicv2"]
    assert rvic("run", X0, *options, "--dump-dtb", out) == 0
    assert capsys.readouterr().out == ""
    root = dtb.unflatten(out.read_bytes()).root
    chosen, psci, memory = root.child("chosen"), root.child("psci"), root.child("memory@40000000")
    assert chosen is not None
    assert psci is not None
    assert memory is not None
    assert chosen.properties["bootargs"] == b"quiet\0"
    assert psci.properties["method"] == b"smc\0"
    assert memory.properties["reg"] == dtb.cells64(0x4000_0000, 1 << 30)


def test_a_ram_disk_and_a_tree_come_from_files(tmp_path: Path) -> None:
    own, disk, out = tmp_path / "own.dtb", tmp_path / "disk", tmp_path / "out.dtb"
    own.write_bytes(dtb.flatten(dtb.DeviceTree(dtb.Node("", {"model": dtb.strings("mine")}))))
    disk.write_bytes(b"x" * 5000)
    assert rvic("run", X0, "--dtb", own, "--initrd", disk, "--dump-dtb", out) == 0
    root = dtb.unflatten(out.read_bytes()).root
    chosen = root.child("chosen")
    assert root.properties == {"model": b"mine\0"}
    assert chosen is not None
    assert chosen.properties["linux,initrd-start"] == dtb.cells64(0x4400_0000)
    assert chosen.properties["linux,initrd-end"] == dtb.cells64(0x4400_0000 + 5000)


def bios(where: Path) -> Path:
    path = where / "bios.bin"
    path.write_bytes(assemble(X0, base=0).segments[0].data)
    return path


def test_firmware_runs_from_flash(tmp_path: Path) -> None:
    assert rvic("run", "--bios", bios(tmp_path), "--flash", tmp_path / "vars.fd") == 0


def test_a_manifest_says_how_its_guest_starts(tmp_path: Path) -> None:
    bios(tmp_path)
    manifest = tmp_path / "guest.toml"
    manifest.write_text('[guest]\nsource = "bios.bin"\nbios = true\nappend = "a b"\n')
    out = tmp_path / "out.dtb"
    assert rvic("run", tmp_path) == 0
    assert rvic("run", tmp_path, "--dump-dtb", out) == 0
    assert b"a b\0" in out.read_bytes()


def test_a_manifests_files_must_be_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bios(tmp_path)
    (tmp_path / "guest.toml").write_text('[guest]\nsource = "bios.bin"\ninitrd = "disk"\n')
    assert rvic("run", tmp_path) == 2
    assert "guest.toml:3: `guest.initrd`: no such file: disk" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([X0, "--bios", X0], "either a guest or --bios, not both"),
        (["--bios", "nowhere.bin"], "nowhere.bin: no such file"),
        ([X0, "--flash", "a"], "a file for flash (--flash) goes with firmware (--bios)"),
        (["--bios", X0, "--initrd", X0], "an initial RAM disk goes with a kernel"),
        ([X0, "--initrd", "nothing"], "nothing: cannot be read: No such file or directory"),
        ([X0, "--dtb", X0], "x0.S: not a device tree"),
        ([X0, "--dump-dtb", "no/such/directory"], "no/such/directory: cannot be written"),
        ([X0, "--memory", "some"], "memory 'some': a number of bytes"),
        ([X0, "--memory", "4K"], "do not fit into RAM"),
        ([X0, "--psci", "svc"], "--psci"),
    ],
)
def test_mistakes_are_one_line(
    arguments: list[object], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert rvic("run", *arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("rvic: error: ")
    assert message in said.err
    assert said.err.count("\n") == 1
