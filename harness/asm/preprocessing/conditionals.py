# SPDX-License-Identifier: MIT
"""Conditionals of either language: ``#if`` of the C preprocessor and ``.if`` of GNU as."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from harness.asm.source import Location, StatementError


class Branch(Enum):
    """Role of a conditional directive."""

    IF = auto()
    ELSE_IF = auto()
    ELSE = auto()
    END = auto()


@dataclass(slots=True)
class _Group:
    """One open conditional: ``taken`` once a branch of it was, ``active`` while its statements are read."""

    location: Location
    outer: bool
    taken: bool
    active: bool
    has_else: bool = False


class Conditionals:
    """Stack of the conditionals that are open in one file, macro or repetition.

    ``prefix`` is what the language's directives start with, for messages.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._groups: list[_Group] = []

    @property
    def active(self) -> bool:
        """True where statements count."""
        return not self._groups or self._groups[-1].active

    def check_closed(self) -> None:
        """Raises GuestError at a conditional that is still open."""
        if self._groups:
            raise self._groups[-1].location.error(f"`{self._prefix}if` without `{self._prefix}endif`")

    def handle(self, branch: Branch, name: str, location: Location, holds: Callable[[], bool]) -> None:
        """Opens, continues or closes a conditional; ``holds`` is asked only where the answer counts."""
        if branch is Branch.IF:
            outer = self.active
            taken = outer and holds()
            self._groups.append(_Group(location, outer, taken, taken))
            return
        if not self._groups:
            raise StatementError(f"`{name}` without `{self._prefix}if`")
        group = self._groups[-1]
        if branch is Branch.END:
            self._groups.pop()
        elif group.has_else:
            raise StatementError(f"`{name}` after `{self._prefix}else`")
        else:
            group.has_else = branch is Branch.ELSE
            group.active = group.outer and not group.taken and (group.has_else or holds())
            group.taken = group.taken or group.active
