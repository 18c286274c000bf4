# SPDX-License-Identifier: MIT
"""`rvic run --serial`: files, strings, the standard input, and a person at a terminal."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ECHO = """
// Prints what is typed, in capitals; a full stop ends it.
_start: ldr x1, =0x09000000
next:   ldr w2, [x1, #0x18]
        tbz w2, #4, got
        wfi                     // nothing will wake it but a key: RXIM is set, and the GIC passes it on
        b next
got:    ldr w3, [x1]
        cmp w3, #'.'
        b.eq off
        cmp w3, #'a'
        b.lo put
        sub w3, w3, #32
put:    str w3, [x1]
        b next
off:    ldr x0, =0x84000008
        hvc #0
"""
SETUP = """
        ldr x4, =0x08000000     // GICD: INTID 33 to CPU0, enabled
        mov w5, #1
        str w5, [x4]
        mov w6, #2
        str w6, [x4, #0x104]
        strb w5, [x4, #0x821]
        ldr x4, =0x08010000
        str w5, [x4]
        mov w6, #0xff
        str w6, [x4, #4]
        mov w6, #0x10
        str w6, [x1, #0x38]     // RXIM
"""
EXIT = """
_start: mov w0, #0x20
        adr x1, block
        hlt #0xf000
        .balign 8
block:  .quad 0x20026, {code}
"""


@pytest.fixture
def echo(tmp_path: Path) -> str:
    path = tmp_path / "echo.S"
    path.write_text(ECHO.replace("next:", SETUP + "next:", 1))
    return str(path)


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "from harness.cli import main; main()", "run", *arguments]


def run(*arguments: str, typed: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(command(*arguments), input=typed, capture_output=True, timeout=60, check=False)


def test_a_string(echo: str) -> None:
    done = run(echo, "--controller", "gicv2", "--serial", r"string:hello\n.")
    assert (done.returncode, b"\nHELLO\n" in done.stdout) == (0, True), done


def test_a_file(echo: str, tmp_path: Path) -> None:
    (tmp_path / "typed").write_bytes(b"from a file.")
    done = run(echo, "--controller", "gicv2", "--serial", f"file:{tmp_path / 'typed'}")
    assert (done.returncode, b"FROM A FILE" in done.stdout) == (0, True), done


def test_a_pipe_is_typed(echo: str) -> None:
    done = run(echo, "--controller", "gicv2", "--serial", "stdio", typed=b"piped in.")
    assert (done.returncode, b"PIPED IN" in done.stdout) == (0, True), done


def redirected(echo: str, file: Path) -> subprocess.CompletedProcess[bytes]:
    with file.open("rb") as typed:
        return subprocess.run(
            command(echo, "--controller", "gicv2", "--serial", "stdio"),
            stdin=typed,
            capture_output=True,
            timeout=60,
            check=False,
        )


def test_a_redirected_file_is_typed_and_the_same_twice(echo: str, tmp_path: Path) -> None:
    (tmp_path / "typed").write_bytes(b"from a file.")
    runs = [redirected(echo, tmp_path / "typed") for _ in range(2)]
    assert (runs[0].returncode, b"FROM A FILE" in runs[0].stdout) == (0, True), runs[0]
    assert runs[0].stdout == runs[1].stdout


def test_a_redirected_file_without_an_end_is_refused(echo: str, tmp_path: Path) -> None:
    with (tmp_path / "typed").open("wb") as file:
        file.truncate(1 << 40)
    done = redirected(echo, tmp_path / "typed")
    assert done.returncode == 2
    assert (
        done.stderr
        == b"rvic: error: the standard input has more than the 67,108,864 bytes that can be typed\n"
    )


def test_at_the_end_of_the_input_a_waiting_guest_is_idle(echo: str) -> None:
    done = run(echo, "--controller", "gicv2", "--serial", "stdio", typed=b"no stop")
    assert (done.returncode, b"NO STOP" in done.stdout) == (1, True)
    assert b"nothing armed can wake it" in done.stdout


def test_json_has_the_standard_output_for_itself(echo: str) -> None:
    import json

    done = run(echo, "--controller", "gicv2", "--serial", "stdio", "--json", typed=b"x.")
    assert (json.loads(done.stdout)["console"], done.stderr) == ("X", b"X")


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("file:/none", "serial file:/none: no such file or directory"),
        ("tcp:1", "serial 'tcp:1': it is file:PATH or string:TEXT"),
    ],
)
def test_another_form_is_refused(echo: str, option: str, message: str) -> None:
    done = run(echo, "--serial", option)
    assert (done.returncode, done.stderr.decode()) == (2, f"rvic: error: {message}\n")


@pytest.mark.parametrize(("code", "status"), [(0, 0), (3, 3), (255, 255), (256, 1), (0xFFFF_FFFF, 255)])
def test_the_exit_code_is_the_exit_status(tmp_path: Path, code: int, status: int) -> None:
    (tmp_path / "exit.S").write_text(EXIT.format(code=code))
    assert run(str(tmp_path / "exit.S")).returncode == status


def test_a_reset_restarts_unless_told_otherwise(tmp_path: Path) -> None:
    source = tmp_path / "again.S"
    source.write_text("""
    _start: ldr x9, =0x40100000
            ldr x10, [x9]
            add x10, x10, #1
            str x10, [x9]
            cmp x10, #2
            ldr x0, =0x84000008
            cinc x0, x0, ne
            hvc #0
    """)
    assert run(str(source)).returncode == 0
    done = run(str(source), "--no-reboot")
    assert (done.returncode, b"the guest called PSCI SYSTEM_RESET" in done.stdout) == (1, True)


# A person

Person = tuple["subprocess.Popen[bytes]", int]


@pytest.fixture
def person(echo: str) -> Iterator[Person]:
    """The echo guest with a pseudo-terminal of its own, and the file that a person would type into."""
    with at_a_terminal(echo, "--controller", "gicv2") as person:
        yield person


@contextmanager
def at_a_terminal(*guest: str) -> Iterator[Person]:
    ours, theirs = pty.openpty()
    arguments = command(*guest, "--serial", "stdio")
    process = subprocess.Popen(arguments, stdin=theirs, stdout=theirs, stderr=theirs)
    os.set_inheritable(theirs, False)
    try:
        before = termios.tcgetattr(theirs)
        yield process, ours
        assert termios.tcgetattr(theirs) == before  # whatever happened, the terminal is as it was
    finally:
        process.kill()
        process.wait()
        os.close(ours)
        os.close(theirs)


def shows(file: int, wanted: bytes, *, seconds: float = 30) -> bytes:
    """What appears on the screen until it has this."""
    seen, end = b"", time.monotonic() + seconds
    while wanted not in seen and time.monotonic() < end and select.select([file], [], [], 1)[0]:
        seen += os.read(file, 4096)
    assert wanted in seen, seen
    return seen


def ready(person: Person) -> None:
    """Raw mode is on: type only then, or the kernel would echo."""
    process, file = person
    end = time.monotonic() + 30
    while termios.tcgetattr(file)[3] & termios.ECHO:
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_person_types_and_reads(person: Person) -> None:
    process, file = person
    ready(person)
    for word in (b"live", b"again"):
        os.write(file, word)
        shows(file, word.upper())
    os.write(file, b"\x03")  # Ctrl-C is the guest's
    shows(file, b"\x03")
    os.write(file, b".")
    shows(file, b"power off")
    assert process.wait(30) == 0


def test_the_firmware_that_echoes_can_be_typed_to() -> None:
    """Enter is a carriage return in raw mode: a line ends with it, and an empty one ends the guest."""
    with at_a_terminal("uart_echo", "--no-stimuli") as person:
        process, file = person
        ready(person)
        shows(file, b"an empty line ends\r\n")
        os.write(file, b"typed\r")
        shows(file, b"typed\r\n")
        os.write(file, b"\r")
        shows(file, b"lines: 1, characters: 7")
        shows(file, b"power off")
        assert process.wait(30) == 0


def test_ctrl_a_x_ends_the_run(person: Person) -> None:
    process, file = person
    ready(person)
    os.write(file, b"\x01h")
    shows(file, b"end the run")
    os.write(file, b"\x01\x01")
    shows(file, b"\x01")
    os.write(file, b"\x01x")
    shows(file, b"interrupted")
    assert process.wait(30) == 130
