# SPDX-License-Identifier: MIT
"""The RVID's table: where each input of the VM's devices goes (DEN0103).

It routes and nothing more: no input has a state, so moving one touches no pending bit and waits for nothing.
A signal raised after Map has returned therefore goes to the new target.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.rvic.reply import Target


@dataclass(slots=True)
class Distributor:
    """One table per VM. ``targets[input]`` is None while the input is unmapped, as all are at reset."""

    inputs: int
    targets: list[Target | None] = field(init=False)

    def __post_init__(self) -> None:
        self.targets = [None] * self.inputs

    def map(self, number: int, target: Target) -> bool:
        """Route an input, whatever it was routed to before. Two inputs may share one target.

        False, and nothing done, for the input U that KVM lets through and writes past its table with.
        """
        return self._set(number, target)

    def unmap(self, number: int) -> bool:
        """Drop the input's signals from now on; doing so twice is fine. False as for ``map``."""
        return self._set(number, None)

    def target(self, number: int) -> Target | None:
        """Where a signal on the input goes now; None if it is unmapped or does not exist."""
        return self.targets[number] if 0 <= number < self.inputs else None

    def reset(self) -> None:
        """Unmap every input."""
        self.targets[:] = [None] * self.inputs

    def _set(self, number: int, target: Target | None) -> bool:
        if number >= self.inputs:
            return False
        self.targets[number] = target
        return True
