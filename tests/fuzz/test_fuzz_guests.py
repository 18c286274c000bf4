# SPDX-License-Identifier: MIT
"""Random guests end with a Stop, leave EL2's state true, and are the same each time: a few here."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from thorough import ALL

sys.path.insert(0, str(Path(__file__).parents[1] / "controllers"))  # its invariants

from campaign import run_cases
from fuzz_guests import one

PIECES = 8
CASES = 25 if ALL else 2


@pytest.mark.timeout(600)
@pytest.mark.parametrize("piece", range(PIECES))
def test_random_guests(piece: int) -> None:
    first = piece * CASES
    report = run_cases(one, seed=2, numbers=range(first, first + CASES))
    assert report.tried == CASES
    assert not report.failures, "\n".join(f"case {number}: {text}" for number, text in report.failures)
