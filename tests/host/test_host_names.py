# SPDX-License-Identifier: MIT
"""Names and text of the operating system: bytes that are no UTF-8, names too long, directories locked."""

from __future__ import annotations

import errno
import os
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from thorough import ALL

from harness import ConfigError, GuestError, HarnessError, Machine
from harness.arguments import guest_bytes
from harness.build import available_compilers
from harness.cli import invoke
from harness.host.drives import FileDisk
from harness.image import dtb
from harness.run.stimulus import parse_stimulus
from harness.scenario.find import find_guest

CAFE = "caf\udce9"
"""As Python has the bytes ``caf\\xe9`` of a name or an argument in Latin-1."""

OFF = "mov w0, #0x84000000\n add w0, w0, #8\n hvc #0\n"
# Copies the command line to `text` (Semihosting 3.0, SYS_GET_CMDLINE).
COMMAND_LINE = f"""
_start: adr     x1, block
        mov     w0, #0x15
        hlt     #0xf000
        {OFF}
        .balign 8
block:  .quad   text, 64
text:   .space  64
"""
LONG = "a" * 300
ERRORS = [
    *(errno.EACCES, errno.EIO, errno.ELOOP, errno.EMFILE, errno.ENAMETOOLONG, errno.ENXIO),
    *(errno.EPERM, errno.ESTALE),
]


@pytest.mark.skipif(sys.platform == "darwin", reason="its names are UTF-8")
def test_a_guest_sees_the_bytes_of_its_name_and_arguments(tmp_path: Path) -> None:
    path = tmp_path / f"{CAFE}.S"
    path.write_text(COMMAND_LINE)
    with Machine(memory="1M") as machine:
        machine.load(path, append=CAFE)
        machine.run()
        text = machine.memory.read(machine.symbols["text"], 16)
        assert text.startswith(b"caf\xe9.S caf\xe9\0")
        tree = dtb.unflatten(machine.device_tree or b"")
    chosen = tree.root.child("chosen")
    assert chosen is not None
    assert chosen.properties["bootargs"] == b"caf\xe9\0"


@pytest.mark.parametrize("how", ["serial", "stimulus"])
def test_what_is_typed_arrives_as_the_bytes_it_was(how: str) -> None:
    serial = f"string:{CAFE}" if how == "serial" else None
    with Machine(memory="1M", serial=serial) as machine:
        if how == "stimulus":
            parse_stimulus(f"uart={CAFE}")(machine)
        assert machine.board.uart.take(8) == b"caf\xe9"


@pytest.mark.skipif(sys.platform == "darwin", reason="its names are UTF-8")
def test_the_identity_of_a_drive_is_the_bytes_of_its_name(tmp_path: Path) -> None:
    path = tmp_path / f"{CAFE}.img"
    path.write_bytes(bytes(512))
    disk = FileDisk(path)
    assert guest_bytes("drive", disk.identity) == b"caf\xe9.img"
    disk.close()


@pytest.mark.parametrize(
    "use",
    [
        pytest.param(lambda m, p: m.load(p, append="\ud800"), id="append"),
        pytest.param(lambda m, p: m.at(5, "uart=\ud800"), id="stimulus"),
        pytest.param(lambda m, p: Machine(serial="string:\ud800"), id="serial"),
    ],
)
def test_a_character_that_no_text_has_is_a_config_error(
    tmp_path: Path, use: Callable[[Machine, Path], object]
) -> None:
    (tmp_path / "off.S").write_text(OFF)
    with (
        Machine(memory="1M") as machine,
        pytest.raises(ConfigError, match=r"'\\ud800' is not part of any text"),
    ):
        use(machine, tmp_path / "off.S")


ARGUMENTS = {
    "guest": ["run", "@"],
    "source": ["run", "@.S"],
    "disasm": ["disasm", "@"],
    "bios": ["run", "--bios", "@"],
    "flash": ["run", "--bios", "OFF", "--flash", "@"],
    "initrd": ["run", "OFF", "--initrd", "@"],
    "dtb": ["run", "OFF", "--dtb", "@"],
    "drive": ["run", "OFF", "--drive", "@"],
    "serial": ["run", "OFF", "--serial", "file:@"],
    "semihosting-dir": ["run", "OFF", "--semihosting-dir", "@"],
    "cc": ["run", "OFF", "--cc", "@"],
    "dump-dtb": ["run", "OFF", "--dump-dtb", "@"],
    "new": ["new", "@"],
}
"""Command lines in which @ stands for a name, OFF for a guest."""


def filled(arguments: list[str], name: str, off: Path) -> list[str]:
    return [str(off) if word == "OFF" else word.replace("@", name) for word in arguments]


@pytest.fixture
def off(tmp_path: Path) -> Path:
    path = tmp_path / "off.S"
    path.write_text(OFF)
    return path


@pytest.mark.parametrize("option", ARGUMENTS)
def test_a_name_longer_than_a_name_can_be_is_one_line(
    option: str, off: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert invoke(filled(ARGUMENTS[option], LONG, off)) == 2
    error = capsys.readouterr().err
    assert error.startswith("rvic: error: ")
    assert error.count("\n") == 1


@pytest.mark.parametrize("seed", range(40 if ALL else 2))
def test_whatever_the_host_answers_for_a_name_is_one_line(
    seed: int, off: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Directories that may not be entered (EACCES), loops of links (ELOOP), files that have gone (ESTALE)..."""
    rng = random.Random(seed)
    target = str(off.parent / "nowhere")
    Path(target).write_bytes(bytes(512))

    def refusing(real: Callable[..., Any], number: int) -> Callable[..., Any]:
        def call(path: Any, *rest: Any, **more: Any) -> Any:
            if isinstance(path, (str, os.PathLike)) and target in os.fspath(path):
                raise OSError(number, os.strerror(number), os.fspath(path))
            return real(path, *rest, **more)

        return call

    for _ in range(30):
        option, number = rng.choice(sorted(ARGUMENTS.keys() - {"new", "dump-dtb"})), rng.choice(ERRORS)
        with monkeypatch.context() as patch:
            for name in rng.choice([("stat", "open"), ("open",)]):
                patch.setattr(os, name, refusing(getattr(os, name), number))
            status = invoke(filled(ARGUMENTS[option], target, off))
        output = capsys.readouterr()
        assert status == 2, (option, number, output)
        assert output.err.startswith("rvic: error: ")
        assert output.err.count("\n") == 1, (option, number, output.err)


@pytest.mark.parametrize("option", ["dtb", "initrd", "drive", "serial", "guest", "bios", "flash"])
@pytest.mark.parametrize("what", ["pipe", "device"])
def test_a_file_without_end_is_refused_at_once(
    option: str, what: str, off: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "/dev/zero"
    if what == "pipe":
        name = str(tmp_path / "pipe")
        os.mkfifo(name)
    assert invoke(filled(ARGUMENTS[option], name, off)) == 2
    assert "is a device, a pipe or a socket" in capsys.readouterr().err


def test_an_included_file_without_end_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo(tmp_path / "pipe")
    path = tmp_path / "main.S"
    for name in ("pipe", "/dev/zero"):
        for statement in (f'.include "{name}"', f'#include "{name}"', f'.incbin "{name}"'):
            path.write_text(statement + "\n")
            assert invoke(["run", str(path)]) == 2
            assert "main.S:1: " in capsys.readouterr().err


def test_a_file_larger_than_its_place_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(1 << 42)
    (tmp_path / "off.S").write_text(OFF)
    with Machine(memory="1M") as machine:
        for use in (
            lambda: machine.load(tmp_path / "off.S", initrd=path),
            lambda: machine.load(tmp_path / "off.S", dtb=path),
            lambda: machine.load_bios(path),
            lambda: machine.load(path),
        ):
            with pytest.raises(HarnessError, match=r"4,398,046,511,104 bytes"):
                use()
    with pytest.raises(ConfigError, match="more than the"):
        Machine(serial=f"file:{path}")


def test_a_number_of_more_digits_than_anybody_reads_is_one_line(
    off: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    digits = "9" * 5000
    for arguments in (
        ["--at", f"{digits}:spi=1"],
        ["--at", f"1:spi={digits}"],
        ["--cpus", f"0x{digits}"],
        ["--limit", digits],
        ["--memory", f"{digits}G"],
    ):
        assert invoke(["run", str(off), *arguments]) == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_a_firmware_is_found_where_the_directory_may_not_be_entered(monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.stat

    def stat(path: Any, **more: Any) -> os.stat_result:
        if not isinstance(path, int) and not os.path.isabs(path):
            raise PermissionError(13, "Permission denied", path)
        return real(path, **more)

    monkeypatch.setattr(os, "stat", stat)
    assert find_guest("tick").path is not None
    with pytest.raises(GuestError, match="tock: cannot be read: Permission denied"):
        find_guest("tock")


@pytest.mark.parametrize("name", ["off.S", "off.c"])
def test_a_guest_runs_where_the_directory_has_gone(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name.endswith(".c") and not available_compilers():
        pytest.skip("no compiler")
    (tmp_path / name).write_text("int main(void) { return 0; }\n" if name.endswith(".c") else OFF)
    monkeypatch.chdir(tmp_path)
    gone = tmp_path / "gone"
    gone.mkdir()
    os.chdir(gone)
    gone.rmdir()
    assert invoke(["run", str(tmp_path / name)]) == 0


def test_a_name_with_a_newline_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a\nb", "a\nb.S", "a\x1b[31mb"):
        assert invoke(["run", name]) == 2
        error = capsys.readouterr().err
        assert error.count("\n") == 1
        assert error[:-1].isprintable()
