# SPDX-License-Identifier: MIT
"""Random accesses to the GIC under QEMU and here: `gic_qemu.py`, a few of them in an ordinary run."""

from __future__ import annotations

from random import Random

import gic_qemu
import pytest
from gic_qemu import QEMU, TABLE, Generator, fuzz
from thorough import ALL

COUNT = 30_000 if ALL else 1_500


@pytest.mark.skipif(QEMU is None, reason="qemu-system-aarch64 is not installed")
@pytest.mark.parametrize("seed", [1, 2])
def test_random_accesses_read_the_same_under_qemu(seed: int) -> None:
    tried = fuzz(seed, COUNT)
    assert tried["loads"] + tried["stores"] >= COUNT
    assert tried["values of ISR_EL1"] > COUNT // 2


def test_the_accesses_are_worth_it() -> None:
    """Interrupts are taken on both CPUs, of all kinds and both groups, and preempt each other."""
    generator = Generator(Random(1))
    depth, taken = 0, set[int]()
    generator.make(1)
    while len(generator.accesses) < 3000:
        generator._one(cpu := generator.random.randrange(2))
        depth = max(depth, len(generator.taken[cpu]))
        taken |= {value & 0x3FF for value in generator.taken[cpu]}
    assert depth >= 2
    assert len(taken & set(gic_qemu.SPIS)) == len(gic_qemu.SPIS)
    assert taken & set(gic_qemu.SGIS)
    assert max(access.address for access in generator.accesses) < TABLE
