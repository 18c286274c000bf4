# SPDX-License-Identifier: MIT
"""Maker of a guest that runs at once, with a test beside it: ``rvic new``."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from typing import Final

from rich.text import Text

from harness.build import COMPILER_HINT
from harness.cli.screen import Screen, new_table
from harness.errors import ConfigError

TEMPLATES: Final = ("guest.toml", "README.md", "test_guest.py")
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


def new_guest(directory: Path, *, in_c: bool = False) -> int:
    """Makes the directory, which must not exist or be empty, and says what to do with it."""
    source = "main.c" if in_c else "main.S"
    name = directory.name
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"a guest's name is letters, digits, - and _, and begins with a letter: not `{name}`"
        )
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if any(directory.iterdir()):
            raise ConfigError(f"{directory} is there already, and not empty")
        for template in (source, *TEMPLATES):
            target = template.replace("guest.py", f"{name.replace('-', '_')}.py")
            (directory / target).write_text(_filled(template, name, source), encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"cannot make {directory}: {(error.strerror or str(error)).lower()}") from None
    _say(directory)
    return 0


def _filled(template: str, name: str, source: str) -> str:
    text = (files("harness.cli") / "templates" / f"{template}.in").read_text(encoding="utf-8")
    needs = f"It needs a C compiler: {COMPILER_HINT}.\n\n" if source.endswith(".c") else ""
    return text.replace("@NAME@", name).replace("@SOURCE@", source).replace("@NEEDS@", needs)


def _say(directory: Path) -> None:
    screen = Screen.of_stdout()
    screen.line(
        ("made ", ""), (str(directory), "bold cyan"), (": a driver that counts the edges of a device", "")
    )
    commands = new_table("command", "purpose", left=("command", "purpose"), header=False)
    for command, purpose in (("rvic run", "runs it"), ("pytest", "tests it")):
        commands.add_row(Text(f"  {command} {directory}", "bold"), Text(purpose, "dim"))
    screen.table(commands)
