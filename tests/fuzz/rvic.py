# SPDX-License-Identifier: MIT
"""Random calls to RVIC and RVID by a guest on 1 to 8 vCPUs against the oracle: every result, and every vCPU's line.

    python tests/fuzz/rvic.py --count 1000000 --seed 1

Between the calls come edges of devices and levels of timers, at every profile and order of acknowledging. A failure
names its machine's seed and shows the last calls.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from random import Random

HERE = Path(__file__).parent
sys.path += [str(HERE), str(HERE.parent / "el2")]

from call_table import Action, execute, start  # noqa: E402  # siblings, which no package holds
from campaign import campaign  # noqa: E402
from rvic_oracle import Oracle  # noqa: E402
from rvic_traffic import DRAWN, Drawn, compare, pending  # noqa: E402

from harness import Machine  # noqa: E402

EACH = 1000  # calls to one machine


def fuzz(seed: int, count: int) -> Counter[str]:
    """Makes so many calls, to one machine after the other; AssertionError where one is wrong."""
    tried: Counter[str] = Counter(calls=0)
    number = 0
    while tried["calls"] < count:
        name = f"{seed}:{number}"
        number += 1
        made = _machine(Random(name), name, min(EACH, count - tried["calls"]))
        tried += made
    return tried


def _machine(random: Random, name: str, count: int) -> Counter[str]:
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
        what = f"machine {name}, {cpus} vCPUs, T={trusted}, U={untrusted}, {profile}, {order}"
        raise AssertionError(f"{what}: {error}") from None
    answers = Counter(r.x0 for c, r in zip(calls, results, strict=True) if c.action <= Action.SMC)
    refused = sum(n for x0, n in answers.items() if x0)
    return Counter(
        {
            "calls": len(calls) - asynchronous,
            "edges and levels": asynchronous,
            "calls refused": refused,
            "machines": 1,
            f"machines of {profile}": 1,
            "machines of 8 vCPUs": int(cpus == 8),
        }
    )


if __name__ == "__main__":
    campaign("RVIC calls against the oracle", __doc__, fuzz)
