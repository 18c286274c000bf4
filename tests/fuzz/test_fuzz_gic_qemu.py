# SPDX-License-Identifier: MIT
"""Random accesses to the GIC under QEMU and here: `fuzz_gic_qemu.py`, a few of them in an ordinary run."""

from __future__ import annotations

from random import Random

import fuzz_gic_qemu
import pytest
from campaign import run_cases
from fuzz_gic_qemu import EACH, QEMU, TABLE, Generator, one
from thorough import ALL

CASES = 15 if ALL else 1


@pytest.mark.skipif(QEMU is None, reason="qemu-system-aarch64 is not installed")
def test_random_accesses_read_the_same_under_qemu() -> None:
    report = run_cases(one, seed=2, numbers=range(CASES))
    assert not report.failures, "\n".join(f"case {number}: {text}" for number, text in report.failures)
    assert report.outcomes["loads"] + report.outcomes["stores"] >= CASES * EACH
    assert report.outcomes["values of ISR_EL1"] > CASES * EACH // 2


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
    assert len(taken & set(fuzz_gic_qemu.SPIS)) == len(fuzz_gic_qemu.SPIS)
    assert taken & set(fuzz_gic_qemu.SGIS)
    assert max(access.address for access in generator.accesses) < TABLE
