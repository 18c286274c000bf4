# SPDX-License-Identifier: MIT
"""The figures: what is run on both sides, and the bound each ratio is held to."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from harness.bench import guests, sides
from harness.bench.guests import Guest
from harness.bench.parts import NS, Parts, breakdown, measure_parts
from harness.bench.result import Effort, Result
from harness.bench.sampling import Comparison, compare, in_rotation, interleave
from harness.engine.baseline import Bare

GUEST_FREE_TARGET = 0.9
HYPERCALL_TARGET = 6.0
INSTANCES = 4

_EXIT, _REGISTERS, _MODEL, _LINE = "Unicorn's exit", "register view", "RVIC model", "HCR_EL2.VI"
_DISPATCH = "dispatch in EL2"
CALLS = sides.CALLS_PER_CYCLE


def all_figures(effort: Effort) -> Iterator[Result]:
    """Measure every figure, in the order in which they are shown."""
    yield from guest_free(effort)
    yield from hypercall(effort)
    parts = measure_parts(sides.in_harness(guests.smccc_version()), effort.calls)
    yield rvic_ack(effort, parts)
    yield irq_round_trip(effort, parts)


def guest_free(effort: Effort) -> list[Result]:
    """A loop without exits, against bare Unicorn that counts instructions and one that does not."""
    guest = guests.mixed()
    passes = max(1, effort.instructions // guest.loop)
    instructions = passes * guest.loop
    ours, counting, least = [], [], []
    for _ in range(INSTANCES):  # made in turn, so that no side has the better places
        ours.append(partial(sides.run, sides.in_harness(guest), instructions))
        counting.append(partial(sides.bare(guest, sides.empty).run, instructions))
        least.append(partial(_passes, sides.bare(guest, sides.stop, counted=False), passes))
    works = [in_rotation(instances) for instances in (ours, counting, least)]
    ours_s, with_count, without = interleave(works, max(effort.pairs, INSTANCES))
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


def _passes(side: Bare, passes: int) -> None:
    """Run so many passes, uncounted."""
    for _ in range(passes):
        side.run()


def hypercall(effort: Effort) -> list[Result]:
    """SMCCC_VERSION, against a raw callback that does nothing; and again with the ledger listening."""
    guest = guests.smccc_version()
    instructions = effort.calls * guest.loop
    quiet, keeping = sides.in_harness(guest), sides.in_harness(guest, ledger=True)
    bare = sides.bare(guest, sides.empty)
    ours, with_ledger, least = interleave(
        (
            partial(sides.run, quiet, instructions),
            partial(sides.run, keeping, instructions),
            partial(bare.run, instructions),
        ),
        effort.pairs,
    )
    calls = effort.calls
    plain, kept = compare(ours, least), compare(with_ledger, least)
    parts = measure_parts(quiet, calls)
    plain_ns, kept_ns, least_ns = (seconds / calls * NS for seconds in (plain.ours, kept.ours, plain.bare))
    registers = parts.read + parts.write / 4
    words = breakdown(plain_ns, {_EXIT: least_ns, _REGISTERS: registers}, _DISPATCH)
    ledger = breakdown(kept_ns, {"the call itself": plain_ns}, "its event and the ledger")
    return [
        _time("hypercall", plain, HYPERCALL_TARGET, "ns per call", calls, words),
        _time("hypercall_ledger", kept, None, "ns per call", calls, ledger),
    ]


def rvic_ack(effort: Effort, parts: Parts) -> Result:
    """Signal(self), Acknowledge, ClearMasked with PSTATE.I set, per call: each Acknowledge answers an INTID.

    Against bare Unicorn whose callback moves HCR_EL2.VI and answers, and keeps no state.
    """
    seen = _cycles(guests.acknowledge_cycle(), effort)
    calls = effort.calls * CALLS
    ns = seen.ours / calls * NS
    words = breakdown(ns, _call_parts(parts), _DISPATCH)
    return _time("rvic_ack", seen, None, "ns per call", calls, words)


def irq_round_trip(effort: Effort, parts: Parts) -> Result:
    """Signal(self), virtual IRQ, Acknowledge, ClearMasked, ERET; against the same with the bare callback."""
    seen = _cycles(guests.round_trip(), effort)
    ns = seen.ours / effort.calls * NS
    known = {name: CALLS * part for name, part in _call_parts(parts).items()}
    words = breakdown(ns, known, f"{_DISPATCH}, and the CPU's entry and ERET")
    return _time("irq_round_trip", seen, None, "ns per interrupt", effort.calls, words)


def _cycles(guest: Guest, effort: Effort) -> Comparison:
    instructions = effort.calls * guest.loop
    machine, bare = sides.in_harness(guest), sides.bare(guest, sides.interrupts)
    ours, least = interleave(
        (partial(sides.run, machine, instructions), partial(bare.run, instructions)), effort.pairs
    )
    return compare(ours, least)


def _call_parts(parts: Parts) -> dict[str, float]:
    """The parts of one of the three calls; two of them move the line."""
    return {
        _EXIT: parts.exit,
        _REGISTERS: parts.read + parts.write,
        _MODEL: parts.model,
        _LINE: parts.line * 2 / CALLS,
    }


def _rate(name: str, seen: Comparison, target: float | None, instructions: int, dominated: str) -> Result:
    ours, bare = instructions / seen.ours / 1e6, instructions / seen.bare / 1e6
    unit = "million instructions/s"
    return Result(name, seen.ratio, target, "higher", seen.spread, unit, ours, bare, dominated)


def _time(
    name: str, seen: Comparison, target: float | None, unit: str, amount: int, dominated: str
) -> Result:
    ours, bare = seen.ours / amount * NS, seen.bare / amount * NS
    return Result(name, seen.ratio, target, "lower", seen.spread, unit, ours, bare, dominated)
