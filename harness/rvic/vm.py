# SPDX-License-Identifier: MIT
"""One VM's interrupt state: an instance per vCPU and the RVID's table, and what EL2 itself does to them."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.rvic.config import Config
from harness.rvic.distributor import Distributor
from harness.rvic.reply import Edge, Outcome, Signalled, Target, edges
from harness.rvic.state import Instance, roll


@dataclass(slots=True)
class Vm:
    """Plain data: compares, copies and pickles. ``instances[n]`` is vCPU n's RVIC; they share no state."""

    config: Config
    instances: list[Instance] = field(init=False)
    rvid: Distributor = field(init=False)
    # From the configuration, here because every call looks at them.
    cpus: int = field(init=False)
    intids: int = field(init=False)
    truncates: bool = field(init=False)

    def __post_init__(self) -> None:
        config = self.config
        self.cpus = config.cpus
        self.intids = config.intids
        self.truncates = config.defects.truncated
        self.rvid = Distributor(config.untrusted)
        self.instances = []
        dice = config.seed
        for _ in range(config.cpus):
            dice, own = roll(dice)
            self.instances.append(Instance(config.intids, config.order, config.defects.missed_unmask, own))

    def signal_trusted(self, vcpu: int, intid: int) -> Signalled:
        """Signal a trusted interrupt of one vCPU (its timers). ValueError if there is no such interrupt."""
        if not 0 <= intid < self.config.trusted or not 0 <= vcpu < self.cpus:
            raise ValueError(f"vCPU {vcpu} has no trusted interrupt {intid}")
        return self.signal_target(Target(vcpu, intid))

    def signal_input(self, number: int) -> Signalled:
        """Signal an RVID input: it goes where the input is mapped at this moment."""
        if not 0 <= number < self.rvid.inputs:
            return Signalled(Outcome.BAD_INPUT)
        target = self.rvid.target(number)
        return Signalled(Outcome.UNMAPPED) if target is None else self.signal_target(target)

    def signal_target(self, target: Target) -> Signalled:
        """Signal one interrupt. With a stale answer of :meth:`target`: the retarget race (defect 5)."""
        instance = self.instances[target.vcpu]
        before = instance.line
        if not instance.signal(target.intid):
            return Signalled(Outcome.DISABLED, (), target)
        return Signalled(Outcome.DELIVERED, edges(target.vcpu, before, instance.line, target.intid), target)

    def target(self, number: int) -> Target | None:
        """Where an RVID input goes now; None if it is unmapped or does not exist."""
        return self.rvid.target(number)

    def line(self, vcpu: int) -> bool:
        """Level of one vCPU's virtual IRQ line (HCR_EL2.VI)."""
        return self.instances[vcpu].line

    def cpu_on(self, vcpu: int) -> tuple[Edge, ...]:
        """PSCI CPU_ON of a vCPU: its instance is reset, unless the profile keeps it (defect 6)."""
        instance = self.instances[vcpu]
        before = instance.line
        if self.config.reset_on_cpu_on:
            instance.reset()
        return edges(vcpu, before, instance.line)

    def reset(self) -> tuple[Edge, ...]:
        """SYSTEM_RESET: as CPU_ON for every instance, and every RVID input unmapped in either profile."""
        self.rvid.reset()
        return sum((self.cpu_on(vcpu) for vcpu in range(self.cpus)), ())
