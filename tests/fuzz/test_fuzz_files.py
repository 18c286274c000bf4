# SPDX-License-Identifier: MIT
"""Damaged files are used or refused in a line: a few here, and as many as one likes by ``fuzz_files.py``."""

from __future__ import annotations

import pytest
from campaign import run_cases
from fuzz_files import one
from thorough import ALL

PIECES = 4
CASES = 1000 if ALL else 30


@pytest.mark.timeout(600)
@pytest.mark.parametrize("piece", range(PIECES))
def test_damaged_files(piece: int) -> None:
    first = piece * CASES
    report = run_cases(one, seed=3, numbers=range(first, first + CASES))
    assert report.tried == CASES
    assert not report.failures, "\n".join(f"case {number}: {text}" for number, text in report.failures)
