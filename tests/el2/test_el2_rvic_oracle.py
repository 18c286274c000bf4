# SPDX-License-Identifier: MIT
"""RVIC and RVID against a second statement of their contract, by calls that a real guest makes."""

from __future__ import annotations

import pytest
from call_table import Action, execute, start
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from rvic_oracle import Oracle
from rvic_traffic import DRAWN, OUTCOMES, Drawn, compare, pending

from harness import Machine

CALLS = 1000  # in each example
EXAMPLES = 19  # for each profile and order
LEAST = 100_000  # calls of all profiles and orders together
COMBINATIONS = 6


class Tape(bytes):
    """Drawn bytes, which a failure need not print."""

    def __repr__(self) -> str:
        return f"<{len(self)} bytes>"


@pytest.mark.parametrize("order", ["fifo", "lowest", "random"])
@pytest.mark.parametrize("profile", ["spec", "kvm"])
def test_a_guests_calls_agree_with_the_oracle(profile: str, order: str) -> None:
    made = 0
    outcomes: set[int] = set()

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        cpus=st.integers(1, 4),
        trusted=st.sampled_from([32, 64]),
        untrusted=st.sampled_from([32, 96]),
        quantum=st.integers(30, 300),
        seed=st.integers(0, 1000),
        data=st.binary(min_size=CALLS * DRAWN, max_size=CALLS * DRAWN).map(Tape),
    )
    def agree(cpus: int, trusted: int, untrusted: int, quantum: int, seed: int, data: bytes) -> None:
        nonlocal made
        oracle = Oracle(cpus, trusted, untrusted, profile, order)
        calls = Drawn(oracle, profile).calls(data)
        made += CALLS - sum(call.action > Action.SMC for call in calls)
        calls += pending(oracle)
        with Machine(
            cpus=cpus,
            trusted=trusted,
            untrusted=untrusted,
            profile=profile,
            ack_order=order,
            quantum=quantum,
            seed=seed,
            memory="32M",
            ledger=False,
        ) as machine:
            results = execute(start(machine), calls)
        compare(oracle, calls, results)
        outcomes.update(r.x0 for c, r in zip(calls, results, strict=True) if c.action <= Action.SMC)

    agree()
    assert made * COMBINATIONS >= LEAST
    assert outcomes >= OUTCOMES
