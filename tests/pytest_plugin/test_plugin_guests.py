# SPDX-License-Identifier: MIT
"""Every ``guest.toml`` is a test."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

HI = """
_start: movz    x1, #0x0900, lsl #16
        mov     w0, #0x68
        str     w0, [x1]
        movz    x0, #0x8400, lsl #16
        movk    x0, #0x0008
        hvc     #0
"""


def guest(pytester: pytest.Pytester, name: str, manifest: str, source: str = HI) -> None:
    directory = pytester.mkdir(name)
    (directory / "main.S").write_text(source)
    (directory / "guest.toml").write_text('[guest]\nsource = "main.S"\n' + manifest)


def test_a_guest_is_collected_by_its_name_and_passes(pytester: pytest.Pytester) -> None:
    guest(pytester, "polite", '[expect]\nconsole = "h"\n')
    result = pytester.runpytest_inprocess("-v")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*polite/guest.toml::polite PASSED*"])


def test_it_can_be_asked_for_by_its_node(pytester: pytest.Pytester) -> None:
    guest(pytester, "one", "")
    guest(pytester, "two", "")
    pytester.runpytest_inprocess("two/guest.toml::two").assert_outcomes(passed=1)


def test_a_failure_says_what_did_not_come_out(pytester: pytest.Pytester) -> None:
    guest(pytester, "rude", '[expect]\nstop = "exit"\ncode = 2\nconsole = "hello"\n')
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "rude did not meet its expectations",
            "  end: expected exit with code 2, got power_off",
            "  console: expected 'hello', *'h'*",
            "stopped: power_off after 6 instructions",
            "console:",
            "  h",
            "last events:",
            "*PSCI.SYSTEM_OFF*",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")


def test_a_failure_tells_of_deviations(pytester: pytest.Pytester) -> None:
    ldxr = HI.replace("mov     w0, #0x68", "ldxr    w0, [x1]")
    guest(pytester, "locked", '[expect]\nconsole = "h"\n', ldxr)
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["deviation from Arm's architecture: mmio-exclusive, 1 time"])


def test_a_wrong_manifest_fails_with_its_line(pytester: pytest.Pytester) -> None:
    guest(pytester, "typo", "[machine]\ncpuss = 2\n")
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*guest.toml:4: unknown key `machine.cpuss`; did you mean `cpus`?"])


def test_a_bug_of_ours_shows_its_traceback(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What an inner run imported is gone from sys.modules after it, while its package still has it as an attribute.
    report = import_module("harness.scenario.report")

    def broken(*_arguments: object, **_options: object) -> None:
        raise ZeroDivisionError("ours")

    monkeypatch.setattr(report, "prepare", broken)
    guest(pytester, "unlucky", "")
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*report.py*", "*ZeroDivisionError: ours*"])


def test_collection_can_be_switched_off(pytester: pytest.Pytester) -> None:
    guest(pytester, "polite", "")
    pytester.makeini("[pytest]\nrvic_collect = false\n")
    pytester.runpytest_inprocess().assert_outcomes()


def test_a_run_without_guests_loads_nothing_of_ours(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        "import sys\n"
        "def test_it():\n"
        "    ours = {m for m in sys.modules if m.startswith('harness.')}\n"
        "    assert ours <= {'harness.pytest_plugin'}, ours\n"
        "    assert not {'unicorn', 'capstone', 'keystone', 'msgspec'} & set(sys.modules)\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    process = subprocess.run(command, cwd=pytester.path, capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stdout + process.stderr
