# SPDX-License-Identifier: MIT
"""Plain command lines are read without typer, and mean what typer makes of them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from harness.cli import app, plain, run

LINES = [
    "",
    "hello",
    "hello --cpus 4 --controller vgic",
    "--cpus=0x2 hello --limit 1000",
    "hello --trace --json --no-stimuli",
    "hello --at 5:spi=1 --at=7:uart=x --drive a,ro --drive b",
    "hello --cpus 1 --cpus 2",
    "hello --append --json",
    "hello --append=",
    "hello --no-virtconsole --virtconsole --like-qemu --no-reboot",
    "--bios flash.bin --flash other",
]
TYPERS = [
    "-h",
    "hello --help",
    "hello --cpus",
    "hello other",
    "hello --cpu",
    "hello --nonsense",
    "hello --trace=1",
    "hello -- --cpus",
    "hello -x",
]


@pytest.mark.parametrize("line", LINES)
def test_it_means_what_typer_makes_of_it(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["run", *line.split()]
    seen: list[tuple[str | None, dict[str, Any]]] = []
    monkeypatch.setattr(run, "run_command", lambda guest, given: seen.append((guest, dict(given))))
    app.app(words, prog_name="rvic", standalone_mode=False)
    read = plain.read(words)
    assert read is not None
    (guest, given), own = seen[0], read[1]
    assert read[0] == guest
    assert own == {name: value for name, value in given.items() if value not in (None, ())}


@pytest.mark.parametrize("line", TYPERS)
def test_the_rest_is_typer_s(line: str) -> None:
    assert plain.read(["run", *line.split()]) is None


def test_a_plain_run_loads_what_it_needs(tmp_path: Path) -> None:
    large = {"typer", "rich", "pydantic", "keystone", "capstone", "elftools"}
    code = (
        "import sys; from harness.cli import invoke; invoke(['run', 'hello']);"
        f"print(*sorted({large} & {{*sys.modules}}), file=sys.stderr)"
    )
    command, environment = [sys.executable, "-c", code], {**os.environ, "RVIC_CACHE": str(tmp_path)}
    done = [
        subprocess.run(command, env=environment, capture_output=True, text=True, check=True) for _ in range(2)
    ]
    assert done[0].stdout.endswith("expectations met\n")
    assert done[1].stdout == done[0].stdout
    assert done[1].stderr == "\n"
