# SPDX-License-Identifier: MIT
"""Standard streams as a shell can make them: closed, full, or open for reading alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

MAIN = [sys.executable, "-c", "from harness.cli import main; main()"]
CLOSED = "rvic: error: the output cannot be written: it is closed\n"
FULL = "rvic: error: the output cannot be written: no space left on device\n"

needs_full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")


def shell(redirections: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Runs a command line with its streams redirected as a shell would."""
    words = [*MAIN, *map(str, arguments)]
    script = f'exec "$@" {redirections}'
    return subprocess.run(
        ["sh", "-c", script, "sh", *words],
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )


@pytest.mark.parametrize(
    ("redirections", "arguments", "status", "error"),
    [
        (">&-", ["run", "HI"], 2, CLOSED),
        (">&-", ["run", "HI", "--json"], 2, CLOSED),
        (">&-", ["list"], 2, CLOSED),
        ("1</dev/null", ["run", "HI"], 2, CLOSED),
        (">&- 2>&- <&-", ["run", "HI"], 2, ""),
        ("2>&- <&-", ["run", "HI"], 0, ""),
        ("2>&-", ["run", "nowhere.S"], 2, ""),
        pytest.param("2>/dev/full", ["run", "nowhere.S"], 2, "", marks=needs_full),
        pytest.param("2>/dev/full", ["run", "HI", "--json", "--trace"], 2, "", marks=needs_full),
        pytest.param(">/dev/full", ["run", "HI"], 2, FULL, marks=needs_full),
        pytest.param(">/dev/full 2>/dev/full", ["run", "HI"], 2, "", marks=needs_full),
    ],
)
def test_what_cannot_be_written_is_a_line_and_status_2(
    hi: Path, redirections: str, arguments: list[str], status: int, error: str
) -> None:
    done = shell(redirections, *[hi if word == "HI" else word for word in arguments])
    assert (done.returncode, done.stderr) == (status, error)


def test_no_file_gets_the_number_of_a_stream_that_is_closed(tmp_path: Path) -> None:
    """Else what is said on stderr, by the emulator's C code too, would be written into a drive."""
    told = tmp_path / "numbers"
    code = (
        "import os, sys; from harness.cli import streams; streams.settle();"
        f"number = os.open({str(told)!r}, os.O_RDWR | os.O_CREAT);"
        "os.write(number, str(number).encode())"
    )
    subprocess.run(["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", sys.executable, "-c", code], check=True)
    assert int(told.read_text()) > 2
