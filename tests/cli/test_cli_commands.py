# SPDX-License-Identifier: MIT
"""rvic list, new and disasm."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from cli_guests import Rvic

from harness.scenario.find import firmware_names


def test_list_names_every_firmware_with_its_description(rvic: Rvic) -> None:
    result = rvic("list")
    assert result.status == 0
    lines = result.out.splitlines()
    assert [line.split()[0] for line in lines] == firmware_names()
    assert {"faults", "hello", "ipi", "spi", "spurious", "tick", "uart_echo"} <= set(firmware_names())
    assert all(len(line.split()) > 4 for line in lines), "each has a description"


def test_new_makes_a_guest_that_runs_at_once(rvic: Rvic, tmp_path: Path) -> None:
    made = rvic("new", tmp_path / "my-driver")
    assert made.status == 0
    names = sorted(path.name for path in (tmp_path / "my-driver").iterdir())
    assert names == ["README.md", "guest.toml", "main.S", "test_my_driver.py"]
    result = rvic("run", tmp_path / "my-driver")
    assert result.status == 0, result.out
    assert "three edges" in result.out


@pytest.mark.parametrize("profile", ["spec", "kvm"])
@pytest.mark.parametrize("order", ["fifo", "lowest", "random"])
def test_the_new_guest_holds_in_every_profile_and_order(
    rvic: Rvic, tmp_path: Path, profile: str, order: str
) -> None:
    rvic("new", tmp_path / "first")
    result = rvic("run", tmp_path / "first", "--profile", profile, "--ack-order", order)
    assert result.status == 0, result.out


def test_the_new_guests_tests_pass(rvic: Rvic, pytester: pytest.Pytester) -> None:
    rvic("new", pytester.path / "my-driver")
    result = pytester.runpytest_inprocess("my-driver", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=4)


def test_new_does_not_overwrite(rvic: Rvic, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    result = rvic("new", tmp_path / "mine")
    assert result.status == 2
    assert "there already, and not empty" in result.err


def test_disasm_shows_instructions_below_their_symbols(rvic: Rvic, hi: Path) -> None:
    result = rvic("disasm", hi)
    assert result.status == 0
    lines = result.out.splitlines()
    assert any(line.startswith("_start") for line in lines)
    assert any("hvc" in line for line in lines)


def test_the_package_runs_as_the_command(rvic: Rvic) -> None:
    """``python -m harness``, for where no script is on PATH."""
    command = [sys.executable, "-m", "harness", "version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == rvic("version").out
