# SPDX-License-Identifier: MIT
"""A second statement of the RVIC and RVID contract, in tables, that shares nothing with the implementation.

It is written from the contract alone, and slowly: a state is a word, a call is a row of checks and one event.
`Oracle` says what a call must answer and what every vCPU's line must be after it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

VERSION = 0x0000_0003
NOT_SUPPORTED = (1 << 64) - 1
SUCCESS, ERROR_PARAMETER, INVALID_CPU, DISABLED, NO_INTERRUPTS = range(5)
RVIC_BASE, RVID_BASE = 0xC500_0200, 0xC500_0100
AFFINITIES = 0xFF_00FF_FFFF

# One row per event, one column per state: "" idle, "P" pending, "M" masked, "MP" both.
EVENTS: dict[str, dict[str, str]] = {
    "signal": {"": "P", "P": "P", "M": "MP", "MP": "MP"},
    "clear pending": {"": "", "P": "", "M": "M", "MP": "M"},
    "set masked": {"": "M", "P": "MP", "M": "M", "MP": "MP"},
    "clear masked": {"": "", "P": "P", "M": "", "MP": "P"},
    "acknowledge": {"P": "M"},
    "resample high": {"": "P", "P": "P", "M": "MP", "MP": "MP"},
}

# Function number -> name, and for each argument from x1 on what it is.
RVIC_CALLS: dict[int, tuple[str, tuple[str, ...]]] = {
    0: ("Version", ()),
    1: ("Info", ("key",)),
    2: ("Enable", ()),
    3: ("Disable", ()),
    4: ("SetMasked", ("mpidr", "intid")),
    5: ("ClearMasked", ("mpidr", "intid")),
    6: ("IsPending", ("mpidr", "intid")),
    7: ("Signal", ("mpidr", "intid")),
    8: ("ClearPending", ("mpidr", "intid")),
    9: ("Acknowledge", ()),
    10: ("Resample", ("trusted",)),
}
RVID_CALLS: dict[int, tuple[str, tuple[str, ...]]] = {
    0: ("Version", ()),
    1: ("Map", ("input", "mpidr", "untrusted")),
    2: ("Unmap", ("input",)),
}


@dataclass
class Vcpu:
    """One RVIC instance. `queue` holds what may be acknowledged, first come first."""

    enabled: bool = False
    states: dict[int, str] = field(default_factory=dict)
    queue: list[int] = field(default_factory=list)

    @property
    def line(self) -> bool:
        """HCR_EL2.VI, which the guest sees as ISR_EL1.I."""
        return self.enabled and bool(self.queue)


@dataclass(frozen=True)
class Answer:
    """What a call must return: x0 to x3. `choice` is what Acknowledge may choose x1 from, where it is free."""

    registers: tuple[int, int, int, int]
    choice: frozenset[int] = frozenset()


class _RefusedError(Exception):
    """A check failed: reason, and the index of the argument."""


class Oracle:
    """The RVIC of one VM, its RVID, and the physical interrupts behind the trusted levels.

    `lines` are the trusted level lines that are high, as (vCPU, INTID). `active` are those whose physical interrupt
    came and was not deactivated since: until it is, the GIC does not signal it again.
    """

    def __init__(self, cpus: int, trusted: int, untrusted: int, profile: str, order: str) -> None:
        self.trusted, self.untrusted = trusted, untrusted
        self.kvm, self.order = profile == "kvm", order
        self.vcpus = [Vcpu() for _ in range(cpus)]
        self.routes: dict[int, tuple[int, int]] = {}
        self.lines: set[tuple[int, int]] = set()
        self.active: set[tuple[int, int]] = set()

    # What happens.

    def call(self, caller: int, function: int, arguments: tuple[int, int, int]) -> Answer:
        """The call `function` (x0 as the guest wrote it) by vCPU `caller`, with x1 to x3."""
        number = function & 0xFFFF_FFFF  # SMCCC: the function identifier is W0
        for base, calls in ((RVIC_BASE, RVIC_CALLS), (RVID_BASE, RVID_CALLS)):
            if number - base in calls:
                name, kinds = calls[number - base]
                try:
                    values = [self._check(k, i, arguments[i]) for i, k in enumerate(kinds)]
                    return self._perform(name, caller, values)
                except _RefusedError as refused:
                    reason, index = refused.args
                    return Answer((reason | index << 8, 0, 0, 0))
        return Answer((NOT_SUPPORTED, *arguments))

    def device(self, number: int) -> None:
        """An edge on RVID input `number`: lost where it is unmapped, or its target disabled."""
        if number in self.routes:
            vcpu, intid = self.routes[number]
            if self.vcpus[vcpu].enabled:
                self._event("signal", vcpu, intid)

    def level(self, vcpu: int, intid: int, high: bool) -> None:
        """A trusted line moves. Level 1 is a signal, level 0 clears nothing."""
        line = vcpu, intid
        if not high:
            self.lines.discard(line)
            return
        self.lines.add(line)
        if line not in self.active:
            self._present(line)

    def _present(self, line: tuple[int, int]) -> None:
        """The GIC signals a level that is high, and not active."""
        self.active.add(line)
        if self.vcpus[line[0]].enabled:
            self._event("signal", *line)

    def follow(self, caller: int, intid: int) -> None:
        """Acknowledge, where the contract leaves the choice free, chose `intid`."""
        self._event("acknowledge", caller, intid)

    # The checks: one per kind of argument.

    def _check(self, kind: str, index: int, value: int) -> int:
        if kind == "mpidr":
            return self._check_mpidr(index, value)
        if self.kvm and kind in ("intid", "trusted", "untrusted"):
            value &= 0xFFFF_FFFF  # KVM keeps an INTID in an unsigned int
        every = self.trusted + self.untrusted
        legal = {
            "key": range(2),
            "intid": range(every),
            "trusted": range(self.trusted),
            "untrusted": range(self.trusted, every),
            "input": range(self.untrusted + self.kvm),  # KVM compares with > where >= is right
        }[kind]
        if value not in legal:
            raise _RefusedError(ERROR_PARAMETER, index)
        return value

    def _check_mpidr(self, index: int, value: int) -> int:
        if self.kvm:
            value &= AFFINITIES
        elif value & ~AFFINITIES:
            raise _RefusedError(ERROR_PARAMETER, index)
        if value >= len(self.vcpus):  # CPU n is Aff0 = n
            mapping = index == 1
            raise _RefusedError(ERROR_PARAMETER if self.kvm and mapping else INVALID_CPU, index)
        return value

    # The calls.

    def _perform(self, name: str, caller: int, values: list[int]) -> Answer:
        own = self.vcpus[caller]
        x1 = 0
        match name:
            case "Version":
                x1 = VERSION
            case "Info":
                x1 = (self.trusted, self.untrusted)[values[0]]
            case "Enable":
                self._enable(caller)
            case "Disable":
                own.enabled = False
            case "SetMasked" | "ClearMasked" | "ClearPending":
                event = {"SetMasked": "set masked", "ClearMasked": "clear masked"}.get(name, "clear pending")
                self._event(event, *values)
            case "IsPending":
                x1 = int("P" in self._state(*values))
            case "Signal":
                if not self.vcpus[values[0]].enabled:
                    raise _RefusedError(DISABLED, 0)
                self._event("signal", *values)
            case "Acknowledge":
                return self._acknowledge(caller)
            case "Resample":
                self._resample(caller, values[0])
            case "Map":
                self.routes[values[0]] = values[1], values[2]
            case "Unmap":
                self.routes.pop(values[0], None)
        return Answer((SUCCESS, x1, 0, 0))

    def _acknowledge(self, caller: int) -> Answer:
        own = self.vcpus[caller]
        if not own.enabled:
            raise _RefusedError(DISABLED, 0)
        if not own.queue:
            raise _RefusedError(NO_INTERRUPTS, 0)
        if self.order == "random":
            return Answer((SUCCESS, 0, 0, 0), choice=frozenset(own.queue))
        chosen = own.queue[0] if self.order == "fifo" else min(own.queue)
        self._event("acknowledge", caller, chosen)
        return Answer((SUCCESS, chosen, 0, 0))

    def _enable(self, caller: int) -> None:
        """What could not be delivered because the instance was disabled was remembered, if it is a level."""
        if not self.vcpus[caller].enabled:
            self.vcpus[caller].enabled = True
            for line in sorted(line for line in self.active if line[0] == caller):
                self.active.discard(line)
                if line in self.lines:
                    self._present(line)

    def _resample(self, caller: int, intid: int) -> None:
        line = caller, intid
        if not self.vcpus[caller].enabled:
            return
        if line in self.lines:
            self._event("resample high", caller, intid)
        else:
            self.active.discard(line)  # and a stale pending bit stays

    # The state.

    def _state(self, vcpu: int, intid: int) -> str:
        return self.vcpus[vcpu].states.get(intid, "M")

    def _event(self, event: str, vcpu: int, intid: int) -> None:
        own = self.vcpus[vcpu]
        after = EVENTS[event][self._state(vcpu, intid)]
        own.states[intid] = after
        if after != "P":
            if intid in own.queue:
                own.queue.remove(intid)
        elif intid not in own.queue and (own.enabled or not self.kvm):
            own.queue.append(intid)  # on a disabled instance KVM does not, and Enable does not make up for it
