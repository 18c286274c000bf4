# SPDX-License-Identifier: MIT
"""Random calls to RVIC and RVID for `call_guest.S`, and their results against the oracle."""

from __future__ import annotations

from collections.abc import Sequence

from call_table import Action, Call, Result, pulse, rvic, timer
from rvic_oracle import RVIC_BASE, RVID_BASE, Oracle

from harness.arch.rvic import RvicCall

DRAWN = 7  # bytes that make a call

# What is called how often: the numbers of the RVIC's calls, then the RVID's.
RVIC_MIX = [4, 5, 6, 7, 8, 9, 4, 5, 5, 6, 7, 7, 7, 8, 9, 9, 9, 0, 1, 2, 2, 3, 10, 10, 11, 0xFF]
RVID_MIX = [1, 1, 1, 2, 0, 3, 0xFF]
UNKNOWN = [0x8600_0000, 0xC500_0300, 0xC500_00FF, 0x4500_0200, 0x8500_0209, 0, 0xFFFF_FFFF]
MALFORMED = [1 << 24, 1 << 30, 1 << 31, 1 << 40, 1 << 63]
ABSENT = [8, 0x100, 0x1_0000, 1 << 32, 0xFF_0000_0000]
OUTCOMES = {0, 1, 0x101, 0x201, 2, 3, 4, (1 << 64) - 1}  # all of which must occur
HIGH = [1 << 32, 1 << 63, 0xFFFF_FFFF_0000_0000, 1 << 31, 1 << 16]


class Drawn:
    """Calls made of drawn bytes: mostly valid ones that meet each other, and every kind of invalid one."""

    def __init__(self, oracle: Oracle, profile: str) -> None:
        self._cpus = len(oracle.vcpus)
        t, u = oracle.trusted, oracle.untrusted
        self._inputs = [0, 5, 6, 7, u - 1, u, u + 1]
        self._intids = [27, 27, 0, 0, 1, 15, t - 1, t, t, t + 1, t + 5, t + u - 1, t + u]
        self._timers = profile == "spec"  # kvm samples a timer's line again when a vCPU is switched in
        self._cpu = 0

    def calls(self, data: bytes) -> list[Call]:
        """A call for each DRAWN bytes, with a turn of another vCPU after whatever is asynchronous."""
        calls: list[Call] = []
        for at in range(0, len(data), DRAWN):
            calls.append(self._call(*data[at : at + DRAWN]))
            if calls[-1].action > Action.SMC:
                calls.append(rvic((self._cpu + 1) % self._cpus, RvicCall.VERSION))
        return calls

    def _call(self, turn: int, what: int, which: int, target: int, intid: int, twist: int, at: int) -> Call:
        if turn < 80:
            self._cpu = turn % self._cpus
        cpu = self._cpu
        if what >= 0xF8 and self._timers:
            return timer(cpu, bool(which & 1))
        if what >= 0xE8:
            return pulse(cpu, self._inputs[at % 5])
        action = Action.SMC if which & 0x80 else Action.HVC
        mpidr = target % self._cpus
        number = self._intids[intid % len(self._intids)]
        if what >= 0xC4:
            function = RVID_BASE + RVID_MIX[which % len(RVID_MIX)]
            arguments = [self._inputs[at % 7], mpidr, number]
        elif what >= 0xC0:
            function = UNKNOWN[which % len(UNKNOWN)]
            arguments = [mpidr, number, 0xDEAD]
        else:
            call = RVIC_MIX[which % len(RVIC_MIX)]
            function = RVIC_BASE + call
            arguments = [[at % 4, number][call == 10] if call in (1, 10) else mpidr, number, 0xDEAD]
        return Call(cpu, action, *self._twisted(function, arguments, twist, at))

    @staticmethod
    def _twisted(function: int, arguments: list[int], twist: int, at: int) -> tuple[int, int, int, int]:
        """Now and then, something that is not as it should be: an argument, or bits above the function's 32."""
        if twist >= 0xC0:
            bits = (MALFORMED, ABSENT, HIGH)[twist % 3]
            arguments[at % 3] |= bits[at // 3 % len(bits)]
        elif twist >= 0xB8:
            function |= HIGH[at % 3]
        x1, x2, x3 = arguments
        return function, x1, x2, x3


def expect(oracle: Oracle, call: Call, result: Result) -> str | None:
    """Let the oracle see the call; what is wrong with the result, if anything."""
    if call.action is Action.STORE:
        oracle.device(call.x2 - 32)
        return None
    if call.action is Action.TIMER:
        oracle.level(call.cpu, 27, bool(call.x2))
    else:
        answer = oracle.call(call.cpu, call.x0, call.arguments)
        expected = answer.registers
        if answer.choice:
            if result.x1 not in answer.choice:
                return f"acknowledged one of {sorted(answer.choice)}"
            oracle.follow(call.cpu, result.x1)
            expected = (0, result.x1, 0, 0)
        if result.registers != expected:
            return f"x0..x3 = {[hex(x) for x in expected]}"
        if not result.preserved:
            return "x4..x17 preserved"
    line = oracle.vcpus[call.cpu].line
    return None if result.line is line else f"ISR_EL1.I = {line:d}"


def compare(oracle: Oracle, calls: Sequence[Call], results: Sequence[Result]) -> None:
    """Every result is the oracle's, and every vCPU's line at its turn too."""
    for n, (call, result) in enumerate(zip(calls, results, strict=True)):
        before = oracle.vcpus[call.cpu].line
        wrong = expect(oracle, call, result)
        if result.line_before is not before:
            wrong = f"ISR_EL1.I = {before:d} before it"
        if wrong is not None:
            last = slice(max(0, n - 12), n + 1)
            past = "\n".join(f"  {c}\n    {r}" for c, r in zip(calls[last], results[last], strict=True))
            raise AssertionError(f"call {n}: expected {wrong}; the last ones:\n{past}")


def pending(oracle: Oracle) -> list[Call]:
    """IsPending of every INTID of every vCPU, asked by the vCPUs in turn."""
    cpus, intids = range(len(oracle.vcpus)), range(oracle.trusted + oracle.untrusted)
    return [rvic(cpu, RvicCall.IS_PENDING, cpu, n) for cpu in cpus for n in intids]
