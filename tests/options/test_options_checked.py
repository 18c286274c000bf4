# SPDX-License-Identifier: MIT
"""A wrong option is one clear line at the call, and an error of a type checker before it."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import ConfigError, Machine
from harness.options import MANUALS, QEMUS, MachineOptions, OnReset
from harness.pytest_plugin.machines import MachineFactory

ROOT = Path(__file__).resolve().parents[2]

WRONG = [
    ({"fooo": 3}, "no option `fooo`: there are cpus, cpu, controller, "),
    ({"contrller": "rvic"}, "no option `contrller`; did you mean `controller`?"),
    ({"controller": "rivc"}, "controller 'rivc': choose one of rvic, vgic, trap, gicv2"),
    ({"controller": 3}, "controller 3: choose one of rvic, "),
    ({"cpus": 9}, "cpus=9: 1 to 8"),
    ({"cpus": 0}, "cpus=0: 1 to 8"),
    ({"cpus": True}, "cpus=True: a whole number is needed"),
    ({"cpus": 2.0}, "cpus=2.0: a whole number is needed"),
    ({"cpus": None}, "cpus=None: a whole number is needed"),
    ({"trusted": 33}, "trusted=33: a multiple of 32 from 32 to 2,016"),
    ({"quantum": 0}, "quantum=0: at least 1"),
    ({"seed": "x"}, "seed='x': a whole number is needed"),
    ({"memory": 1.5}, "memory=1.5: a whole number is needed"),
    ({"memory": []}, "memory=[]: a whole number is needed"),
    ({"memory": 5000}, "memory of 5000 bytes: whole pages of 4096 bytes"),
    ({"ledger": 1}, "ledger=1: True or False is needed"),
    ({"virtconsole": "no"}, "virtconsole='no': True or False is needed"),
    ({"serial": b"x"}, "serial=b'x': text is needed"),
    ({"semihosting_dir": 3}, "semihosting_dir=3: a path is needed"),
    ({"semihosting_dir": "a\0b"}, r"semihosting_dir: 'a\x00b' cannot be a path"),
    ({"serial": "file:a\0b"}, r"serial file: 'a\x00b' cannot be a path"),
    ({"drives": ["a\0b,rw"]}, r"drives: 'a\x00b,rw' cannot be a path"),
    ({"drives": 3}, "drives=3: a list of drives is needed"),
    ({"drives": [3]}, "drives: 3 is no drive: a file's name or a disk is needed"),
    ({"backend": "magic"}, "backend 'magic': choose one of c, view, api"),
    ({"profile": "xen"}, "profile 'xen': choose one of spec, kvm"),
    ({"ack_order": "lifo"}, "ack_order 'lifo': choose one of fifo, lowest, random"),
    ({"rvic_base": 1}, "rvic_base=0x1: an SMC64 fast call"),
]


@pytest.mark.parametrize(("options", "message"), WRONG)
def test_a_machine_says_what_is_wrong(options: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Machine(**options)  # type: ignore[arg-type]  # that is the mistake
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("source", ["hello", "_start: b .\n"])
@pytest.mark.parametrize(("options", "message"), [case for case in WRONG if case[0] != {"cpus": None}])
def test_the_fixture_says_the_same(source: str, options: dict[str, object], message: str) -> None:
    factory = MachineFactory(Path(), events=0)
    with pytest.raises(ConfigError) as caught:
        factory(source, **options)  # type: ignore[arg-type]
    assert str(caught.value).startswith(message)


def test_options_are_given_by_name() -> None:
    with pytest.raises(ConfigError, match=r"options are given by name: Machine\(cpus=1\)"):
        Machine(2)  # type: ignore[call-arg,arg-type]


def test_a_source_is_text_or_a_path() -> None:
    with pytest.raises(ConfigError, match="source=3: a path is needed"):
        MachineFactory(Path(), events=0)(3)  # type: ignore[arg-type]


def test_a_member_of_an_enum_is_its_word() -> None:
    with Machine(on_reset=OnReset.RESTART, memory="1M") as machine:  # type: ignore[arg-type]
        assert machine.on_reset is OnReset.RESTART


def test_what_is_not_given_of_the_board_is_as_in_its_manuals_or_as_qemus() -> None:
    assert MachineOptions().board == MANUALS
    assert MachineOptions(like_qemu=True).board == QEMUS
    assert MachineOptions(like_qemu=True, uart="pl011").board.uart == "pl011"


USE = """
from harness import Machine
from harness.pytest_plugin import MachineFactory

Machine(cpus=2, controller="vgic", memory="64M", uart=None)
Machine(controller="rivc")  # wrong
Machine(fooo=3)  # wrong
Machine(cpus="2")  # wrong
Machine(2)  # wrong


def test(machine: MachineFactory) -> None:
    m = machine("main.S", cpus=2, toolchain="zig")
    assert m.symbols["count"] == 1
    m.fooo  # wrong
    machine("main.S", fooo=3)  # wrong
    machine("main.S", profile="xen")  # wrong
"""


def test_a_type_checker_finds_a_wrong_option(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the checkout's own cache: about a second, and some more where nothing was checked before."""
    api = pytest.importorskip("mypy.api")
    monkeypatch.chdir(ROOT)
    path = tmp_path / "use.py"
    path.write_text(USE)
    out, err, _ = api.run(["--strict", "--no-error-summary", "--hide-error-context", str(path)])
    found = {int(line.split(":")[1]) for line in out.splitlines() if ": error: " in line}
    assert err == ""
    assert found == {n for n, line in enumerate(USE.splitlines(), 1) if line.endswith("# wrong")}, out
