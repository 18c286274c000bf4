# SPDX-License-Identifier: MIT
"""README.md says what is so."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from harness.cli.new import new_guest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_its_output_of_tick_is_what_tick_prints() -> None:
    """After a change of it: python docs/make_picture.py."""
    make_picture = runpy.run_path(str(ROOT / "docs" / "make_picture.py"))
    assert make_picture["in_readme"](README, make_picture["plain"]()) == README


def test_the_picture_shows_the_same_output() -> None:
    block = re.search(r"<!-- tick -->\n```text\n(.*?)```", README, re.DOTALL)
    assert block is not None
    picture = (ROOT / "docs" / "tick.svg").read_text(encoding="utf-8")
    shown = re.sub(r"<style>.*?</style>|<[^>]+>", "", picture, flags=re.DOTALL)
    shown = re.sub(r"(&#160;|\s)+", "", shown)
    for line in block[1].splitlines():
        words = re.sub(r"\s+", "", line).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        assert words.replace("'", "&#x27;") in shown, line


def test_its_commands_are_two() -> None:
    commands = runpy.run_path(str(ROOT / ".ci" / "readme_commands.py"))["commands"]
    assert len(commands(README)) == 2


@pytest.mark.parametrize("page", ["README.md", "docs/guide.md"])
def test_its_examples_hold_for_a_new_guest(
    page: str, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those with a test in it are tests, others run in the guest's directory."""
    text = (ROOT / page).read_text(encoding="utf-8")
    examples = re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    assert examples
    new_guest(pytester.path / "fresh")
    monkeypatch.chdir(pytester.path / "fresh")
    for example in examples:
        if "def test_" in example:
            Path("test_example.py").write_text(example)
            result = pytester.runpytest_inprocess("test_example.py", "-p", "no:cacheprovider")
            result.assert_outcomes(passed=1)
        else:
            exec(compile(example, page, "exec"), {})


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "docs/guide.md"])
def test_its_links_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)[^)]*\)", text) if "://" not in link]
    assert [link for link in links if not ((ROOT / page).parent / link).exists()] == []
