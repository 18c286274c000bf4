# SPDX-License-Identifier: MIT
"""The fixture ``machine``."""

from __future__ import annotations

import pytest

GUEST = '''
GUEST = """
_start: mov     x19, #7
ready:  movz    x0, #0x8400, lsl #16
        movk    x0, #0x0008
        hvc     #0
"""
'''


def test_it_loads_assembly_text(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        GUEST
        + """
from harness import StopReason, until

def test_it(machine):
    m = machine(GUEST, cpus=2)
    assert m.run(until.symbol("ready")).reason is StopReason.UNTIL
    assert m.cpus[0].x[19] == 7
    assert len(m.cpus) == 2
    assert m.run().reason is StopReason.POWER_OFF
"""
    )
    pytester.runpytest_inprocess().assert_outcomes(passed=1)


def test_it_finds_a_file_beside_the_test_wherever_pytest_runs(pytester: pytest.Pytester) -> None:
    directory = pytester.mkdir("guests")
    (directory / "main.S").write_text("_start: mov x19, #9\nstop: b stop\n")
    (directory / "guest.toml").write_text('[guest]\nsource = "main.S"\n[machine]\ncpus = 4\n')
    (directory / "test_it.py").write_text(
        "from pathlib import Path\n"
        "from harness import until\n"
        "def test_a_file(machine):\n"
        "    m = machine('main.S')\n"
        "    m.run(until.symbol('stop'))\n"
        "    assert m.cpus[0].x[19] == 9\n"
        "    assert len(m.cpus) == 1\n"
        "def test_a_manifest_brings_its_machine(machine):\n"
        "    assert len(machine('guest.toml').cpus) == 4\n"
        "    assert len(machine(Path(__file__).parent).cpus) == 4\n"
    )
    pytester.runpytest_inprocess("guests/test_it.py").assert_outcomes(passed=2)


def test_it_knows_the_firmware_by_name(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
def test_it(machine):
    m = machine("hello", profile="kvm")
    m.run(limit=1_000_000)
    assert m.console.text
"""
    )
    pytester.runpytest_inprocess().assert_outcomes(passed=1)


def test_machines_are_closed_when_the_test_ends(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        GUEST
        + """
from harness.machine.machine import Machine# not by way of `harness`, which keeps that of another session

closed = []

def test_first(machine, monkeypatch):
    close = Machine.close
    monkeypatch.setattr(Machine, "close", lambda self: (closed.append(self), close(self)))
    for _ in range(3):
        machine(GUEST)
    request_ends_here = True

def test_second():
    assert len(set(map(id, closed))) == 3
"""
    )
    # monkeypatch is undone before `machine` ends unless it was asked for first.
    path = next(pytester.path.glob("test_*.py"))
    path.write_text(path.read_text().replace("(machine, monkeypatch)", "(monkeypatch, machine)"))
    pytester.runpytest_inprocess().assert_outcomes(passed=2)


def test_a_failing_test_shows_what_its_machine_did(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        GUEST
        + """
def test_it(machine):
    m = machine(GUEST)
    m.run()
    assert m.cpus[0].x[19] == 8
"""
    )
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*rvic: assembly text*", "CPU0 pc=*", "last events:", "*PSCI.SYSTEM_OFF*"])


def test_a_failing_test_can_go_without_events(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nrvic_events = 0\n")
    pytester.makepyfile(GUEST + "def test_it(machine):\n    machine(GUEST).run()\n    assert 0\n")
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*rvic: assembly text*"])
    result.stdout.no_fnmatch_line("*last events*")


def test_a_number_of_events_that_is_none_is_told(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nrvic_events = many\n")
    pytester.makepyfile(GUEST + "def test_it(machine):\n    machine(GUEST)\n")
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*UsageError: rvic_events = many: a number of events is needed, 0 for none"])


def test_a_wrong_source_is_an_error_with_its_line(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(machine):\n    machine('nop\\nfrobnicate x0\\n')\n")
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*GuestError: *:2: *"])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("machine('nop\\nfrobnicate x0\\n')", "GuestError: *:2: *"),
        ("machine('helo')", "GuestError: no guest `helo`*"),
        ("machine('hello', trusted=33)", "ConfigError: trusted=33*"),
    ],
)
def test_a_users_mistake_shows_the_tests_line_alone(
    pytester: pytest.Pytester, call: str, message: str
) -> None:
    pytester.makepyfile(f"def test_it(machine):\n    {call}\n")
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f">*{call}", f"E*{message}"])
    result.stdout.no_fnmatch_line("*machines.py*")
    result.stdout.no_fnmatch_line("*harness/*")


def test_a_bug_of_ours_shows_its_frames(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
def test_it(machine, monkeypatch):
    monkeypatch.setattr("harness.pytest_plugin.machines.assemble", lambda text: 1 // 0)
    machine("nop\\n")
"""
    )
    result = pytester.runpytest_inprocess()
    result.stdout.fnmatch_lines(["*machines.py:*", "E*ZeroDivisionError*"])


def test_a_fixture_of_the_users_own_comes_first(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("import pytest\n@pytest.fixture\ndef machine():\n    return 'lathe'\n")
    pytester.makepyfile("def test_it(machine):\n    assert machine == 'lathe'\n")
    pytester.runpytest_inprocess().assert_outcomes(passed=1)


def test_a_failing_test_tells_of_deviations(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
def test_it(machine):
    m = machine("_start: movz x1, #0x900, lsl #16\\n ldxr w0, [x1]\\n")
    m.run(limit=100)
    assert False
"""
    )
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["deviation from Arm's architecture: mmio-exclusive, 1 time"])
