# SPDX-License-Identifier: MIT
"""Command line of a fuzzer: how much, from which seed, and a line that says what it tried."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable


def campaign(name: str, about: str | None, fuzz: Callable[[int, int], Counter[str]]) -> None:
    """Runs `fuzz(seed, count)` as the command line says, and exits: 0, or 1 with what went wrong."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100_000, help="how many to try")
    parser.add_argument("--seed", type=int, default=1, help="where to start; the same seed tries the same")
    given = parser.parse_args()
    begin = time.monotonic()
    try:
        tried = fuzz(given.seed, given.count)
    except AssertionError as error:
        print(f"{name}, seed {given.seed}: FAILED\n{error}", file=sys.stderr)
        sys.exit(1)
    what = ", ".join(f"{number:,} {kind}" for kind, number in tried.items())
    print(f"{name}, seed {given.seed}: ok in {time.monotonic() - begin:.0f} s: {what}")
