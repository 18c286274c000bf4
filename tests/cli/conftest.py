# SPDX-License-Identifier: MIT
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cli_guests import HI, Result, Rvic

from harness.cli import invoke


@pytest.fixture
def rvic(capsys: pytest.CaptureFixture[str]) -> Rvic:
    """Run a command line in this process."""

    def run(*arguments: object) -> Result:
        status = invoke([str(argument) for argument in arguments])
        return Result(status, *capsys.readouterr())

    return run


@pytest.fixture
def hi(tmp_path: Path) -> Path:
    """A guest without a guest.toml that says hi and powers off."""
    path = tmp_path / "hi.S"
    path.write_text(HI)
    return path


@pytest.fixture
def guest(tmp_path: Path) -> Callable[..., Path]:
    """Make a directory with a guest and its guest.toml."""

    def make(source: str, manifest: str = "", name: str = "sample") -> Path:
        directory = tmp_path / name
        directory.mkdir(exist_ok=True)
        (directory / "main.S").write_text(source)
        (directory / "guest.toml").write_text('[guest]\nsource = "main.S"\n' + manifest)
        return directory

    return make
