# SPDX-License-Identifier: MIT
"""Links of the pages: each leads to a file that there is, and those of the README work on PyPI, too."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Final

import pytest

import harness

ROOT: Final = Path(harness.__file__).parent.parent
PAGES: Final = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
LINK: Final = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def links(text: str) -> list[str]:
    return LINK.findall(re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_link_leads_to_a_file(page: Path) -> None:
    local = [link.partition("#")[0] for link in links(page.read_text()) if "://" not in link]
    assert [link for link in local if link and not (page.parent / link).exists()] == []


def test_on_pypi_no_link_of_the_readme_is_relative() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    text = (ROOT / "README.md").read_text()
    for change in settings["tool"]["hatch"]["metadata"]["hooks"]["fancy-pypi-readme"]["substitutions"]:
        text = re.sub(change["pattern"], change["replacement"], text)
    found = links(text)
    assert len(found) > 8
    assert [link for link in found if not link.startswith("https://")] == []
