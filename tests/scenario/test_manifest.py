# SPDX-License-Identifier: MIT
"""guest.toml: what it may say, and what is said when it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import ConfigError, GuestError
from harness.scenario import find
from harness.scenario.find import find_guest
from harness.scenario.manifest import Manifest
from harness.scenario.reading import read_manifest
from harness.scenario.tables import DEFAULT_LIMIT, Ending, InterruptSpec, StimulusSpec

FULL = '''
description = "counts"
[guest]
source = "main.S"
[machine]
cpus = 2
cpus_allowed = [4, 8]
controller = "rvic"
trusted = 64
untrusted = 32
profile = "kvm"
ack_order = "random"
seed = 7
memory = "16M"
[run]
limit = 5_000_000
[[stimulus]]
at = 5000
do = "uart=hello\\n"
[[stimulus]]
at = 6000
do = "spi=1:high"
[expect]
stop = "exit"
code = 3
console = """one
two
"""
console_contains = ["one"]
[expect.symbols]
count = 100
[expect.interrupts.27]
count = 100
world_switches = 4
'''


def write(directory: Path, text: str, source: str = "main.S") -> Path:
    directory.mkdir(exist_ok=True)
    (directory / source).write_text("nop\n")
    path = directory / "guest.toml"
    path.write_text(text)
    return path


def test_every_key_is_read(tmp_path: Path) -> None:
    manifest = read_manifest(write(tmp_path / "counter", FULL))
    assert manifest.name == "counter"
    assert manifest.description == "counts"
    assert manifest.source == tmp_path / "counter" / "main.S"
    assert manifest.machine.options == {
        "cpus": 2,
        "controller": "rvic",
        "trusted": 64,
        "untrusted": 32,
        "profile": "kvm",
        "ack_order": "random",
        "seed": 7,
        "memory": 16 << 20,
    }
    assert manifest.limit == 5_000_000
    assert manifest.stimuli == (StimulusSpec(5000, "uart=hello\n"), StimulusSpec(6000, "spi=1:high"))
    assert manifest.expect.stop is Ending.EXIT
    assert manifest.expect.code == 3
    assert manifest.expect.console == "one\ntwo\n"
    assert manifest.expect.symbols == {"count": 100}
    assert manifest.expect.interrupts == {27: InterruptSpec(count=100, world_switches=4.0)}


def test_only_the_source_is_needed(tmp_path: Path) -> None:
    manifest = read_manifest(write(tmp_path, '[guest]\nsource = "main.S"\n'))
    assert manifest.machine.options == {}
    assert manifest.limit == DEFAULT_LIMIT
    assert manifest.expect.stop is None


HEAD = '[guest]\nsource = "main.S"\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "missing key `guest`"),
        ("[guest]\n", ":1: missing key `guest.source`"),
        ("description = = 1", ":1: not valid TOML: Invalid value (column 15)"),
        ('[guest]\nsource = "none.S"', ":2: `guest.source`: no such file: none.S"),
        ("[guest]\nsource = 3", ":2: `guest.source`: expected a string, got an integer"),
        (
            HEAD + "\n\n[machine]\n\ncpu = 2",
            ":7: `machine.cpu`: cpu 2: choose one of cortex-a53, cortex-a57, cortex-a72, max; did you mean `cpus`?",
        ),
        (HEAD + "[machine]\ncpuss = 2", ":4: unknown key `machine.cpuss`; did you mean `cpus`?"),
        (HEAD + "[zebra]\n", ":3: unknown key `zebra`"),
        (HEAD + '[machine]\ncpus = "two"', ":4: `machine.cpus`: cpus='two': a whole number is needed"),
        (HEAD + "[machine]\ncpus = true", ":4: `machine.cpus`: cpus=True: a whole number is needed"),
        (HEAD + "machine = 3", ":3: unknown key `guest.machine`"),
        (
            HEAD + '[machine]\nprofile = "xen"',
            ":4: `machine.profile`: profile 'xen': choose one of spec, kvm",
        ),
        (
            HEAD + '[machine]\nack_order = "any"',
            ":4: `machine.ack_order`: ack_order 'any': choose one of fifo, lowest, random",
        ),
        (
            HEAD + "[machine]\nmemory = 1.5",
            ":4: `machine.memory`: memory=1.5: a whole number is needed",
        ),
        (HEAD + "[run]\nlimit = 0", ":4: `run.limit`: a limit is at least 1 instruction, not 0"),
        (
            HEAD + '[[stimulus]]\nat = 1\ndo = "spi=1"\n[[stimulus]]\nat = "x"\ndo = "spi=1"',
            ":7: `stimulus[1].at`: expected an integer, got a string",
        ),
        (HEAD + '[[stimulus]]\nat = -1\ndo = "spi=1"', ":4: `stimulus[0].at`: a tick is not negative: -1"),
        (
            HEAD + "[expect.interrupts.-5]\ncount = 1",
            ":3: `expect.interrupts.-5`: an INTID is 0 to 2047, not -5",
        ),
        (
            HEAD + "[expect.interrupts]\n2048 = { count = 1 }",
            ":4: `expect.interrupts.2048`: an INTID is 0 to 2047, not 2048",
        ),
        (HEAD + "[[stimulus]]\nat = 1", ":3: missing key `stimulus[0].do`"),
        (
            HEAD + '[expect]\nstop = "poweroff"',
            ":4: `expect.stop`: 'poweroff' is not one of power_off, reset, exit, limit, idle, stuck, storm, fault",
        ),
        (
            HEAD + "[expect.interrupts.27]\ncount = 1\ncost = 3",
            ":5: unknown key `expect.interrupts.27.cost`; did you mean `count`?",
        ),
        (
            HEAD + '[expect]\nconsole = """\ncpus = 3\n[machine]\n"""\n[machine]\ncpus = "x"',
            ":9: `machine.cpus`: cpus='x': a whole number is needed",
        ),
    ],
)
def test_a_mistake_is_named_with_its_key_and_line(tmp_path: Path, text: str, message: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(GuestError) as caught:
        read_manifest(path)
    assert message in str(caught.value)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_a_manifest_that_is_not_text_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, "")
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(GuestError, match="not UTF-8 text"):
        read_manifest(path)


def test_a_guest_is_found_by_directory_manifest_source_and_image(tmp_path: Path) -> None:
    path = write(tmp_path, HEAD)
    (tmp_path / "other.S").write_text("nop\n")
    assert find_guest(tmp_path).path == path
    assert find_guest(path).path == path
    assert find_guest(tmp_path / "main.S").path == path
    assert find_guest(tmp_path / "other.S") == Manifest(name="other", source=tmp_path / "other.S")


def test_a_firmware_is_found_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "firmware", "")
    write(tmp_path / "firmware" / "beacon", HEAD)
    monkeypatch.setattr(find, "firmware_dir", lambda: tmp_path / "firmware")
    assert find_guest("beacon").source.name == "main.S"
    with pytest.raises(GuestError, match=r"no guest `becon`.* did you mean `beacon`"):
        find_guest("becon")
    with pytest.raises(GuestError, match="`rvic list` shows the firmware"):
        find_guest("xyzzy")
    with pytest.raises(GuestError, match=r"nowhere/main.S: no such file"):
        find_guest("nowhere/main.S")
    (tmp_path / "empty").mkdir()
    with pytest.raises(GuestError, match=r"has no guest.toml"):
        find_guest(tmp_path / "empty")


def test_options_given_replace_the_manifests(tmp_path: Path) -> None:
    manifest = read_manifest(write(tmp_path, FULL))
    changed = manifest.with_machine(cpus=4, profile=None, trusted=96)
    assert changed.machine.cpus == 4
    assert changed.machine.options["profile"] == "kvm"
    assert changed.machine.options["trusted"] == 96
    assert manifest.with_limit(9).limit == 9
    assert manifest.with_limit(None).limit == 5_000_000


def test_a_number_of_cpus_the_guest_is_not_written_for_is_refused(tmp_path: Path) -> None:
    manifest = read_manifest(write(tmp_path, FULL))
    with pytest.raises(ConfigError, match="written for 2, 4, 8 vCPUs, not 3"):
        manifest.with_machine(cpus=3)
