# SPDX-License-Identifier: MIT
"""``rvic version``: a line each for what runs, and for what of it is compiled."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest
from cli_guests import Rvic

import harness
from harness.engine.backends import absence

WHY_NOT = "harness/engine/native/why_not.txt"
CORE = "harness/engine/native/_cpu.abi3.so"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A directory with a copy of the package in which nothing is compiled."""
    leave = shutil.ignore_patterns("*.so", "why_not.txt", "__pycache__")
    shutil.copytree(Path(harness.__file__).parent, tmp_path / "harness", ignore=leave)
    return tmp_path


def version(place: Path) -> list[str]:
    """The lines that the copy prints."""
    command = [sys.executable, "-m", "harness", "version"]
    environment = {**os.environ, "PYTHONPATH": str(place)}
    done = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_it_says_what_runs(rvic: Rvic) -> None:
    result = rvic("version")
    assert result.status == 0
    words = [line.split()[0] for line in result.out.splitlines()]
    assert words == ["rvic", "Python", "unicorn", "backend", "mypyc:"]
    assert ("backend c: built\n" in result.out) == (absence("c") is None)


def test_a_checkout_where_nothing_was_compiled(copy: Path) -> None:
    assert version(copy)[3:] == [
        "backend c: absent, so view: the C core has not been compiled",
        "mypyc: not used, all modules are plain Python",
    ]


def test_a_wheel_without_the_c_core_says_why(copy: Path) -> None:
    (copy / WHY_NOT).write_text("there was no compiler\n")
    assert (
        version(copy)[3]
        == "backend c: absent, so view: the C core has not been compiled: there was no compiler"
    )


def test_a_c_core_that_does_not_load_is_told_of(copy: Path) -> None:
    (copy / CORE).write_bytes(b"no ELF file")
    line = version(copy)[3]
    assert line.startswith("backend c: absent, so view: the C core cannot be loaded: ")
    assert "_cpu.abi3.so" in line


@pytest.mark.skipif(absence("c") is not None, reason="the C core has not been compiled")
@pytest.mark.parametrize(
    ("line", "said"), [("", "built"), ("/* new */", "absent, so view: the C core was compiled from")]
)
def test_a_c_core_of_another_source_is_left_alone(copy: Path, line: str, said: str) -> None:
    native = copy / "harness/engine/native"
    shutil.copy(Path(harness.__file__).parent.parent / CORE, native)
    with (native / "cpu.c").open("a") as source:
        source.write(line)
    (copy / "hatch_build.py").touch()  # as in a checkout: a wheel has no source that anybody changes
    assert version(copy)[3].startswith(f"backend c: {said}")


def test_modules_compiled_for_this_python_are_counted(copy: Path) -> None:
    for name in ("gic/priority", "rvic/state"):
        (copy / "harness" / f"{name}{EXTENSION_SUFFIXES[0]}").touch()
    (copy / "harness/rvic/vm.cpython-39-x86_64-linux-gnu.so").touch()  # which this Python does not take
    (copy / f"harness/compiled__mypyc{EXTENSION_SUFFIXES[0]}").touch()  # the code of them all
    assert version(copy)[4] == "mypyc: 2 modules compiled, of gic, rvic"
