# SPDX-License-Identifier: MIT
"""Choices about an RVIC and its RVID: sizes, profile, acknowledge order, function bases."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import NamedTuple

from harness.arch.psci import SMC64_FUNCTIONS as PSCI_FUNCTIONS
from harness.arch.rvic import GRANULE, MAX_INTIDS, RVIC_BASE, RVID_BASE, InfoKey, RvicCall, RvidCall
from harness.arch.smccc import is_fast_smc64
from harness.arch.virt import MAX_CPUS
from harness.errors import ConfigError


class Order(StrEnum):
    """Order in which Acknowledge takes interrupts. DEN0103 sets none: guests must not rely on it."""

    FIFO = "fifo"  # first come, by the moment of becoming deliverable
    LOWEST = "lowest"  # lowest INTID
    RANDOM = "random"  # seeded


class Profile(StrEnum):
    """Behaviour: the specification's, or that of Linux/KVM's series of September 2020, bug for bug."""

    SPEC = "spec"
    KVM = "kvm"


class Defects(NamedTuple):
    """KVM's defects, in the order the contract numbers them (1 to 7).

    The model has all but two, for which EL2 keeps the route of an input that has risen (``stale_route``), and
    signals a timer's level again when it reschedules a vCPU in its handler (``timer_reinjected``).
    """

    rvid_bound: bool  # 1: input == U passes the check and writes past the table
    missed_unmask: bool  # 2: ClearMasked on a disabled RVIC queues nothing
    truncated: bool  # 3: INTIDs are cut to 32 bits, MPIDRs to their affinity fields, before any check
    map_vcpu_code: bool  # 4: Map to no such vCPU answers (ERROR_PARAMETER, 1)
    stale_route: bool  # 5: the injector may signal the target that a Map has just replaced
    kept_on_reset: bool  # 6: CPU_ON and SYSTEM_RESET keep the state of RVICs
    timer_reinjected: bool  # 7: a reschedule inside a timer handler signals the level again


class Argument(IntEnum):
    """Kinds of argument, by what is valid; an index into ``Config.valid``."""

    KEY = 0  # of Info
    VCPU = 1  # the MPIDR of a vCPU: CPU n has affinity Aff0 = n
    ROUTE_VCPU = 2  # the same in Map, to which KVM has another answer (defect 4)
    INTID = 3
    TRUSTED = 4  # a trusted INTID
    UNTRUSTED = 5  # an untrusted INTID
    INPUT = 6  # an input of the RVID; KVM lets U itself through (defect 1)


@dataclass(frozen=True, slots=True)
class Config:
    """One VM's RVICs and RVID: ``trusted`` is T, ``untrusted`` U; ``seed`` feeds the random order.

    ``defects`` and ``valid`` (which values are, by kind of argument) follow from the others.
    Raises ConfigError out of the limits: 1 to 8 vCPUs; T >= 32 and U >= 32, both multiples of 32;
    T+U <= 2048; bases that are SMC64 fast calls and whose ranges overlap neither each other nor PSCI.
    """

    cpus: int = 1
    trusted: int = 32
    untrusted: int = 32
    profile: Profile = Profile.SPEC
    order: Order = Order.FIFO
    seed: int = 0
    rvic_base: int = RVIC_BASE
    rvid_base: int = RVID_BASE
    defects: Defects = field(init=False, repr=False)
    valid: tuple[range, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "defects", Defects(*[self.profile is Profile.KVM] * len(Defects._fields)))
        if not 1 <= self.cpus <= MAX_CPUS:
            raise ConfigError(f"cpus={self.cpus}: an RVIC machine has 1 to {MAX_CPUS} vCPUs")
        for name, count in (("trusted", self.trusted), ("untrusted", self.untrusted)):
            if count < GRANULE or count % GRANULE:
                raise ConfigError(f"{name}={count}: a multiple of {GRANULE}, at least {GRANULE}, is needed")
        if self.intids > MAX_INTIDS:
            raise ConfigError(f"trusted + untrusted = {self.intids}: {MAX_INTIDS} interrupts is the most")
        _check_functions("rvic_base", self.rvic_functions)
        _check_functions("rvid_base", self.rvid_functions)
        if not set(self.rvic_functions).isdisjoint(self.rvid_functions):
            bases = f"rvic_base={self.rvic_base:#x} and rvid_base={self.rvid_base:#x}"
            raise ConfigError(f"{bases}: their ranges overlap")
        keys, vcpus, intids = range(len(InfoKey)), range(self.cpus), range(self.intids)
        inputs = range(self.untrusted + self.defects.rvid_bound)
        valid = keys, vcpus, vcpus, intids, intids[: self.trusted], intids[self.trusted :], inputs
        object.__setattr__(self, "valid", valid)

    @property
    def intids(self) -> int:
        """T+U: INTIDs 0..T-1 are trusted, T..T+U-1 untrusted."""
        return self.trusted + self.untrusted

    @property
    def rvic_functions(self) -> range:
        """Function identifiers of the RVIC."""
        return range(self.rvic_base, self.rvic_base + len(RvicCall))

    @property
    def rvid_functions(self) -> range:
        """Function identifiers of the RVID."""
        return range(self.rvid_base, self.rvid_base + len(RvidCall))


def _check_functions(name: str, functions: range) -> None:
    text = f"{name}={functions.start:#x}"
    if not is_fast_smc64(functions[0]) or functions[0] >> 16 != functions[-1] >> 16:
        raise ConfigError(f"{text}: an SMC64 fast call (0xC0000000 + owner << 24 + 16-bit number) is needed")
    if not set(functions).isdisjoint(PSCI_FUNCTIONS):
        raise ConfigError(f"{text}: overlaps PSCI's functions from {PSCI_FUNCTIONS.start:#x}")
