# SPDX-License-Identifier: MIT
"""Random command lines get an answer, a status and one clear line, never a traceback: a few here."""

from __future__ import annotations

import pytest
from campaign import run_cases
from fuzz_commands import one
from thorough import ALL

PIECES = 4
CASES = 50 if ALL else 5


@pytest.mark.timeout(600)
@pytest.mark.parametrize("piece", range(PIECES))
def test_random_command_lines(piece: int) -> None:
    first = piece * CASES
    report = run_cases(one, seed=2, numbers=range(first, first + CASES))
    assert report.tried == CASES
    assert not report.failures, "\n".join(f"case {number}: {text}" for number, text in report.failures)
