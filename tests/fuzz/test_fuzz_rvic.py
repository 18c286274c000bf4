# SPDX-License-Identifier: MIT
"""Random calls to RVIC and RVID on up to 8 vCPUs: `fuzz_rvic.py`, a few of them in an ordinary run."""

from __future__ import annotations

from random import Random

import fuzz_rvic
import pytest
from campaign import run_cases
from thorough import ALL

from harness.rvic import Rvic

CASES = 30 if ALL else 2


def test_random_calls_answer_what_the_contract_says() -> None:
    """DEN0103, by a second statement of it: x0 to x3, x4 to x17 preserved, ISR_EL1.I before and after."""
    report = run_cases(fuzz_rvic.one, seed=2, numbers=range(CASES))
    assert not report.failures, "\n".join(f"case {number}: {text}" for number, text in report.failures)
    assert report.outcomes["calls"] >= CASES * fuzz_rvic.EACH
    assert report.outcomes["calls refused"] > CASES * fuzz_rvic.EACH // 20


def test_the_fuzzer_finds_a_signal_that_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    signal = Rvic.signal
    monkeypatch.setattr(Rvic, "signal", lambda self, intid: intid == 15 or signal(self, intid))
    with pytest.raises(AssertionError, match=r". vCPUs, .*: call \d+: expected"):
        fuzz_rvic.one(Random(1))
