# SPDX-License-Identifier: MIT
"""Bad input: one clear line on stderr, exit status 2, no traceback; and what is no user's fault."""

from __future__ import annotations

import os
import signal
import struct
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest
from cli_guests import FOREVER, HI, Rvic

from harness import GuestError, Machine

Guest = Callable[..., Path]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "nowhere.S"], "nowhere.S: no such file"),
        (["run", "tikc"], "no guest `tikc`: neither a file nor a firmware"),
        (["run"], "missing argument"),
        (["run", "HI", "--cpus", "many"], "--cpus"),
        (["run", "HI", "--cpus", "9"], "9"),
        (["run", "HI", "--cpus", "0"], "0"),
        (["run", "HI", "--limit", "0"], "--limit"),
        (["run", "HI", "--profile", "xen"], "--profile"),
        (["run", "HI", "--trusted", "33"], "33"),
        (["run", "HI", "--trusted", "0"], "0"),
        (["run", "HI", "--untrusted", "2048"], "2048"),
        (["run", "HI", "--controller", "apic"], "apic"),
        (["run", "HI", "--at", "spi=1"], "`spi=1` is not TICK:STIMULUS"),
        (["run", "HI", "--at", "5:gpio=1"], "no stimulus `gpio=1`"),
        (["run", "HI", "--at", "5:spi=900"], "no interrupt line 932"),
        (["run", "HI", "--at", r"5:uart=h\q"], r"`h\q`: no escape `\q`"),
        (["run", "HI", "--at", "5:uart=h\\"], r"no escape `\`"),
        (["run", "HI", "--serial", r"string:\x4"], r"no escape `\x`"),
        (["run", "/dev/null"], "/dev/null: is a device, a pipe or a socket"),
        (["run", "HI", "--frobnicate"], "no such option"),
        (["frobnicate"], "no such command"),
        (["new", "9lives"], "not `9lives`"),
    ],
)
def test_bad_input_is_one_line(rvic: Rvic, hi: Path, arguments: list[str], message: str) -> None:
    result = rvic(*[str(hi) if argument == "HI" else argument for argument in arguments])
    assert result.status == 2
    assert result.out == ""
    assert result.err.startswith("rvic: error: ")
    assert message in result.err
    assert result.err.count("\n") == 1


def test_a_syntax_error_in_an_included_file_has_that_files_line(rvic: Rvic, tmp_path: Path) -> None:
    (tmp_path / "bad.inc").write_text("nop\nfrobnicate x0\n")
    (tmp_path / "main.S").write_text('.include "bad.inc"\n')
    result = rvic("run", tmp_path / "main.S")
    assert result.status == 2
    assert "bad.inc:2: " in result.err


def test_a_manifest_with_an_unknown_key_is_refused(rvic: Rvic, guest: Guest) -> None:
    result = rvic("run", guest(HI, "[machine]\ncpuss = 2\n"))
    assert result.status == 2
    assert "guest.toml:4: unknown key `machine.cpuss`; did you mean `cpus`?" in result.err


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("trusted = 33", "`machine.trusted`: trusted=33"),
        ("cpus = 9", "`machine.cpus`: cpus=9"),
        ('memory = "lots"', "`machine.memory`: memory 'lots'"),
        ('controller = "apic"', "`machine.controller`: controller 'apic'"),
        ("cpus_allowed = [99]", "`machine.cpus_allowed`: cpus_allowed=99: 1 to 8"),
        ('controllers_allowed = ["apic"]', "`machine.controllers_allowed`: controllers_allowed 'apic'"),
        ('drives = ["none.img"]', "`machine.drives`: drive "),
    ],
)
def test_a_machine_that_cannot_be_is_told_with_its_line(
    rvic: Rvic, guest: Guest, line: str, message: str
) -> None:
    result = rvic("run", guest(HI, f"[machine]\nuntrusted = 64\n{line}\n"))
    assert result.status == 2
    assert f"guest.toml:5: {message}" in result.err
    assert result.err.count("\n") == 1


def test_an_option_of_the_command_line_is_not_told_as_the_manifests(rvic: Rvic, guest: Guest) -> None:
    result = rvic("run", guest(HI, "[machine]\ntrusted = 64\n"), "--trusted", 33)
    assert result.err.startswith("rvic: error: --trusted=33: ")


def test_a_pipe_is_not_waited_for(rvic: Rvic, tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    assert "pipe: is a device, a pipe or a socket" in rvic("run", path).err
    with Machine(memory="1M") as machine, pytest.raises(GuestError, match="a guest is a regular file"):
        machine.load(path)


def test_a_file_that_is_no_guest_does_not_hide_a_firmware(
    rvic: Rvic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("hello").write_text("Dear reader,\n")
    assert rvic("run", "hello").status == 0
    Path("hello").write_bytes(b"\x7fELF, in part")
    assert "hello: truncated ELF" in rvic("run", "hello").err


def test_a_stimulus_that_the_manifest_has_wrong_is_named(rvic: Rvic, guest: Guest) -> None:
    result = rvic("run", guest(HI, '[[stimulus]]\nat = 1\ndo = "gpio=1"\n'))
    assert result.status == 2
    assert "guest.toml:5: `stimulus[0].do`: no stimulus `gpio=1`" in result.err


def test_a_number_of_cpus_that_a_guest_is_not_written_for_is_refused(rvic: Rvic, guest: Guest) -> None:
    result = rvic("run", guest(HI, "[machine]\ncpus = 1\n"), "--cpus", 2)
    assert result.status == 2
    assert "`sample` is written for 1 vCPU" in result.err


def test_a_truncated_elf_is_refused(rvic: Rvic, tmp_path: Path) -> None:
    path = tmp_path / "cut.elf"
    path.write_bytes(b"\x7fELF\x02\x01\x01" + bytes(20))
    result = rvic("run", path)
    assert result.status == 2
    assert "cut.elf" in result.err


def test_an_elf_for_another_machine_is_refused(rvic: Rvic, tmp_path: Path) -> None:
    """A complete ELF header that says EM_X86_64."""
    path = tmp_path / "other.elf"
    ident = b"\x7fELF" + bytes([2, 1, 1]) + bytes(9)
    path.write_bytes(ident + struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0, 0, 0, 0, 64, 56, 0, 64, 0, 0))
    result = rvic("run", path)
    assert result.status == 2
    assert "other.elf" in result.err
    assert "x86" in result.err.lower()
    assert result.err.count("\n") == 1


def test_an_image_larger_than_ram_is_refused(rvic: Rvic, tmp_path: Path) -> None:
    (tmp_path / "large.bin").write_bytes(bytes(2 << 20))
    manifest = tmp_path / "guest.toml"
    manifest.write_text('[guest]\nsource = "large.bin"\n[machine]\nmemory = "1M"\n')
    result = rvic("run", tmp_path)
    assert result.status == 2
    assert "large.bin" in result.err
    assert result.err.count("\n") == 1


def test_a_fault_with_vbar_unset_says_where_and_why(rvic: Rvic, tmp_path: Path) -> None:
    path = tmp_path / "unset.S"
    path.write_text("_start: mov x1, #0\nbad:    ldr x0, [x1]\n")
    result = rvic("run", path)
    assert result.status == 1
    assert "data abort" in result.out
    assert "VBAR_EL1 is 0" in result.out
    assert "Traceback" not in result.out + result.err


def test_a_bug_of_ours_shows_its_traceback(
    hi: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from harness.cli import invoke

    run = import_module(
        "harness.cli.run"
    )  # the module that is loaded, whatever its package has as an attribute

    def broken(*_arguments: object, **_options: object) -> None:
        raise ZeroDivisionError("ours")

    monkeypatch.setattr(run, "prepare", broken)
    with pytest.raises(ZeroDivisionError):
        invoke(["run", str(hi)])


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-c", "from harness.cli import main; main()", *map(str, arguments)]


def test_an_interrupt_from_the_keyboard_ends_it_with_130(tmp_path: Path) -> None:
    path = tmp_path / "forever.S"
    path.write_text(
        "_start: movz x1, #0x0900, lsl #16\n mov w0, #0x0a\n str w0, [x1]\n"
        + FOREVER.replace("_start", "again")
    )
    process = subprocess.Popen(
        command("run", path, "--limit", 3_000_000_000, "--trace"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    for line in process.stdout:
        if "DABT" in line:
            break
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert err.strip() == "rvic: interrupted"


def test_a_reader_that_goes_away_is_no_error(hi: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.run(
        command("run", hi), stdout=writer, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writer)
    assert process.stderr == ""
    assert process.returncode == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_disk_is_one_line(hi: Path) -> None:
    with open("/dev/full", "w") as full:
        process = subprocess.run(
            command("run", hi, "--json"), stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert process.stderr == "rvic: error: the output cannot be written: no space left on device\n"
    assert process.returncode == 2


def test_the_bare_command_shows_its_help(rvic: Rvic) -> None:
    result = rvic()
    assert (result.status, result.err) == (0, "")
    assert result.out.startswith("Usage: rvic ")


def test_help_does_not_load_the_emulator() -> None:
    code = (
        "import sys; from harness.cli import invoke; invoke(['--help']);"
        "heavy = {'unicorn', 'capstone', 'keystone', 'elftools', 'harness.machine'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert process.stdout.endswith("[]\n")
    assert "run" in process.stdout
