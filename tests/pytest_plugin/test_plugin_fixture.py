# SPDX-License-Identifier: MIT
"""The fixture ``machine``."""

from __future__ import annotations

import pytest

from harness.build import available_compilers

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
    monkeypatch.setattr("harness.pytest_plugin.machines._loaded", lambda *_: 1 // 0)
    machine("nop\\n")
"""
    )
    result = pytester.runpytest_inprocess()
    result.stdout.fnmatch_lines(["*machines.py:*", "E*ZeroDivisionError*"])


def test_a_fixture_of_the_users_own_comes_first(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("import pytest\n@pytest.fixture\ndef machine():\n    return 'lathe'\n")
    pytester.makepyfile("def test_it(machine):\n    assert machine == 'lathe'\n")
    pytester.runpytest_inprocess().assert_outcomes(passed=1)


CONTROLLER = '''
SOURCE = """
#ifdef IRQ_GICV2
_start: mov     x19, #2
#else
_start: mov     x19, #1
#endif
        ldr     x0, =0x84000008
        hvc     #0
"""
'''


def test_text_is_built_for_the_controller_of_its_machine(pytester: pytest.Pytester) -> None:
    """As a file is: IRQ_GICV2 chooses the driver that the guest is assembled with."""
    pytester.makepyfile(
        CONTROLLER
        + """
from pathlib import Path
import pytest

@pytest.mark.parametrize("controller", ["rvic", "vgic", "trap", "gicv2"])
def test_it(machine, tmp_path, controller):
    (tmp_path / "main.S").write_text(SOURCE)
    seen = []
    for source in (SOURCE, tmp_path / "main.S"):
        m = machine(source, controller=controller)
        assert m.run().ok
        seen.append(m.cpus[0].x[19])
    assert seen == [1 if controller == "rvic" else 2] * 2
"""
    )
    pytester.runpytest_inprocess().assert_outcomes(passed=4)


def test_it_loads_a_program(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        GUEST
        + """
from harness.asm import assemble

def test_it(machine):
    m = machine(assemble(GUEST), cpus=2)
    assert m.run().ok
    assert (m.cpus[0].x[19], len(m.cpus)) == (7, 2)

def test_it_fails(machine):
    machine(assemble(GUEST)).run()
    assert 0
"""
    )
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*rvic: a program*"])


@pytest.mark.skipif(not available_compilers(), reason="no compiler for AArch64 here")
def test_a_toolchain_builds_text_too(pytester: pytest.Pytester) -> None:
    """Its errors have the text's own lines."""
    pytester.makepyfile(
        GUEST
        + """
def test_it(machine):
    m = machine(GUEST, toolchain="auto")
    assert m.run().ok
    assert m.cpus[0].x[19] == 7

def test_it_is_wrong(machine):
    machine("nop\\n frobnicate x0\\n", toolchain="auto")
"""
    )
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["E*GuestError: assembly text:2:*"])


ENDLESS = 'ENDLESS = "_start: b _start\\n"\n'


def test_a_run_without_an_end_fails_its_test(pytester: pytest.Pytester) -> None:
    """Whatever the test makes of the Stop; with a limit of its own, a run is the test's affair."""
    pytester.makeini("[pytest]\nrvic_limit = 10_000\n")
    pytester.makepyfile(
        ENDLESS
        + """
from harness import StopReason, until

def test_it(machine):
    machine(ENDLESS).run()

def test_waiting(machine):
    machine(ENDLESS).run(until.console("never"))

def test_limited(machine):
    assert machine(ENDLESS).run(limit=20_000).reason is StopReason.LIMIT
"""
    )
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(
        [
            ">*machine(ENDLESS).run()",
            "E*the run did not end: 10,000 instructions without an end: CPU0 is at `_start` (assembly text:1);"
            " give run() a limit, or pytest another rvic_limit",
        ]
    )
    result.stdout.no_fnmatch_line("*machines.py*")


def test_a_limit_that_is_none_is_told(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nrvic_limit = soon\n")
    pytester.makepyfile(ENDLESS + "def test_it(machine):\n    machine(ENDLESS)\n")
    result = pytester.runpytest_inprocess()
    result.stdout.fnmatch_lines(
        ["*UsageError: rvic_limit = soon: a number of instructions is needed, 0 for none"]
    )


@pytest.mark.parametrize("scope", ["class", "module", "package", "session"])
def test_a_machine_of_any_scope_lives_as_long(pytester: pytest.Pytester, scope: str) -> None:
    """It is booted once, used by several tests, and reported on by the one that fails."""
    pytester.makepyfile(
        GUEST
        + f"""
import pytest
from harness import until
from harness.pytest_plugin import machine_fixture

machines = machine_fixture("{scope}")

@pytest.fixture(scope="{scope}")
def booted(machines):
    m = machines(GUEST)
    m.run(until.symbol("ready"))
    return m

class TestIt:
    def test_first(self, booted):
        assert booted.cpus[0].x[19] == 7
        booted.cpus[0].x[19] = 8

    def test_second(self, booted):
        assert booted.cpus[0].x[19] == 8

    def test_third(self, booted):
        assert 0

    def test_other(self):
        assert 0
"""
    )
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(passed=2, failed=2)
    assert result.stdout.str().count("rvic: assembly text") == 1


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
