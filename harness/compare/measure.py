# SPDX-License-Identifier: MIT
"""One work under one controller, run and counted."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from harness.arch.virt import CNTFRQ
from harness.compare.bench import Bench
from harness.compare.works import CONTROLLERS, Work
from harness.gic.config import GicConfig
from harness.machine import Machine
from harness.run.stop import StopReason
from harness.trace import Ledger

LIMIT = 20_000_000  # instructions; a work that needs so many is wrong
LIST_REGISTERS = GicConfig().list_registers  # of a CPU, unless told
QUANTUM = 100  # instructions between turns: a CPU that waits for another one does not wait long


@dataclass(frozen=True, slots=True)
class Spread:
    """World switches, over all interrupts of a run."""

    min: int
    median: int | float
    max: int
    mean: int | float

    @classmethod
    def of(cls, counts: list[int]) -> Spread:
        """The spread of at least one count."""
        median = integral(statistics.median(counts))
        return cls(min(counts), median, max(counts), integral(sum(counts) / len(counts)))


@dataclass(frozen=True, slots=True)
class Row:
    """What one work cost under one controller.

    ``by_exit``, ``needs_host`` and ``guest_instructions`` are means per interrupt; ``by_exit`` sums to the mean of
    ``world_switches``. ``exits_per_second`` are all exits that are counted, by their virtual time.
    ``queued``: world switches of the interrupts that came with another's physical one; None where there are none.
    ``seen``: what exits there were in the whole run, counted or not.
    """

    work: str
    controller: str
    interrupts: int
    world_switches: Spread
    by_exit: dict[str, int | float]
    needs_host: int | float
    guest_instructions: int | float
    exits_per_second: int | float
    queued: Spread | None
    seen: tuple[str, ...]


def compare(works: Iterable[Work], *, list_registers: int = LIST_REGISTERS) -> Iterator[Row]:
    """Each work under each controller."""
    for work in works:
        for controller in CONTROLLERS:
            yield measure(work, controller, list_registers=list_registers)


def measure(work: Work, controller: str, *, list_registers: int = LIST_REGISTERS) -> Row:
    """Run a work under a controller. RuntimeError if it does not do what it is for: that is our bug."""
    options = {"controller": controller, "ledger": False, "list_registers": list_registers, **work.machine}
    with Machine(quantum=QUANTUM, memory="8M", **options) as machine:
        machine.load(work.source)
        bench = Bench(machine)
        stop = machine.run(limit=LIMIT)
        if stop.reason is not StopReason.POWER_OFF:
            raise RuntimeError(f"{work.name} under {controller}: {stop.reason}: {stop.detail}")
        done = machine.memory.u64(machine.symbols["handled"])
    if work.spans:
        counts, by_exit, host = _spans(bench)
    else:
        counts, by_exit, host = _interrupts(bench, done)
    per = len(counts)
    return Row(
        work=work.name,
        controller=controller,
        interrupts=per,
        world_switches=Spread.of(counts),
        by_exit={label: integral(count / per) for label, count in sorted(by_exit.items())},
        needs_host=integral(host / per),
        guest_instructions=integral(bench.instructions / per),
        exits_per_second=integral(bench.ledger.total * CNTFRQ / bench.ticks),
        queued=_queued(bench),
        seen=tuple(sorted({*bench.ledger.by_exit, *bench.outside.by_exit})),
    )


def _spans(bench: Bench) -> tuple[list[int], dict[str, int], int]:
    return [sum(span.values()) for span in bench.spans], _sum(bench.spans), bench.span_host_exits


def _queued(bench: Bench) -> Spread | None:
    """An interrupt that had a physical one of its own started with it."""
    occurrences = bench.ledger.occurrences if bench.fetched else ()
    counts = [o.world_switches for o in occurrences if (o.intid, o.started) not in bench.fetched]
    return Spread.of(counts) if counts else None


def _interrupts(bench: Bench, done: int) -> tuple[list[int], dict[str, int], int]:
    """What the ledger has of each interrupt. It must have them all, and every exit must be one of theirs."""
    ledger = bench.ledger
    if not ledger.total:  # and where nothing exits, it may not even see them
        return [0] * done, {}, 0
    counts = [occurrence.world_switches for occurrence in ledger.occurrences]
    if len(counts) != done or ledger.unattributed or ledger.in_flight:
        raise RuntimeError(f"of {done} interrupts the ledger has {len(counts)}; {unaccounted(ledger)}")
    return counts, _sum(ledger.per_interrupt(intid).by_exit for intid in ledger.intids()), bench.host_exits


def unaccounted(ledger: Ledger) -> str:
    """The exits that are in no finished interrupt, for people."""
    return f"{ledger.in_flight} exits in flight, not attributed: {ledger.unattributed_by_exit or 'none'}"


def _sum(parts: Iterable[dict[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for part in parts:
        for label, count in part.items():
            total[label] = total.get(label, 0) + count
    return total


def integral(value: float) -> int | float:
    """An int where the value is one, so that it prints as ``4`` and not as ``4.0``."""
    return int(value) if value == int(value) else value
