# SPDX-License-Identifier: MIT
"""One VM's interrupts: an RVIC for each vCPU and the RVID (DEN0103), and what EL2 itself does to them."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.rvic.config import Config
from harness.rvic.signalled import Edge, Signalled, Target, edges
from harness.rvic.state import DROPPED, RISEN, Rvic
from harness.splitmix import split_mix


@dataclass(slots=True)
class Rvid:
    """Table of where each input of the VM's devices goes: None while it is unmapped, as at reset.

    It routes and nothing more: no input has a state, so moving one touches no pending bit and waits for
    nothing. A signal raised after Map has returned therefore goes to the new target.
    """

    targets: list[Target | None]

    def route(self, number: int, target: Target | None) -> bool:
        """Routes an input, whatever it was routed to before; None unmaps it. Inputs may share a target.

        False, and nothing done, for the input U that KVM lets through and writes past its table with.
        """
        if number >= len(self.targets):
            return False
        self.targets[number] = target
        return True

    def target(self, number: int) -> Target | None:
        """Returns where a signal on the input goes now; None if it is unmapped or does not exist."""
        return self.targets[number] if 0 <= number < len(self.targets) else None


@dataclass(slots=True)
class VmInterrupts:
    """Plain data: it compares, copies and pickles. ``rvics[n]`` is vCPU n's; they share no state."""

    config: Config
    rvics: list[Rvic] = field(init=False)
    rvid: Rvid = field(init=False)

    def __post_init__(self) -> None:
        config = self.config
        self.rvid = Rvid([None] * config.untrusted)
        self.rvics = []
        state = config.seed
        for _ in range(config.cpus):
            state, own = split_mix(state)
            self.rvics.append(Rvic(config.intids, config.order, config.defects.missed_unmask, own))

    def signal_trusted(self, vcpu: int, intid: int) -> Signalled:
        """Signals a trusted interrupt of one vCPU (its timers). ValueError if there is no such interrupt."""
        if not 0 <= intid < self.config.trusted or not 0 <= vcpu < self.config.cpus:
            raise ValueError(f"vCPU {vcpu} has no trusted interrupt {intid}")
        return self.signal(Target(vcpu, intid))

    def signal_input(self, number: int) -> Signalled:
        """Signals an RVID input: it goes where the input is mapped at this moment, if anywhere."""
        target = self.rvid.target(number)
        return Signalled(False) if target is None else self.signal(target)

    def signal(self, target: Target) -> Signalled:
        """Signals one interrupt. With a stale answer of :meth:`Rvid.target`: the retarget race (defect 5)."""
        rvic = self.rvics[target.vcpu]
        edge = rvic.signal(target.intid)
        moved = (Edge(target.vcpu, True, target.intid),) if edge == RISEN else ()
        return Signalled(edge != DROPPED, moved, target)

    def cpu_on(self, vcpu: int) -> tuple[Edge, ...]:
        """Resets a vCPU's RVIC for PSCI CPU_ON, unless the profile keeps it (defect 6)."""
        rvic = self.rvics[vcpu]
        before = rvic.line
        if not self.config.defects.kept_on_reset:
            rvic.reset()
        return edges(vcpu, before, rvic.line)

    def reset(self) -> tuple[Edge, ...]:
        """Resets for SYSTEM_RESET: every RVIC as CPU_ON does, and the RVID under either profile."""
        self.rvid = Rvid([None] * self.config.untrusted)
        return sum((self.cpu_on(vcpu) for vcpu in range(self.config.cpus)), ())
