# SPDX-License-Identifier: MIT
"""Runs of one workload under one controller, and their figures."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from harness.arch.virt import CNTFRQ
from harness.compare.meter import Meter
from harness.compare.workloads import CONTROLLERS, Workload
from harness.gic.config import GicConfig
from harness.machine import Machine
from harness.run.stop import StopReason
from harness.trace import Ledger
from harness.trace.costs import integral
from harness.wording import plural

LIMIT = 20_000_000  # instructions; a workload that needs so many is wrong
LIST_REGISTERS = GicConfig().list_registers  # of a CPU, unless told
QUANTUM = 100  # instructions between turns: a CPU that waits for another one does not wait long


@dataclass(frozen=True, slots=True)
class Spread:
    """World switches of single interrupts, over all of a run."""

    min: int
    median: int | float
    max: int
    mean: int | float

    @classmethod
    def of(cls, counts: list[int]) -> Spread:
        """Returns the spread of at least one count."""
        median = integral(statistics.median(counts))
        return cls(min(counts), median, max(counts), integral(sum(counts) / len(counts)))


@dataclass(frozen=True, slots=True)
class Row:
    """Figures of one workload under one controller.

    ``by_exit``, ``needs_host`` and ``guest_instructions`` are means per interrupt; ``by_exit`` sums to the mean of
    ``world_switches``. ``exits_per_second`` are all exits that are counted, by their virtual time.
    ``queued``: world switches of the interrupts that came with another's physical one; None where there are none.
    ``seen``: the kinds of exits in the whole run, counted or not.
    """

    workload: str
    controller: str
    interrupts: int
    world_switches: Spread
    by_exit: dict[str, int | float]
    needs_host: int | float
    guest_instructions: int | float
    exits_per_second: int | float
    queued: Spread | None
    seen: tuple[str, ...]


def compare(workloads: Iterable[Workload], *, list_registers: int = LIST_REGISTERS) -> Iterator[Row]:
    """Measures each workload under each controller."""
    for workload in workloads:
        for controller in CONTROLLERS:
            yield measure(workload, controller, list_registers=list_registers)


def measure(workload: Workload, controller: str, *, list_registers: int = LIST_REGISTERS) -> Row:
    """Runs a workload under a controller. RuntimeError if it does not do what it is for: that is our bug."""
    options = {
        "controller": controller,
        "ledger": False,
        "list_registers": list_registers,
        **workload.machine,
    }
    with Machine(quantum=QUANTUM, memory="8M", **options) as machine:
        machine.load(workload.source)
        meter = Meter(machine)
        stop = machine.run(limit=LIMIT)
        if stop.reason is not StopReason.POWER_OFF:
            raise RuntimeError(f"{workload.name} under {controller}: {stop.reason}: {stop.detail}")
        done = machine.memory.u64(machine.symbols["handled"])
    if workload.spans:
        counts, by_exit, host = _spans(meter)
    else:
        counts, by_exit, host = _interrupts(meter, done)
    per = len(counts)
    return Row(
        workload=workload.name,
        controller=controller,
        interrupts=per,
        world_switches=Spread.of(counts),
        by_exit={label: integral(count / per) for label, count in sorted(by_exit.items())},
        needs_host=integral(host / per),
        guest_instructions=integral(meter.instructions / per),
        exits_per_second=integral(meter.ledger.total * CNTFRQ / meter.ticks),
        queued=_queued(meter),
        seen=tuple(sorted({*meter.ledger.by_exit, *meter.outside.by_exit})),
    )


def _spans(meter: Meter) -> tuple[list[int], dict[str, int], int]:
    return [sum(span.values()) for span in meter.spans], _sum(meter.spans), meter.span_host_exits


def _queued(meter: Meter) -> Spread | None:
    """Returns the cost of those without a physical interrupt of their own, with which they would have started."""
    occurrences = meter.ledger.occurrences if meter.fetched else ()
    counts = [o.world_switches for o in occurrences if (o.intid, o.started) not in meter.fetched]
    return Spread.of(counts) if counts else None


def _interrupts(meter: Meter, done: int) -> tuple[list[int], dict[str, int], int]:
    """Returns the figures of the ledger. It must have every interrupt, and every exit must be one of theirs."""
    ledger = meter.ledger
    if not ledger.total:  # and where nothing exits, it may not even see them
        return [0] * done, {}, 0
    counts = [occurrence.world_switches for occurrence in ledger.occurrences]
    if len(counts) != done or ledger.unattributed or ledger.in_flight:
        raise RuntimeError(
            f"of {plural(done, 'interrupt')} the ledger has {len(counts):,}; {unaccounted(ledger)}"
        )
    return counts, _sum(ledger.per_interrupt(intid).by_exit for intid in ledger.intids()), meter.host_exits


def unaccounted(ledger: Ledger) -> str:
    """Returns the exits that are in no finished interrupt, for people."""
    in_flight = plural(ledger.in_flight, "exit")
    return f"{in_flight} in flight, not attributed: {ledger.unattributed_by_exit or 'none'}"


def _sum(parts: Iterable[dict[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for part in parts:
        for label, count in part.items():
            total[label] = total.get(label, 0) + count
    return total
