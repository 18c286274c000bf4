# SPDX-License-Identifier: MIT
"""Random sources assemble to the bytes of GNU as, or are refused at a line: a few here."""

from __future__ import annotations

import pytest
from campaign import run_cases
from fuzz_sources import one
from thorough import ALL

PIECES = 4
CASES = 100 if ALL else 4


@pytest.mark.timeout(600)
@pytest.mark.parametrize("piece", range(PIECES))
def test_random_sources(piece: int) -> None:
    first = piece * CASES
    report = run_cases(one, seed=2, numbers=range(first, first + CASES))
    assert report.tried == CASES
    assert not report.failures, "\n".join(f"case {number}: {text}" for number, text in report.failures)
