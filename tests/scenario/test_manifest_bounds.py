# SPDX-License-Identifier: MIT
"""Manifests that TOML allows and nobody means: tables without a bottom, numbers without an end."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import GuestError
from harness.scenario.reading import read_manifest

HEAD = '[guest]\nsource = "main.S"\n'
LONG_HEX, LONG = "0x" + "f" * 5000, "9" * 5000


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a = " + "[" * 1200 + "]" * 1200, id="arrays"),
        pytest.param("a = " + "{a = " * 1200 + "1" + "}" * 1200, id="tables"),
        pytest.param(HEAD + "[machine]\ncpus = " + "[" * 300 + "]" * 300, id="value"),
        pytest.param(HEAD + "[machine]\n" + ".".join(["cpus"] * 2000) + " = 1", id="dotted"),
        pytest.param(" . ".join(["a"] * 200_000) + " = 1", id="dotted with blanks"),
        pytest.param("a = {" + ".".join(['"a"'] * 200_000) + " = 1}", id="dotted in a table"),
        pytest.param("[" + ".".join(["a"] * 200_000) + "]", id="dotted header"),
    ],
)
def test_what_is_nested_without_end_is_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "guest.toml"
    path.write_text(text)
    with pytest.raises(GuestError, match=r"guest.toml: tables or arrays are nested more than 64 deep"):
        read_manifest(path)


@pytest.mark.parametrize(
    "table",
    [
        f"[expect.symbols]\na = {LONG_HEX}",
        f"[expect]\ncode = {LONG_HEX}",
        f"[expect.interrupts.27]\ncount = {LONG_HEX}",
        f"[expect.interrupts.{LONG}]\ncount = 1",
        f'[[stimulus]]\nat = {LONG_HEX}\ndo = "spi=1"',
        f'[[stimulus]]\nat = 1\ndo = "spi={LONG}"',
        f"[run]\nlimit = {LONG_HEX}",
        f"[run]\nlimit = {LONG}",
        f"[machine]\nseed = {LONG_HEX}",
        f"[machine]\ncpus_allowed = [{LONG_HEX}]",
        f'[machine]\nmemory = "{LONG}G"',
    ],
    ids=lambda table: table.partition("=")[0].replace("\n", " ")[:40],
)
def test_a_number_without_end_is_one_line(
    tmp_path: Path, table: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from harness.cli import invoke

    (tmp_path / "main.S").write_text("nop\n")
    (tmp_path / "guest.toml").write_text(f"{HEAD}{table}\n")
    assert invoke(["run", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("rvic: error: ")
    assert error.count("\n") == 1
