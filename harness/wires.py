# SPDX-License-Identifier: MIT
"""Wires: the lines that carry interrupts from whoever drives them to whoever must know.

They lie on the lowest floor because they join the floors above: a device's output, an input or output of the GIC,
the interrupt inputs of a CPU are all the same thing, and a model that drives one knows nothing of its other end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

Listener = Callable[[bool], object]


class Wire:
    """One wire: its level, and the listeners that are told of each change, in the order in which they came.

    Wires are equal if their levels are. A copy has the level and no listeners: it leads nowhere.
    """

    __slots__ = ("_listeners", "level")
    __hash__ = None  # type: ignore[assignment]  # equal by a level that changes

    def __init__(self, level: bool = False) -> None:
        self.level = level
        self._listeners: tuple[Listener, ...] = ()

    def listen(self, listener: Listener) -> None:
        """Calls ``listener(level)`` at every change from now on."""
        self._listeners = (*self._listeners, listener)

    def drive(self, level: bool) -> None:
        """Drives the wire to a level; nothing happens where it has that already."""
        if level != self.level:
            self.level = level
            for listener in self._listeners:
                listener(level)

    def repeat(self) -> None:
        """Tells the listeners of a high level once more: one of them was reset, and has forgotten it."""
        if self.level:
            for listener in self._listeners:
                listener(True)

    def __eq__(self, other: object) -> bool:
        return self.level == other.level if isinstance(other, Wire) else NotImplemented

    def __reduce__(self) -> tuple[type[Wire], tuple[bool]]:
        return Wire, (self.level,)

    def __repr__(self) -> str:
        return f"Wire({self.level})"


class Gate:
    """Gate in the way of some wires. ``with gate:`` closes it, and what is behind it sees no change meanwhile.

    When it opens, each wire behind it takes its level, in the order in which they were led through: a level that
    changed and changed back is not seen at all. A gate may be closed within itself; the outermost one opens it.
    """

    def __init__(self) -> None:
        self._ways: list[tuple[tuple[Wire, ...], Wire]] = []
        self._closed = 0
        self._moved = 0  # a bit for each way on which something has moved while it was closed

    def lead(self, sources: Sequence[Wire], to: Wire) -> None:
        """Leads wires through the gate: ``to`` is high while any of ``sources`` is."""
        before, bit = tuple(sources), 1 << len(self._ways)
        self._ways.append((before, to))

        def moved(level: bool) -> None:
            if self._closed:
                self._moved |= bit
            else:
                to.drive(level or _is_any_high(before))

        for source in before:
            source.listen(moved)

    def __enter__(self) -> None:
        self._closed += 1

    def __exit__(self, *_: object) -> None:
        self._closed -= 1
        while self._moved and not self._closed:
            bit = self._moved & -self._moved
            self._moved ^= bit
            before, to = self._ways[bit.bit_length() - 1]
            to.drive(_is_any_high(before))


def _is_any_high(wires: tuple[Wire, ...]) -> bool:
    # A generator takes thrice as long, and this is at each change of an interrupt input.
    for wire in wires:  # noqa: SIM110
        if wire.level:
            return True
    return False
