# SPDX-License-Identifier: MIT
"""A run while it goes on: its console as it comes, its progress, and its end by a signal."""

from __future__ import annotations

import io
import json
import os
import pty
import random
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest
from cli_guests import Rvic
from rich.console import Console as RichConsole

from harness import Machine
from harness.asm import assemble
from harness.board.console import Console
from harness.cli.live import LiveConsoles
from harness.cli.progress import Progress
from harness.cli.screen import Screen
from harness.devices import Pl011

HELLO = """
        .global _start
_start: mov     x0, #0x09000000         // prints, and stays: the usual first program
        adr     x1, text
1:      ldrb    w2, [x1], #1
        cbz     w2, spin
        str     w2, [x0]
        b       1b
spin:   add     x9, x9, #1
        b       spin
text:   .asciz  "said\\n"
"""


@pytest.fixture
def hello(tmp_path: Path) -> Path:
    path = tmp_path / "hello.S"
    path.write_text(HELLO)
    return path


@contextmanager
def running(*arguments: object, **streams: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A run without an end in a process of its own."""
    command = [sys.executable, "-c", "from harness.cli import main; main()", "run", *map(str, arguments)]
    process = subprocess.Popen(
        [*command, "--limit", str(10**15)],
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def read_until(stream: IO[bytes] | None, wanted: bytes) -> None:
    assert stream is not None
    for line in stream:
        if wanted in line:
            return
    raise AssertionError(f"it ended without {wanted!r}")


@pytest.mark.parametrize(
    ("number", "status", "name", "word"),
    [
        (signal.SIGINT, 130, b"Ctrl-C", b"interrupted"),
        (signal.SIGTERM, 143, b"SIGTERM", b"ended by SIGTERM"),
        (signal.SIGHUP, 129, b"SIGHUP", b"ended by SIGHUP"),
    ],
)
@pytest.mark.parametrize("option", [(), ("--trace",)])
def test_the_console_comes_at_once_and_a_signal_is_a_stop(
    hello: Path, number: int, status: int, name: bytes, word: bytes, option: tuple[str, ...]
) -> None:
    """In a pipe, which nobody flushes: what was printed before the guest fell silent is there."""
    with running(hello, *option) as process:
        read_until(process.stdout, b"said")
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert process.returncode == status
    assert b"stopped   interrupted  " + name + b": CPU0 is at `spin" in out
    assert b"5 DataAbort" in out
    assert b"FAILED" not in out
    assert err == b"rvic: " + word + b"\n"


def test_of_a_run_ended_by_a_signal_there_is_json(hello: Path) -> None:
    with running(hello, "--json", "--trace") as process:
        read_until(process.stderr, b"DABT")
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=60)
    report = json.loads(out)
    assert process.returncode == 143
    assert (report["reason"], report["met"]) == ("interrupted", False)
    assert "said\n".startswith(report["console"])


ECHO = """
_start: mov     x1, #0x09000000
next:   ldr     w2, [x1, #0x18]
        tbnz    w2, #4, next
        ldr     w3, [x1]
        str     w3, [x1]
        b       next
"""


def test_a_pipe_that_stays_open_is_heard_at_once(tmp_path: Path) -> None:
    """Ctrl-A too is the guest's: what comes out of a pipe is no key."""
    path = tmp_path / "echo.S"
    path.write_text(ECHO)
    with running(path, "--serial", "stdio", stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        for line in (b"first\n", b"\x01x second\n"):
            process.stdin.write(line)
            process.stdin.flush()
            read_until(process.stdout, line)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 143


def test_a_pipe_is_read_no_faster_than_the_guest_reads(hello: Path) -> None:
    """Its end would else be the end of the host's memory: here 200 KB meet a guest that takes none."""
    ours, theirs = os.pipe()
    os.set_blocking(theirs, False)
    with running(hello, "--serial", "stdio", stdin=ours) as process:
        read_until(process.stdout, b"said")
        written, end = 0, time.monotonic() + 60
        while written < 200_000 and time.monotonic() < end:
            if not select.select([], [theirs], [], 1)[1]:
                break
            written += os.write(theirs, bytes(4096))
    os.close(ours)
    os.close(theirs)
    assert 64 << 10 <= written < 200_000


def test_a_file_is_typed_from_the_first_tick_and_twice_the_same(tmp_path: Path) -> None:
    typed = tmp_path / "typed"
    typed.write_bytes(b"one line\n\n")
    command = [sys.executable, "-c", "from harness.cli import main; main()", "run", "uart_echo"]
    runs = []
    for _ in range(2):
        with typed.open("rb") as file:
            options = ("--no-stimuli", "--serial", "stdio", "--trace")
            runs.append(
                subprocess.run([*command, *options], stdin=file, capture_output=True, check=True).stdout
            )
    assert b"console | one line\n" in runs[0]
    assert runs[0] == runs[1]


def test_without_its_stimuli_a_guest_can_be_typed_to(rvic: Rvic) -> None:
    result = rvic("run", "uart_echo", "--no-stimuli", "--serial", r"string:typed\n\n")
    assert result.status == 0
    assert "\ntyped\n" in result.out
    assert "hello" not in result.out


# Two consoles on one screen


def both(seed: int) -> tuple[str, dict[str, str]]:
    """What a screen shows of two consoles that print at random, and what each of them had printed."""
    choose = random.Random(seed)
    ports = {"console": Pl011(), "virtio console": Pl011()}
    out = io.StringIO()
    screen = Screen(RichConsole(file=out, width=80))
    live = LiveConsoles(screen, {name: Console(port) for name, port in ports.items()}, lambda: None)
    printed = dict.fromkeys(ports, b"")
    for _ in range(choose.randrange(1, 30)):
        name = choose.choice(list(ports))
        data = "".join(choose.choices("ab\N{GREEK SMALL LETTER PI}\n", k=choose.randrange(6))).encode()
        cut = choose.randrange(len(data) + 1)  # amid a character too
        for piece in (data[:cut], data[cut:]):
            ports[name].output += piece
            printed[name] += piece
            live.turn()
    live.finish()
    return out.getvalue(), {name: data.decode() for name, data in printed.items()}


@pytest.mark.parametrize("seed", range(200))
def test_every_line_of_both_is_whole_and_in_order(seed: int) -> None:
    shown, printed = both(seed)
    of: dict[str, list[str]] = {name: [] for name in printed}
    current = "console"
    for line in shown.removeprefix("\n").splitlines():
        if line in of:
            current = line
            if of[before := next(name for name in of if name != current)][-1:] == [""]:
                of[before].pop()  # the blank line above a title
        else:
            of[current].append(line)
    expected = {name: [line for line in text.split("\n") if line] for name, text in printed.items()}
    got = {name: [line for line in lines if line] for name, lines in of.items()}
    # A line that its console was in the midst of when the other printed goes on in a line of its own.
    assert {name: "".join(lines) for name, lines in got.items()} == {
        name: "".join(lines) for name, lines in expected.items()
    }
    assert "\N{REPLACEMENT CHARACTER}" not in shown


# Progress


class Clock:
    """Clock of a host that moves when it is told to."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_progress_tells_time_instructions_exits_and_what_is_left() -> None:
    clock, out = Clock(), io.StringIO()
    with Machine() as machine:
        machine.load(assemble(HELLO))
        progress = Progress(machine, 1_000_000, out, clock=clock)
        machine.run(limit=250_000)
        progress.turn()
        assert out.getvalue() == "", "a short run has none"
        clock.now += 2
        progress.turn()
        assert out.getvalue() == (
            "\r\x1b[Kguest time 0.004 s  250 k instructions  2 exits/s  0:06 to the limit"
        )
        progress.turn()
        assert out.getvalue().count("\r") == 1, "not before it is time again"
        clock.now += 1
        progress.turn(open_line=True)
        assert out.getvalue().count("\r") == 1, "never over a line of the guest's own"
        progress.clear()
        progress.clear()
        assert out.getvalue().endswith("\r\x1b[K")
        assert out.getvalue().count("\r") == 2


def test_progress_is_for_a_terminal(hello: Path) -> None:
    """It appears on a pseudo-terminal; in the pipe beside it there is nothing of it."""
    ours, theirs = pty.openpty()
    with running(hello, stderr=theirs, env={**os.environ, "TERM": "xterm"}) as process:
        seen = b""
        while b"to the limit" not in seen:
            assert select.select([ours], [], [], 60)[0], seen
            seen += os.read(ours, 4096)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    os.close(theirs)
    os.close(ours)
    assert b"instructions  " in seen
    assert b"to the limit" not in out
    assert b"\x1b" not in out
