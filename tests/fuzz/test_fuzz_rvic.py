# SPDX-License-Identifier: MIT
"""Random calls to RVIC and RVID on up to 8 vCPUs: `rvic.py`, a few of them in an ordinary run."""

from __future__ import annotations

import pytest
import rvic
from thorough import ALL

from harness.rvic import Rvic

COUNT = 60_000 if ALL else 2_000


def test_random_calls_answer_what_the_contract_says() -> None:
    """DEN0103, by a second statement of it: x0 to x3, x4 to x17 preserved, ISR_EL1.I before and after."""
    tried = rvic.fuzz(1, COUNT)
    assert tried["calls"] >= COUNT
    assert tried["calls refused"] > COUNT // 20


def test_the_fuzzer_finds_a_signal_that_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    signal = Rvic.signal
    monkeypatch.setattr(Rvic, "signal", lambda self, intid: intid == 15 or signal(self, intid))
    with pytest.raises(AssertionError, match=r"machine 1:\d+, . vCPUs, .*: call \d+: expected"):
        rvic.fuzz(1, 5000)
