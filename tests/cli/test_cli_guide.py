# SPDX-License-Identifier: MIT
"""docs/guide.md leaves out no option of ``rvic run``, no command and no key of ``guest.toml``."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import typer

from harness.cli.app import app
from harness.scenario import manifest
from harness.scenario.manifest import read_manifest

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "guide.md").read_text(encoding="utf-8")
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]  # it is a group
TABLES = re.search(r"```toml\n(.*?)```", GUIDE, re.DOTALL)


def test_every_command_is_there() -> None:
    assert [name for name in COMMANDS if f"    rvic {name} " not in GUIDE] == []


def test_every_option_of_run_is_there() -> None:
    options = [
        option for one in COMMANDS["run"].params if not getattr(one, "hidden", False) for option in one.opts
    ]
    rows = "\n".join(line.partition(" | ")[0] for line in GUIDE.splitlines() if line.startswith("| `--"))
    assert [o for o in options if o.startswith("--") and not re.search(rf"`{o}[ `]", rows)] == []


@pytest.mark.parametrize("table", ["guest", "machine", "run", "expect"])
def test_every_key_of_a_table_is_there(table: str) -> None:
    assert TABLES is not None
    shown = tomllib.loads(TABLES[1])[table]
    spec = {
        "guest": manifest.GuestSpec,
        "machine": manifest.MachineSpec,
        "run": manifest.RunSpec,
        "expect": manifest.ExpectSpec,
    }[table]
    assert sorted(shown) == sorted(spec.__struct_fields__)


def test_the_example_is_a_manifest(tmp_path: Path) -> None:
    assert TABLES is not None
    (tmp_path / "guest.toml").write_text(TABLES[1], encoding="utf-8")
    for name in ("main.S", "disk.cpio", "board.dtb", "vars.bin"):
        (tmp_path / name).touch()
    assert read_manifest(tmp_path / "guest.toml").machine.cpus == 2
