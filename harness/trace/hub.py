# SPDX-License-Identifier: MIT
"""Hub that hands events to their listeners, at no cost where there are none."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from harness.trace.events import Event
from harness.trace.ledger import Ledger

Listener: TypeAlias = Callable[[Event], None]


class Events:
    """Listeners of one machine, called in the order in which they came.

    Test ``active`` before building an event: ``if events.active: events.emit(Hvc(...))``. A listener that
    raises stops the run; it is a bug of its owner's and is not swallowed.

    A ledger that listens alone is ``ledger``, and takes exits without an event being built (:meth:`Ledger.record`),
    unless a vCPU is ``asleep``: what ends its wait is known by the order of events. ``telling`` is True while
    somebody else listens.

    VirqTaken and Eret, which are no exits, cost a look at each exception: they are made while somebody hears them.
    ``on_exceptions(wanted)`` is called when that changes.
    """

    __slots__ = ("_hear", "_held", "_listeners", "active", "ledger", "on_exceptions", "telling")

    def __init__(self) -> None:
        self._listeners: tuple[Listener, ...] = ()
        self._hear: tuple[bool, ...] = ()  # of each, whether it wants VirqTaken and Eret
        self._held: list[list[Event]] = []
        self.on_exceptions: Callable[[bool], object] | None = None
        self.active = self.telling = False
        self.ledger: Ledger | None = None

    @property
    def listeners(self) -> tuple[Listener, ...]:
        """Listeners, in the order in which they are called."""
        return self._listeners

    def add(self, listener: Listener, *, exceptions: bool = True) -> None:
        """Calls ``listener(event)`` for every event from now on.

        One that has no use for VirqTaken and Eret says ``exceptions=False``, and runs are quicker if all do.
        """
        self._change((*self._listeners, listener), (*self._hear, exceptions))

    def remove(self, listener: Listener) -> None:
        """Stops calling ``listener``; ValueError if it was never added. Safe from inside a listener."""
        at = list(self._listeners).index(listener)
        listeners, hear = self._listeners, self._hear
        self._change(listeners[:at] + listeners[at + 1 :], hear[:at] + hear[at + 1 :])

    def _change(self, listeners: tuple[Listener, ...], hear: tuple[bool, ...]) -> None:
        before = any(self._hear)
        self._listeners, self._hear = listeners, hear
        alone = listeners[0] if len(listeners) == 1 else None
        self.ledger = alone if isinstance(alone, Ledger) else None
        self.active = bool(listeners)
        self.telling = self.active and self.ledger is None
        if any(hear) != before and self.on_exceptions is not None:
            self.on_exceptions(not before)

    @property
    def needed(self) -> bool:
        """True while an event has to be made of an exit: somebody is told, or the ledger attributes a wait."""
        return self.telling or (self.ledger is not None and bool(self.ledger.asleep))

    def emit(self, event: Event) -> None:
        """Hands one event to every listener; inside a :meth:`hold`, when it is released."""
        if self._held:
            self._held[-1].append(event)
            return
        for listener in self._listeners:
            listener(event)

    def hold(self) -> None:
        """Keeps back the events that are emitted until :meth:`release`. Holds nest.

        An exit's event carries its result, so it is only known once its consequences (lines, kicks) have been
        emitted; holding them back lets the trace tell the cause first.
        """
        self._held.append([])

    def release(self, *first: Event) -> None:
        """Emits ``first``, then the events kept back since the matching :meth:`hold`."""
        kept = self._held.pop()
        released = (*first, *kept) if kept else first
        if self._held:
            self._held[-1].extend(released)
            return
        for event in released:
            for listener in self._listeners:
                listener(event)
