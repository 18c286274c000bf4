# SPDX-License-Identifier: MIT
"""Answers of the model to EL2 itself, which signals interrupts and resets vCPUs. All of it is immutable."""

from __future__ import annotations

from typing import NamedTuple


class Edge(NamedTuple):
    """Change of one vCPU's virtual IRQ line, to ``level``; ``intid`` made it rise, None where a reset moved it."""

    vcpu: int
    level: bool
    intid: int | None


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


def edges(vcpu: int, before: bool, after: bool, intid: int | None = None) -> tuple[Edge, ...]:
    """Returns the line change of one vCPU, if there is one."""
    return () if before == after else (Edge(vcpu, after, intid),)
