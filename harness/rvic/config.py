# SPDX-License-Identifier: MIT
"""What can be chosen about an RVIC and its RVID: sizes, profile, acknowledge order, function bases."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, TypeVar

from harness.arch.rvic import MAX_INTIDS, RVIC_BASE, RVID_BASE, RvicCall, RvidCall
from harness.arch.smccc import FAST, MASK32, SMC64
from harness.errors import ConfigError

MAX_CPUS = 8  # CPU interfaces of the board's GICv2 (IHI 0048B, 1.2.1); CPU n has MPIDR affinity Aff0 = n
GRANULE = 32  # T and T+U are multiples of it
PSCI_SMC64 = range(0xC400_0000, 0xC400_0020)  # PSCI's block (DEN0022D, 5.1): not to be shadowed

_Choice = TypeVar("_Choice", bound=StrEnum)


class Order(StrEnum):
    """Which deliverable interrupt Acknowledge takes. DEN0103 sets none: guests must not rely on it."""

    FIFO = "fifo"  # first come, by the moment of becoming deliverable
    LOWEST = "lowest"  # lowest INTID
    RANDOM = "random"  # seeded

    @classmethod
    def parse(cls, text: str) -> Order:
        """Order by its name; ConfigError for any other text."""
        return _choice(cls, "acknowledge order", text)


class Profile(StrEnum):
    """Whose behaviour: the specification's, or that of Linux/KVM's series of September 2020, bug for bug."""

    SPEC = "spec"
    KVM = "kvm"

    @classmethod
    def parse(cls, text: str) -> Profile:
        """Profile by its name; ConfigError for any other text."""
        return _choice(cls, "profile", text)


class Defects(NamedTuple):
    """KVM's defects, in the order the contract numbers them (1 to 7). The last three live in EL2.

    EL2 honours ``stale_route`` by reading :meth:`Rvic.target` when it takes a physical interrupt and calling
    :meth:`Rvic.signal_target` later, ``kept_on_reset`` by calling :meth:`Rvic.cpu_on` (which obeys it), and
    ``timer_reinjected`` by signalling a timer's level again when it reschedules a vCPU in its handler.
    """

    rvid_bound: bool  # 1: input == U passes the check and writes past the table
    missed_unmask: bool  # 2: ClearMasked on a disabled instance queues nothing
    truncated: bool  # 3: INTIDs are cut to 32 bits, MPIDRs to their affinity fields, before any check
    map_cpu_code: bool  # 4: Map to no such vCPU answers (ERROR_PARAMETER, 1)
    stale_route: bool  # 5: the injector may signal the target that a Map has just replaced
    kept_on_reset: bool  # 6: CPU_ON and SYSTEM_RESET keep the instance's state
    timer_reinjected: bool  # 7: a reschedule inside a timer handler signals the level again


_DEFECTS = {
    Profile.SPEC: Defects(*[False] * len(Defects._fields)),
    Profile.KVM: Defects(*[True] * len(Defects._fields)),
}


@dataclass(frozen=True, slots=True)
class Config:
    """One VM's RVIC and RVID: ``trusted`` is T, ``untrusted`` U; ``seed`` feeds the random order.

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

    def __post_init__(self) -> None:
        # Faces hand over plain text; inside there are only enum members.
        object.__setattr__(self, "profile", Profile.parse(self.profile))
        object.__setattr__(self, "order", Order.parse(self.order))
        if not 1 <= self.cpus <= MAX_CPUS:
            raise ConfigError(f"cpus={self.cpus}: an RVIC machine has 1 to {MAX_CPUS} vCPUs")
        _check_count("trusted", self.trusted)
        _check_count("untrusted", self.untrusted)
        if self.intids > MAX_INTIDS:
            raise ConfigError(
                f"trusted={self.trusted}, untrusted={self.untrusted}: {MAX_INTIDS} interrupts is the most"
            )
        _check_bases(self.rvic_functions, self.rvid_functions)

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

    @property
    def defects(self) -> Defects:
        """What the profile gets wrong."""
        return _DEFECTS[self.profile]

    @property
    def reset_on_cpu_on(self) -> bool:
        """Whether CPU_ON returns the vCPU's instance to its reset state (not under ``kvm``: defect 6)."""
        return not self.defects.kept_on_reset


def _choice(kind: type[_Choice], what: str, text: str) -> _Choice:
    try:
        return kind(text)
    except ValueError:
        raise ConfigError(f"{what} {str(text)!r}: choose one of {', '.join(kind)}") from None


def _check_count(name: str, count: int) -> None:
    if count < GRANULE or count % GRANULE:
        raise ConfigError(f"{name}={count}: a multiple of {GRANULE}, at least {GRANULE}, is needed")


def _check_bases(rvic: range, rvid: range) -> None:
    for name, functions in (("rvic_base", rvic), ("rvid_base", rvid)):
        text = f"{name}={functions.start:#x}"
        # DEN0028, 2.5.1: bits 23:16 of a fast call are zero, bits 15:0 number it.
        first, last = functions[0], functions[-1]
        if not 0 <= first <= MASK32 or first & 0xC0FF_0000 != FAST | SMC64 or first >> 16 != last >> 16:
            raise ConfigError(
                f"{text}: an SMC64 fast call (0xC0000000 + owner << 24 + 16-bit number) is needed"
            )
        if _overlap(functions, PSCI_SMC64):
            raise ConfigError(f"{text}: overlaps PSCI's functions from {PSCI_SMC64.start:#x}")
    if _overlap(rvic, rvid):
        raise ConfigError(f"rvic_base={rvic.start:#x} and rvid_base={rvid.start:#x}: their ranges overlap")


def _overlap(one: range, other: range) -> bool:
    return one.start < other.stop and other.start < one.stop
