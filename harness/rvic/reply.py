# SPDX-License-Identifier: MIT
"""What a call or a signal tells EL2: results for the guest, line changes, and what to act on.

All of it is immutable, and the replies of the hot calls are interned: a call builds nothing.
"""

from __future__ import annotations

from enum import Enum, IntEnum, auto
from functools import cache, lru_cache
from typing import NamedTuple

from harness.arch.rvic import VERSION_0_3, Status, status
from harness.arch.smccc import NOT_SUPPORTED, SUCCESS


class Edge(NamedTuple):
    """A change of one vCPU's virtual IRQ line, to ``level``; at most one per vCPU and call.

    ``intid`` is the interrupt that made it rise, or whose acknowledge, mask or withdrawal made it fall; None
    where no single one did (Enable, Disable, reset).
    """

    vcpu: int
    level: bool
    intid: int | None


class EffectKind(IntEnum):
    """What a successful call did, for EL2 to act on and to attribute the world switch by."""

    ENABLED = auto()  # signal remembered levels now
    DISABLED = auto()
    MASKED = auto()
    UNMASKED = auto()  # ClearMasked: end of service; deactivate a level device behind an untrusted INTID
    QUERIED = auto()  # IsPending
    SIGNALLED = auto()
    CLEARED = auto()  # ClearPending
    ACKNOWLEDGED = auto()
    RESAMPLED = auto()  # Resample found the line low: deactivate the physical interrupt behind it
    REPENDED = auto()  # Resample found the line high
    MAPPED = auto()
    UNMAPPED = auto()


class Effect(NamedTuple):
    """``vcpu`` and ``intid`` are those acted on; ``input`` is set for MAPPED and UNMAPPED only."""

    kind: EffectKind
    vcpu: int | None
    intid: int | None = None
    input: int | None = None


class Reply(NamedTuple):
    """Results of a call: x0 and x1 for the guest (x2 and x3 are 0), and what EL2 must know."""

    x0: int
    x1: int = 0
    edges: tuple[Edge, ...] = ()
    effect: Effect | None = None


class Target(NamedTuple):
    """Where the RVID sends an input."""

    vcpu: int
    intid: int


class Outcome(Enum):
    """What became of a signal. Where it was not delivered an edge is lost; a level is EL2's to remember."""

    DELIVERED = "delivered"
    DISABLED = "the target instance is disabled"
    UNMAPPED = "the RVID input is not mapped"
    BAD_INPUT = "there is no such RVID input"


class Signalled(NamedTuple):
    """Answer to a signal from EL2. ``target`` is where it went or would have gone, None if nowhere."""

    outcome: Outcome
    edges: tuple[Edge, ...] = ()
    target: Target | None = None

    @property
    def delivered(self) -> bool:
        """Whether the interrupt is pending now."""
        return self.outcome is Outcome.DELIVERED


UNKNOWN_FUNCTION = Reply(NOT_SUPPORTED)
VERSION = Reply(SUCCESS, VERSION_0_3)


@cache  # five reasons and three indices
def failed(reason: Status, index: int = 0) -> Reply:
    """A failed call: nothing changed. ``index`` counts arguments from x1."""
    return Reply(status(reason, index))


@lru_cache(maxsize=4096)
def edges(vcpu: int, before: bool, after: bool, intid: int | None = None) -> tuple[Edge, ...]:
    """The line change of one vCPU, if there is one."""
    return () if before == after else (Edge(vcpu, after, intid),)


@lru_cache(maxsize=4096)
def done(kind: EffectKind, vcpu: int, intid: int | None, before: bool, after: bool, x1: int = 0) -> Reply:
    """A successful call on one instance: its effect, and its line change from ``before`` to ``after``."""
    return Reply(SUCCESS, x1, edges(vcpu, before, after, intid), Effect(kind, vcpu, intid))
