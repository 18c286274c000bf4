# SPDX-License-Identifier: MIT
"""Random accesses to the GIC: `fuzz_gic.py`, a few of them in an ordinary run."""

from __future__ import annotations

from random import Random

import fuzz_gic
import pytest
from campaign import run_cases
from thorough import ALL

CASES = 50 if ALL else 3


def test_random_accesses_read_what_the_manual_says() -> None:
    """IHI 0048B, 4.3 and 4.4: each value that is read, and both outputs after each access."""
    report = run_cases(fuzz_gic.one, seed=2, numbers=range(CASES))
    assert not report.failures, "\n".join(f"case {number}: {text}" for number, text in report.failures)
    tried = report.outcomes
    assert tried["reads"] + tried["writes"] + tried["moves of lines"] == CASES * fuzz_gic.EACH
    assert tried["interrupts taken"] > CASES * 20


def test_the_fuzzer_finds_a_wrong_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    """One bit of the model's answers is turned, in GICC_RPR."""
    read = fuzz_gic.Gic.read

    def wrong(self: fuzz_gic.Gic, frame: fuzz_gic.Frame, cpu: int, offset: int, size: int) -> int:
        value = read(self, frame, cpu, offset, size)
        return value ^ 8 if frame is fuzz_gic.Frame.GICC and offset == 0x014 and size == 4 else value

    monkeypatch.setattr(fuzz_gic.Gic, "read", wrong)
    with pytest.raises(AssertionError, match=r". CPUs: reads 0x[0-9a-f]+, the manual says"):
        fuzz_gic.one(Random(1))
