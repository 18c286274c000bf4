# SPDX-License-Identifier: MIT
"""Make what shows the output of ``rvic run tick``: the picture docs/tick.svg, and the text in README.md."""

from __future__ import annotations

import io
import re
from pathlib import Path

from rich.console import Console

from harness.cli.run import run_guest
from harness.cli.screen import Screen
from harness.scenario.find import find_guest

ROOT = Path(__file__).resolve().parent.parent
COLUMNS = 124


def output(console: Console) -> Console:
    """The console, after a run of ``tick`` on it."""
    run_guest(find_guest("tick"), screen=Screen(console))
    return console


def plain() -> str:
    """What a pipe gets."""
    file = io.StringIO()
    output(Console(file=file, highlight=False, width=COLUMNS))
    return file.getvalue()


def picture() -> str:
    """What a terminal shows, as an SVG."""
    console = Console(file=io.StringIO(), record=True, force_terminal=True, highlight=False, width=COLUMNS)
    return output(console).export_svg(title="rvic run tick", unique_id="tick")


def in_readme(readme: str, text: str) -> str:
    """README.md with the text in its place."""
    marked = f"<!-- tick -->\n```text\n{text}```\n<!-- end of tick -->"
    return re.sub(r"<!-- tick -->.*<!-- end of tick -->", lambda _: marked, readme, flags=re.DOTALL)


if __name__ == "__main__":
    readme = ROOT / "README.md"
    readme.write_text(in_readme(readme.read_text(encoding="utf-8"), plain()), encoding="utf-8")
    (ROOT / "docs" / "tick.svg").write_text(picture(), encoding="utf-8")
