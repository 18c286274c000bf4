# SPDX-License-Identifier: MIT
"""Answers of the model: results for the guest, line changes, and what EL2 must act on.

All of it is immutable, and the replies of the hot calls are interned: a call builds nothing.
"""

from __future__ import annotations

from enum import IntEnum, auto
from functools import lru_cache
from typing import NamedTuple

from harness.arch.smccc import SUCCESS


class Edge(NamedTuple):
    """Change of one vCPU's virtual IRQ line, to ``level``; at most one per vCPU and call.

    ``intid`` is the interrupt that made it rise, or whose acknowledge, mask or withdrawal made it fall; None
    where no single one did (Enable, Disable, reset).
    """

    vcpu: int
    level: bool
    intid: int | None


class EffectKind(IntEnum):
    """Effects of successful calls, for EL2 to act on and to attribute the world switch by."""

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
    """Effect; ``vcpu`` and ``intid`` are those acted on, ``input`` is set for MAPPED and UNMAPPED only."""

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
    """Interrupt that an input of the RVID stands for."""

    vcpu: int
    intid: int


class Signalled(NamedTuple):
    """Answer to a signal from EL2: if not ``delivered``, an edge is lost; a level is EL2's to remember.

    ``target`` is where it went, or would have gone had the RVIC been enabled; None for an input that is not
    mapped or does not exist.
    """

    delivered: bool
    edges: tuple[Edge, ...] = ()
    target: Target | None = None


@lru_cache(maxsize=4096)
def edges(vcpu: int, before: bool, after: bool, intid: int | None = None) -> tuple[Edge, ...]:
    """Returns the line change of one vCPU, if there is one."""
    return () if before == after else (Edge(vcpu, after, intid),)


@lru_cache(maxsize=4096)
def done(kind: EffectKind, vcpu: int, intid: int | None, before: bool, after: bool, x1: int = 0) -> Reply:
    """Returns the reply of a successful call on one RVIC whose line went from ``before`` to ``after``."""
    return Reply(SUCCESS, x1, edges(vcpu, before, after, intid), Effect(kind, vcpu, intid))
