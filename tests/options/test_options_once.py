# SPDX-License-Identifier: MIT
"""An option is declared once: a line in harness/options.py reaches API, ``guest.toml``, help and guide."""

from __future__ import annotations

import inspect
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from harness import Machine
from harness.build import Toolchain
from harness.declaration import declared
from harness.engine.emulator.binding import CPU_MODELS
from harness.options import ControllerKind, ControllerName, CpuModel, MachineOptions, OnReset, ToolchainName
from harness.rvic import Order, Profile

ROOT = Path(__file__).resolve().parents[2]
FIRST = "    cpus: Annotated["
ONE_MORE = '    sparkle: Annotated[int, option("Sparkle of the machine.", "N", ge=1, le=7)] = 3\n'
USE = """
import contextlib, io, runpy, sys
from pathlib import Path
from harness import ConfigError, Machine
from harness.cli import invoke
from harness.pytest_plugin.machines import MachineFactory
from harness.scenario.find import find_guest

Machine(sparkle=7).close()
factory = MachineFactory(Path(), events=0)
factory("guest", sparkle=5)
factory.close()
for make in (lambda: Machine(sparkle=8), lambda: factory("guest", sparkle=8)):
    try:
        make()
    except ConfigError as error:
        print("error:", error)
print("toml:", find_guest("guest").machine.options)
print("status:", invoke(["run", "guest", "--sparkle", "2", "--json"]))
table = runpy.run_path("docs/make_tables.py")["machine_table"]()
print("table:", next(line for line in table.splitlines() if "sparkle" in line))
sys.stdout.flush()
invoke(["run", "--help"])
"""


def test_one_more_line_is_an_option_everywhere(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "harness", tmp_path / "harness", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "guest_asm", tmp_path / "guest_asm")
    (tmp_path / "docs").mkdir()
    shutil.copy(ROOT / "docs" / "make_tables.py", tmp_path / "docs")
    options = tmp_path / "harness" / "options.py"
    text = options.read_text(encoding="utf-8")
    options.write_text(text.replace(FIRST, ONE_MORE + FIRST), encoding="utf-8")
    (tmp_path / "guest").mkdir()
    (tmp_path / "guest" / "main.S").write_text("_start: ldr x0, =0x84000008\n hvc #0\n")
    (tmp_path / "guest" / "guest.toml").write_text('[guest]\nsource = "main.S"\n[machine]\nsparkle = 4\n')
    process = subprocess.run(
        [sys.executable, "-c", USE],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "COLUMNS": "80"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    assert process.stdout.count("error: sparkle=8: 1 to 7") == 2
    assert "toml: {'sparkle': 4}" in process.stdout
    assert "status: 0" in process.stdout
    assert (
        "table: | `--sparkle N` | `sparkle` | Sparkle of the machine (1 to 7). Default: 3. |"
        in process.stdout
    )
    assert "--sparkle N                     Sparkle of the machine (1 to 7).  [3]" in process.stdout


def test_the_signature_of_a_machine_is_its_options() -> None:
    assert list(inspect.signature(Machine).parameters) == list(declared(MachineOptions))
    assert inspect.signature(Machine).parameters["cpus"].default == 1


def test_every_option_has_a_sentence() -> None:
    for option in declared(MachineOptions).values():
        assert option.sentence.endswith("."), option.name


@pytest.mark.parametrize(
    ("words", "members"),
    [
        (ControllerName, ControllerKind),
        (ToolchainName, Toolchain),
        (CpuModel, CPU_MODELS),
        (declared(MachineOptions)["on_reset"].choices, OnReset),
        (declared(MachineOptions)["profile"].choices, Profile),
        (declared(MachineOptions)["ack_order"].choices, Order),
    ],
)
def test_the_words_of_an_option_are_those_that_are_known_inside(words: object, members: object) -> None:
    assert list(get_args(words) or words) == [str(member) for member in members]  # type: ignore[attr-defined]
