# SPDX-License-Identifier: MIT
"""Campaign: many numbered cases, each made from a seed and its number alone, in as many processes as asked for.

A fuzzer hands in a function from a case's source of randomness to a word for what came of it; it raises for what
must not be. A case that ends its process, or takes longer than five minutes, is a failure like any other.
``python tests/fuzz/NAME.py --count 1000 --seed 1`` runs one and reports what it tried; ``--only N`` repeats one
case, in this process.
"""

from __future__ import annotations

import argparse
import faulthandler
import os
import resource
import subprocess
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from random import Random
from typing import Final, TypeAlias

Case: TypeAlias = Callable[[Random], "str | Counter[str]"]
LONGEST: Final = 300  # seconds for one case: so many only for what would never end
_SHOWN: Final = 10


@dataclass
class Report:
    """Outcomes of the cases that were tried, and the failures with the numbers that repeat them."""

    tried: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    failures: list[tuple[int, str]] = field(default_factory=list)


def random_of(seed: int, number: int) -> Random:
    """Returns the source of all that is random in one case."""
    return Random(f"{seed} {number}")


def run_cases(case: Case, seed: int, numbers: Sequence[int]) -> Report:
    """Runs cases in this process; a failure's text is its traceback."""
    report = Report()
    for number in numbers:
        report.tried += 1
        try:
            outcome = case(random_of(seed, number))
        except Exception:
            report.failures.append((number, traceback.format_exc()))
        else:
            report.outcomes.update(outcome if isinstance(outcome, Counter) else [outcome])
    return report


def main(what: str, case: Case, *, count: int) -> int:
    """Runs a fuzzer from the command line; the status is 1 if a case failed."""
    parser = argparse.ArgumentParser(description=what)
    parser.add_argument("--count", type=int, default=count, help=f"cases to try (default: {count})")
    parser.add_argument("--seed", type=int, default=1, help="seed of all of them (default: 1)")
    parser.add_argument("--first", type=int, default=0, help="number of the first (default: 0)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (default: the CPUs)")
    parser.add_argument("--only", type=int, help="one case, by its number, here")
    parser.add_argument("--worker", type=int, nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker is not None:
        _work(case, options.seed, *options.worker)
        return 0
    if options.only is not None:
        print(case(random_of(options.seed, options.only)))
        return 0
    began = time.monotonic()
    report = _in_processes(options.seed, options.first, options.count, options.jobs)
    _show(what, report, options.seed, time.monotonic() - began)
    return 1 if report.failures else 0


def _in_processes(seed: int, first: int, count: int, jobs: int) -> Report:
    """Shares the cases out in pieces: a process keeps what its machines leave behind, so none has too many."""
    piece = max(1, min(500, count // jobs))
    end = first + count
    total = Report()
    with ThreadPoolExecutor(jobs) as pool:
        pieces = [(start, min(start + piece, end)) for start in range(first, end, piece)]
        for report in pool.map(lambda each: _in_process(seed, *each), pieces):
            total.tried += report.tried
            total.outcomes.update(report.outcomes)
            total.failures.extend(report.failures)
    return total


def _in_process(seed: int, start: int, end: int) -> Report:
    report = Report()
    while start < end:
        command = [sys.executable, sys.argv[0], "--seed", str(seed), "--worker", str(start), str(end)]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace"
        ) as worker:
            output, errors = worker.communicate()
        at, text = start, []
        for line in output.splitlines():
            kind, _, rest = line.partition(" ")
            if kind == "case":
                at, text = int(rest), []
            elif kind == "outcome":
                name, _, times = rest.rpartition(" ")
                report.outcomes[name] += int(times)
            elif kind == "failed":
                text.append(rest)
            elif kind == "end":
                report.tried += 1
                if text:
                    report.failures.append((at, "\n".join(text)))
                at, text = at + 1, []
        if worker.returncode:
            report.tried += 1
            report.failures.append((at, f"the process ended with {worker.returncode}\n{errors}"))
        start = at + 1 if worker.returncode else end
    return report


def _work(case: Case, seed: int, start: int, end: int) -> None:
    """Runs a piece, and says what comes of each case as soon as it is known."""
    for number in range(start, end):
        faulthandler.dump_traceback_later(LONGEST, exit=True)
        print(f"case {number}", flush=True)
        report = run_cases(case, seed, [number])
        for name, times in report.outcomes.items():
            print(f"outcome {name} {times}")
        for _, text in report.failures:
            print("\n".join(f"failed {line}" for line in text.splitlines()))
        print("end")
    faulthandler.cancel_dump_traceback_later()


def _show(what: str, report: Report, seed: int, seconds: float) -> None:
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10
    print(f"{what}: {report.tried} cases of seed {seed} in {seconds:.0f} s, {peak} MiB at most")
    for name, times in sorted(report.outcomes.items()):
        print(f"  {times:>9,}  {name}")
    print(f"  {len(report.failures):>9,}  FAILED")
    for number, text in report.failures[:_SHOWN]:
        print(f"\n{sys.argv[0]} --seed {seed} --only {number}\n{text}")
    if len(report.failures) > _SHOWN:
        rest = ", ".join(str(number) for number, _ in report.failures[_SHOWN:])
        print(f"\nand as well: {rest}")
