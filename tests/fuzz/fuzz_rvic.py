# SPDX-License-Identifier: MIT
"""Random calls to RVIC and RVID by a guest on 1 to 8 vCPUs against the oracle: every result, and every vCPU's line.

Between the calls come edges of devices and levels of timers, at every profile and order of acknowledging. A case is
one machine and 1,000 calls or more: `python tests/fuzz/fuzz_rvic.py --count 1000` makes a million. A failure shows
the last of them.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from random import Random

from harness import Machine

sys.path += [str(Path(__file__).parent), str(Path(__file__).parents[1] / "el2")]

from call_table import Action, execute, start
from rvic_oracle import Oracle
from rvic_traffic import DRAWN, Drawn, compare, pending

EACH = 1000  # calls to one machine


def one(random: Random, count: int = EACH) -> Counter[str]:
    """Makes calls to one machine; AssertionError where one is wrong."""
    profile, order = random.choice(("spec", "kvm")), random.choice(("fifo", "lowest", "random"))
    cpus, trusted, untrusted = random.randint(1, 8), random.choice((32, 64)), random.choice((32, 96))
    oracle = Oracle(cpus, trusted, untrusted, profile, order)
    calls = Drawn(oracle, profile).calls(random.randbytes(count * DRAWN))
    asynchronous = sum(call.action > Action.SMC for call in calls)
    calls += pending(oracle)
    with Machine(
        cpus=cpus,
        trusted=trusted,
        untrusted=untrusted,
        profile=profile,
        ack_order=order,
        quantum=random.randint(30, 300),
        seed=random.randrange(1000),
        memory="32M",
        ledger=False,
    ) as machine:
        results = execute(start(machine), calls)
    try:
        compare(oracle, calls, results)
    except AssertionError as error:
        what = f"{cpus} vCPUs, T={trusted}, U={untrusted}, {profile}, {order}"
        raise AssertionError(f"{what}: {error}") from None
    answers = Counter(r.x0 for c, r in zip(calls, results, strict=True) if c.action <= Action.SMC)
    refused = sum(n for x0, n in answers.items() if x0)
    made = len(calls) - asynchronous
    return Counter(
        {"calls": made, "calls refused": refused, "edges and levels": asynchronous, f"{cpus} vCPUs": 1}
    )


if __name__ == "__main__":
    from campaign import main

    sys.exit(main("RVIC calls", one, count=100))
