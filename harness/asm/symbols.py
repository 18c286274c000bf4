# SPDX-License-Identifier: MIT
"""The symbols of a source: labels, numeric labels, assignments."""

from __future__ import annotations

import re
from collections.abc import Callable

from harness.asm.expressions import Address, Node
from harness.asm.source import AsmError, Location

NAME = r"[A-Za-z_.$][\w.$]*"
_NAME = re.compile(NAME)
# Names that no source can write: the nth label of a number, the nth literal of a pool.
_NUMBERED, _LITERAL = "\x02", "\x01"


def is_internal(name: str) -> bool:
    """Whether a name is for the assembler only: numeric labels, literals, and what starts with ``.L``."""
    return name.startswith((".L", _LITERAL)) or _NUMBERED in name


class SymbolTable:
    """What names mean so far; ``here`` gives the current place."""

    def __init__(self, here: Callable[[], Address]) -> None:
        self.values: dict[str, Node] = {}
        self.weak: set[str] = set()
        self._here = here
        self._labels: dict[str, Location] = {}
        self._numbered: dict[str, int] = {}
        self._literals = 0

    def define_label(self, name: str, location: Location) -> None:
        """Give a name to this place; a number may be given again and again."""
        if name[0].isdigit():
            number = str(int(name))
            self._numbered[number] = self._numbered.get(number, 0) + 1
            name = f"{number}{_NUMBERED}{self._numbered[number]}"
        elif name in self._labels:
            place = self._labels[name].root
            raise AsmError(f"label `{name}` is already defined at {place.file}:{place.line}")
        elif name in self.values:
            raise AsmError(f"symbol `{name}` is already defined")
        self._labels[name] = location
        self.values[name] = self._here()

    def assign(self, name: str, value: Node, *, once: bool = False) -> None:
        """Give a name a value, which may be changed again unless ``once``."""
        if not _NAME.fullmatch(name):
            raise AsmError(f"`{name}` cannot be the name of a symbol")
        if name in self._labels or (once and name in self.values):
            raise AsmError(f"symbol `{name}` is already defined")
        self.values[name] = value

    def fresh_literal(self) -> str:
        """A new name for a literal in a pool."""
        self._literals += 1
        return f"{_LITERAL}{self._literals}"

    def lookup(self, name: str) -> Node:
        """The value of a symbol; AsmError if it has none. A weak one is 0 then (ELF)."""
        node = self.values.get(name)
        if node is not None:
            return node
        if name in self.weak:
            return 0
        number, mark, _ = name.partition(_NUMBERED)
        raise AsmError(f"no label `{number}:` after this" if mark else f"undefined symbol `{name}`")

    def symbol(self, name: str) -> Node:
        """What a name means here: its value, or itself while it has none."""
        node = self.values.get(name, name)
        return node if isinstance(node, (int, Address)) else name

    def local_label(self, reference: str) -> Node:
        """The nearest numeric label before (``1b``) or after (``1f``)."""
        number = str(int(reference[:-1]))
        count = self._numbered.get(number, 0)
        if reference[-1] == "f":
            return f"{number}{_NUMBERED}{count + 1}"
        if count == 0:
            raise AsmError(f"no label `{number}:` before this")
        return self.values[f"{number}{_NUMBERED}{count}"]

    def here(self) -> Node:
        """The value of ``.``."""
        return self._here()
