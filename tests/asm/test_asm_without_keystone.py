# SPDX-License-Identifier: MIT
"""Where Keystone is not installed, clang encodes the same words, and what is wrong with a source is told."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from harness.asm import assemble
from harness.asm.encoding import clang, complaints, encoder
from harness.errors import ConfigError, GuestError

ROOT = Path(__file__).parents[2]
CORPUS = sorted((ROOT / "tests" / "asm" / "corpus").glob("*.S"))


@pytest.fixture
def without_keystone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    if clang.find_zig() is None:
        pytest.skip("ziglang is not installed (extra `toolchain`)")
    monkeypatch.setattr(encoder, "has_keystone", lambda: False)
    complaints.is_mnemonic.cache_clear()
    yield
    complaints.is_mnemonic.cache_clear()


@pytest.mark.parametrize("source", CORPUS, ids=lambda path: path.stem)
def test_a_program_is_the_same(source: Path, without_keystone: None, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = assemble(source)
    monkeypatch.setattr(encoder, "has_keystone", lambda: True)
    assert ours == assemble(source)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("nop\nfrob x0\n", 2, "unknown instruction `frob`"),
        ("nop\npush {r0, lr}\n", 2, "unknown instruction `push`: it is one of A32"),
        ("nop\nnop\nadd x0, x1, #5000\n", 3, "operands do not fit this instruction: expected"),
        ("add x0, x1, nowhere\n", 1, "undefined symbol `nowhere`"),
        ("mov x0, #0x12345678\n", 1, "takes more than one instruction"),
        ("mrs x0, nowhere_el1\n", 1, "no such system register"),
        ("ldr x0, [x1, #8, #9]\n", 1, "operands do not fit this instruction"),
    ],
)
def test_a_wrong_source_is_refused_with_its_line(
    text: str, line: int, message: str, without_keystone: None
) -> None:
    with pytest.raises(GuestError) as caught:
        assemble(text, name="src")
    assert message in str(caught.value)
    assert (caught.value.file, caught.value.line) == ("src", line)


def test_without_either_the_advice_is_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder, "has_keystone", lambda: False)
    monkeypatch.setattr(clang, "find_zig", lambda: None)
    monkeypatch.setattr(clang, "which", lambda name: None)
    clang._command.cache_clear()
    with pytest.raises(ConfigError, match="pip install ziglang"):
        assemble("nop\n")
    clang._command.cache_clear()


def test_rvic_run_works_where_keystone_cannot_be_imported(tmp_path: Path) -> None:
    """The first command of README.md, in a process in which `import keystone` fails."""
    if clang.find_zig() is None:
        pytest.skip("ziglang is not installed (extra `toolchain`)")
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['keystone'] = None\n")
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    code = "import sys; assert sys.modules['keystone'] is None; from harness.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "run", "tick"],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "guest called PSCI SYSTEM_OFF" in done.stdout


@pytest.mark.parametrize(
    ("system", "machine", "encodes"),
    [
        ("linux", "x86_64", "keystone-engine"),
        ("linux", "aarch64", "ziglang"),
        ("darwin", "x86_64", "keystone-engine"),
        ("darwin", "arm64", "ziglang"),
    ],
)
def test_a_platform_gets_the_encoder_that_there_is_for_it(system: str, machine: str, encodes: str) -> None:
    """Keystone has wheels of x86-64 alone."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    chosen = [
        requirement.name
        for requirement in map(Requirement, project["dependencies"])
        if requirement.marker is None
        or requirement.marker.evaluate({"sys_platform": system, "platform_machine": machine})
    ]
    assert {"keystone-engine", "ziglang"} & set(chosen) == {encodes}
