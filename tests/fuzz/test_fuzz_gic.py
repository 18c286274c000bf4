# SPDX-License-Identifier: MIT
"""Random accesses to the GIC: `gic.py`, a few of them in an ordinary run."""

from __future__ import annotations

import gic
import pytest
from thorough import ALL

COUNT = 50_000 if ALL else 3_000


@pytest.mark.parametrize("seed", [1, 2])
def test_random_accesses_read_what_the_manual_says(seed: int) -> None:
    """IHI 0048B, 4.3 and 4.4: each value that is read, and both outputs after each access."""
    tried = gic.fuzz(seed, COUNT)
    assert tried["reads"] + tried["writes"] + tried["moves of lines"] == COUNT
    assert tried["interrupts taken"] > COUNT // 100


def test_the_fuzzer_finds_a_wrong_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    """One bit of the model's answers is turned: GICC_RPR reads the priority that is masked."""
    read = gic.Gic.read

    def wrong(self: gic.Gic, frame: gic.Frame, cpu: int, offset: int, size: int) -> int:
        value = read(self, frame, cpu, offset, size)
        return value ^ 8 if frame is gic.Frame.GICC and offset == 0x014 and size == 4 else value

    monkeypatch.setattr(gic.Gic, "read", wrong)
    with pytest.raises(AssertionError, match=r"machine 1:0, . CPUs: reads 0x[0-9a-f]+, the manual says"):
        gic.fuzz(1, 2000)
