# SPDX-License-Identifier: MIT
"""The assembler's conditionals: ``.if`` and its kin (GNU as manual, 7.45)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from harness.asm.source import AsmError, Location

_COMPARISONS: dict[str, Callable[[int], bool]] = {
    ".if": lambda v: v != 0,
    ".ifne": lambda v: v != 0,
    ".ifeq": lambda v: v == 0,
    ".ifgt": lambda v: v > 0,
    ".ifge": lambda v: v >= 0,
    ".iflt": lambda v: v < 0,
    ".ifle": lambda v: v <= 0,
}
_OPENING = frozenset(
    (*_COMPARISONS, ".ifdef", ".ifndef", ".ifnotdef", ".ifb", ".ifnb", ".ifc", ".ifnc", ".ifeqs", ".ifnes")
)
_CONDITIONALS = _OPENING | {".elseif", ".else", ".endif"}


@dataclass(slots=True)
class _Group:
    """One open ``.if``: ``taken`` once a branch of it was, ``active`` while its statements are read."""

    location: Location
    outer: bool
    taken: bool
    active: bool
    ended: bool = False


class Conditionals:
    """The stack of open conditionals; ``evaluate`` and ``defined`` ask the assembler."""

    def __init__(self, evaluate: Callable[[str], int], defined: Callable[[str], bool]) -> None:
        self._evaluate = evaluate
        self._defined = defined
        self._groups: list[_Group] = []

    @property
    def active(self) -> bool:
        """Whether statements are assembled here."""
        return not self._groups or self._groups[-1].active

    @property
    def depth(self) -> int:
        """How many conditionals are open."""
        return len(self._groups)

    def cut(self, depth: int) -> None:
        """Drop what was opened above ``depth`` (``.exitm``)."""
        del self._groups[depth:]

    def check(self, depth: int) -> None:
        """Raise GuestError at a conditional opened above ``depth``: its file or macro has ended."""
        if len(self._groups) > depth:
            raise self._groups[-1].location.error("`.if` without `.endif`")

    def handle(self, name: str, rest: str, location: Location, floor: int) -> bool:
        """Handle a conditional directive; False if ``name`` is none. ``floor``: depth where this source began."""
        if name not in _CONDITIONALS:
            return False
        if name in _OPENING:
            outer = self.active
            holds = outer and self._holds(name, rest)
            self._groups.append(_Group(location, outer, holds, holds))
            return True
        if len(self._groups) <= floor:
            raise AsmError(f"`{name}` without `.if`")
        group = self._groups[-1]
        if name == ".endif":
            self._groups.pop()
        elif group.ended:
            raise AsmError(f"`{name}` after `.else`")
        else:
            group.ended = name == ".else"
            group.active = group.outer and not group.taken and (name == ".else" or self._evaluate(rest) != 0)
            group.taken = group.taken or group.active
        return True

    def _holds(self, name: str, rest: str) -> bool:
        compare = _COMPARISONS.get(name)
        if compare is not None:
            return compare(self._evaluate(rest))
        if name in (".ifb", ".ifnb"):
            return (not rest.strip()) == (name == ".ifb")
        if name in (".ifdef", ".ifndef", ".ifnotdef"):
            if not rest:
                raise AsmError(f"`{name}` needs a symbol")
            return self._defined(rest) == (name == ".ifdef")
        left, comma, right = rest.partition(",")
        if not comma:
            raise AsmError(f"`{name}` needs two strings with a comma between")
        return (_plain(left) == _plain(right)) == (name in (".ifc", ".ifeqs"))


def _plain(text: str) -> str:
    text = text.strip()
    return text[1:-1] if len(text) >= 2 and text[0] == text[-1] and text[0] in "\"'" else text
