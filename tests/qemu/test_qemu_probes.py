# SPDX-License-Identifier: MIT
"""Small guests, each line of theirs a probe of one behaviour, say the same here and under QEMU, word for word.

Where they do not, docs/deviations.md says by name who is right, and differences.toml what each says.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from differential import RUNS, Run, differences, needs_qemu, ours, probe_names, qemus

DOCUMENT = Path(__file__).parents[2] / "docs" / "deviations.md"
PROBES = [(run, probe) for run in RUNS for probe in probe_names(run.name)]


def test_there_are_at_least_sixty_probes() -> None:
    assert len({probe for _, probe in PROBES}) >= 60


def test_every_probe_has_its_own_name() -> None:
    names = Counter(name for run in {run.name for run in RUNS} for name in probe_names(run))
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize("run", RUNS, ids=str)
def test_every_probe_answers_here(run: Run) -> None:
    assert list(ours(run)) == probe_names(run.name)


@needs_qemu
@pytest.mark.parametrize(("run", "probe"), PROBES, ids=[f"{run}: {probe}" for run, probe in PROBES])
def test_says_the_same_under_qemu(run: Run, probe: str) -> None:
    here, there = ours(run)[probe], qemus(run)[probe]
    known = differences().get(probe)
    if known is None or known.cpu not in (None, run.cpu):
        assert here == there
    else:
        assert here == known.ours, f"it is known to differ ({known.deviation}), but not so"
        assert there in (known.qemu, known.ours), f"it is known to differ ({known.deviation}), but not so"


def test_every_difference_is_of_a_probe() -> None:
    assert sorted(set(differences()) - {probe for _, probe in PROBES}) == []


def test_every_difference_has_its_name_in_the_document() -> None:
    """A row of one of its tables: the name, what differs, and the section that settles it."""
    text = DOCUMENT.read_text(encoding="utf-8")
    named = set(re.findall(r"^\| `([a-z0-9-]+)` \| .+ \| .+ \|$", text, re.MULTILINE))
    assert sorted({difference.deviation for difference in differences().values()} - named) == []
    theirs = set(re.findall(r"^\| `(qemu-[a-z0-9-]+)` ", text, re.MULTILINE))
    assert sorted(theirs - {difference.deviation for difference in differences().values()}) == []
