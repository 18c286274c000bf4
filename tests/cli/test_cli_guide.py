# SPDX-License-Identifier: MIT
"""docs/guide.md leaves out no option of ``rvic run``, no command and no key of ``guest.toml``."""

from __future__ import annotations

import re
import runpy
import tomllib
from pathlib import Path

import pytest
import typer
from msgspec import Struct

from harness.cli.app import app
from harness.scenario import tables
from harness.scenario.reading import machine_keys, read_manifest

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs" / "guide.md").read_text(encoding="utf-8")
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


@pytest.mark.parametrize(
    ("table", "spec"), [("guest", tables.GuestSpec), ("run", tables.RunSpec), ("expect", tables.ExpectSpec)]
)
def test_every_key_of_a_table_is_there(table: str, spec: type[Struct]) -> None:
    assert TABLES is not None
    assert sorted(tomllib.loads(TABLES[1])[table]) == sorted(spec.__struct_fields__)


def test_every_key_of_a_machine_is_there() -> None:
    assert TABLES is not None
    shown = tomllib.loads(TABLES[1])["machine"]
    rows = "\n".join(line for line in GUIDE.splitlines() if line.startswith("| "))
    assert [key for key in machine_keys() if key not in shown and f"| `{key}` |" not in rows] == []


def test_its_tables_of_options_are_what_the_options_say() -> None:
    """After a change of one: python docs/make_tables.py."""
    make_tables = runpy.run_path(str(ROOT / "docs" / "make_tables.py"))
    assert make_tables["with_tables"](GUIDE) == GUIDE


def test_the_example_is_a_manifest(tmp_path: Path) -> None:
    assert TABLES is not None
    (tmp_path / "guest.toml").write_text(TABLES[1], encoding="utf-8")
    for name in ("main.S", "disk.cpio", "board.dtb", "vars.bin"):
        (tmp_path / name).touch()
    assert read_manifest(tmp_path / "guest.toml").machine.cpus == 2
