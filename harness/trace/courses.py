# SPDX-License-Identifier: MIT
"""Courses of interrupts: their exits from the first to the last, where no other exit is in between."""

from __future__ import annotations

from harness.trace.exits import Exit
from harness.trace.roles import Role
from harness.trace.unfinished import MOST

# Looked up for every exit.
_ACCEPT, _SERVE, _END = Role.ACCEPT, Role.SERVE, Role.END


class Course:
    """Course of an interrupt that is raised, accepted, perhaps served, and ended: its ``exits``, all with one key.

    ``length`` is 0 where the exits from ``first`` on, of a batch with its keys, are not of that kind. ``times``:
    the interrupts that have been found to go this way.
    """

    __slots__ = ("exits", "keys", "length", "times")

    def __init__(self, exits: tuple[Exit, ...], keys: list[int], first: int) -> None:
        self.length: int = _length(exits, keys, first)
        self.exits: tuple[Exit, ...] = exits[first : first + self.length]
        self.keys: list[int] = keys[first : first + self.length]
        self.times: int = 0

    def is_at(self, exits: tuple[Exit, ...], keys: list[int], first: int) -> bool:
        """Returns True if an interrupt goes this way from an exit on."""
        after = first + self.length
        return self.length > 0 and exits[first:after] == self.exits and keys[first:after] == self.keys


def _length(exits: tuple[Exit, ...], keys: list[int], first: int) -> int:
    """Returns the number of exits of the course that begins with a RAISE; 0 where it has none."""
    key, role = keys[first], _ACCEPT
    for at in range(first + 1, min(len(exits), first + MOST)):
        found = exits[at].role
        if keys[at] != key or not exits[at].kind:
            return 0
        if found is _END and role is _SERVE:
            return at + 1 - first
        if found is not role:
            return 0
        role = _SERVE
    return 0
