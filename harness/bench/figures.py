# SPDX-License-Identifier: MIT
"""Figures: the guest that both subjects run, and the bound that each ratio is held to."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from harness.bench import guests, subjects
from harness.bench.figure import Effort, Figure
from harness.bench.guests import Guest
from harness.bench.hypercall_cost import NS, HypercallCost, breakdown, measure_hypercall
from harness.bench.timing import Comparison, compare, in_rotation, interleave
from harness.engine.baseline import Bare

GUEST_FREE_TARGET = 0.9
HYPERCALL_TARGET = 6.0
INSTANCES = 4

_EXIT, _REGISTERS, _MODEL, _LINE = "Unicorn's exit", "register view", "RVIC model", "HCR_EL2.VI"
_DISPATCH = "dispatch in EL2"
CALLS = subjects.CALLS_PER_CYCLE


def all_figures(effort: Effort) -> Iterator[Figure]:
    """Measures every figure, in the order in which they are shown."""
    yield from guest_free(effort)
    yield from hypercall(effort)
    parts = measure_hypercall(subjects.in_harness(guests.smccc_version()), effort.calls)
    yield rvic_ack(effort, parts)
    yield irq_round_trip(effort, parts)


def guest_free(effort: Effort) -> list[Figure]:
    """Measures a loop without exits, against bare Unicorn that counts instructions and one that does not."""
    guest = guests.mixed()
    passes = max(1, effort.instructions // guest.loop)
    instructions = passes * guest.loop
    ours, counting, least = [], [], []
    for _ in range(INSTANCES):  # made in turn, so that neither subject has the better places
        ours.append(partial(subjects.run, subjects.in_harness(guest), instructions))
        counting.append(partial(subjects.bare(guest, subjects.empty).run, instructions))
        least.append(partial(_passes, subjects.bare(guest, subjects.stop, counted=False), passes))
    tasks = [in_rotation(instances) for instances in (ours, counting, least)]
    ours_s, with_count, without = interleave(tasks, max(effort.pairs, INSTANCES))
    fair, best = compare(ours_s, with_count, rate=True), compare(ours_s, without, rate=True)
    harness = f"the harness takes {max(0.0, 1 - fair.ratio):.1%}"
    slower = f"counting makes bare Unicorn itself {compare(with_count, without).ratio:.1f} times slower"
    return [
        _rate(
            "guest_free",
            fair,
            GUEST_FREE_TARGET,
            instructions,
            f"Unicorn's translated code, counted: {harness}",
        ),
        _rate(
            "guest_free_uncounted",
            best,
            None,
            instructions,
            f"Unicorn's count of instructions, our time: {slower}",
        ),
    ]


def _passes(bare: Bare, passes: int) -> None:
    """Runs so many passes, uncounted."""
    for _ in range(passes):
        bare.run()


def hypercall(effort: Effort) -> list[Figure]:
    """Measures SMCCC_VERSION, against a raw callback that does nothing; and again with the ledger listening."""
    guest = guests.smccc_version()
    instructions = effort.calls * guest.loop
    quiet, keeping = subjects.in_harness(guest), subjects.in_harness(guest, ledger=True)
    bare = subjects.bare(guest, subjects.empty)
    ours, with_ledger, least = interleave(
        (
            partial(subjects.run, quiet, instructions),
            partial(subjects.run, keeping, instructions),
            partial(bare.run, instructions),
        ),
        effort.pairs,
    )
    calls = effort.calls
    plain, kept = compare(ours, least), compare(with_ledger, least)
    parts = measure_hypercall(quiet, calls)
    plain_ns, kept_ns, least_ns = (seconds / calls * NS for seconds in (plain.ours, kept.ours, plain.bare))
    registers = parts.read + parts.write / 4
    words = breakdown(plain_ns, {_EXIT: least_ns, _REGISTERS: registers}, _DISPATCH)
    ledger = breakdown(kept_ns, {"the call itself": plain_ns}, "its event and the ledger")
    return [
        _time("hypercall", plain, HYPERCALL_TARGET, "ns per call", calls, words),
        _time("hypercall_ledger", kept, None, "ns per call", calls, ledger),
    ]


def rvic_ack(effort: Effort, parts: HypercallCost) -> Figure:
    """Measures Signal(self), Acknowledge, ClearMasked with PSTATE.I set, per call: no Acknowledge is spurious.

    Against bare Unicorn whose callback moves HCR_EL2.VI and answers, and keeps no state.
    """
    seen = _cycles(guests.acknowledge_cycle(), effort)
    calls = effort.calls * CALLS
    ns = seen.ours / calls * NS
    words = breakdown(ns, _call_parts(parts), _DISPATCH)
    return _time("rvic_ack", seen, None, "ns per call", calls, words)


def irq_round_trip(effort: Effort, parts: HypercallCost) -> Figure:
    """Measures Signal(self), virtual IRQ, Acknowledge, ClearMasked, ERET; against the same with a bare callback."""
    seen = _cycles(guests.round_trip(), effort)
    ns = seen.ours / effort.calls * NS
    known = {name: CALLS * part for name, part in _call_parts(parts).items()}
    words = breakdown(ns, known, f"{_DISPATCH}, and the CPU's entry and ERET")
    return _time("irq_round_trip", seen, None, "ns per interrupt", effort.calls, words)


def _cycles(guest: Guest, effort: Effort) -> Comparison:
    instructions = effort.calls * guest.loop
    machine, bare = subjects.in_harness(guest), subjects.bare(guest, subjects.interrupts)
    ours, least = interleave(
        (partial(subjects.run, machine, instructions), partial(bare.run, instructions)), effort.pairs
    )
    return compare(ours, least)


def _call_parts(parts: HypercallCost) -> dict[str, float]:
    """Returns the parts of one of the three calls, two of which move the line."""
    return {
        _EXIT: parts.exit,
        _REGISTERS: parts.read + parts.write,
        _MODEL: parts.model,
        _LINE: parts.line * 2 / CALLS,
    }


def _rate(name: str, seen: Comparison, target: float | None, instructions: int, dominated: str) -> Figure:
    ours, bare = instructions / seen.ours / 1e6, instructions / seen.bare / 1e6
    unit = "million instructions/s"
    return Figure(name, seen.ratio, target, "higher", seen.spread, unit, ours, bare, dominated)


def _time(
    name: str, seen: Comparison, target: float | None, unit: str, amount: int, dominated: str
) -> Figure:
    ours, bare = seen.ours / amount * NS, seen.bare / amount * NS
    return Figure(name, seen.ratio, target, "lower", seen.spread, unit, ours, bare, dominated)
