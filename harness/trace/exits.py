# SPDX-License-Identifier: MIT
"""Exits as a ledger takes them where nobody listens to events: each place in EL2 has made its own beforehand."""

from __future__ import annotations

from typing import Final

from harness.arch.virt import MAX_CPUS
from harness.trace.roles import ROLES, Role

NO_INTID: Final = -1
"""INTID of an exit that names no interrupt."""


class Exit:
    """Exit of one kind that a vCPU makes: what does not change from one to the next.

    ``label`` is the name of a call or of a register, which says what its role is; ``failed`` is this exit where it
    did nothing, and so has no interrupt.
    """

    __slots__ = ("cpu", "failed", "kind", "label", "role")

    def __init__(self, kind: str, label: str, cpu: int, role: Role | None = None) -> None:
        self.kind: str = kind
        self.label: str = label
        self.cpu: int = cpu
        self.role: Role = ROLES.get(label, Role.SERVE) if role is None else role
        self.failed: Exit = self if role is not None else self._failed()

    def _failed(self) -> Exit:
        if self.role is Role.SERVE:
            return self
        role = Role.SPURIOUS if self.role is Role.ACCEPT else Role.SERVE
        return Exit(self.kind, self.label, self.cpu, role)


ACCEPTED: Final = tuple(Exit("", "", cpu, Role.ACCEPT) for cpu in range(MAX_CPUS))
ENDED: Final = tuple(Exit("", "", cpu, Role.END) for cpu in range(MAX_CPUS))
"""Steps of an interrupt that a vCPU has taken without an exit, by vCPU: they have no kind and no label."""
