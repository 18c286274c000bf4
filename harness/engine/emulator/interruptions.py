# SPDX-License-Identifier: MIT
"""Exceptions that Python raises on entry to one of Unicorn's callbacks, where none of our code can catch them.

Ctrl-C does that: the signal comes while a guest runs, and Python handles it at the first opportunity. ctypes
hands such an exception to sys.unraisablehook, of which a process has one, however many machines run in it.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import get_ident
from typing import Final

Receiver = Callable[[BaseException], object]
_Hook = Callable[["sys.UnraisableHookArgs"], object]


def _first(_error: BaseException) -> None:
    """Stands for the receiver that a thread had before it had any."""


class Interruptions:
    """Receiver of each thread that runs a guest, and the hook in the process while there is any."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._receivers: dict[int, Receiver | None] = {}  # by thread
        self._previous: _Hook = sys.__unraisablehook__
        self._hook: _Hook | None = None  # ours, while it is wanted

    def enter(self, receiver: Receiver | None) -> Receiver | None:
        """Lets a receiver have this thread's interruptions; returns the one that had them, for :meth:`leave`."""
        thread, receivers = get_ident(), self._receivers
        if thread in receivers:
            outer, receivers[thread] = receivers[thread], receiver
            return outer
        with self._lock:
            if self._hook is None:
                self._install()
            receivers[thread] = receiver
        return _first

    def leave(self, outer: Receiver | None) -> None:
        """Undoes :meth:`enter`. With the last one the hook of before is back, unless somebody replaced ours."""
        if outer is not _first:
            self._receivers[get_ident()] = outer
            return
        with self._lock:
            del self._receivers[get_ident()]
            if not self._receivers:
                if sys.unraisablehook is self._hook:
                    sys.unraisablehook = self._previous
                self._hook, self._previous = None, sys.__unraisablehook__

    @contextmanager
    def awaited(self) -> Iterator[None]:
        """Keeps the hook where it is for a whole run: a slice of it then only says who receives."""
        outer = self.enter(None)
        try:
            yield
        finally:
            self.leave(outer)

    def _install(self) -> None:
        self._previous = previous = sys.unraisablehook
        receivers = self._receivers

        def dispatch(info: sys.UnraisableHookArgs) -> None:
            receiver = receivers.get(get_ident())
            error = info.exc_value
            if receiver is None or error is None or isinstance(error, Exception):
                previous(info)
            else:
                receiver(error)

        # A new one each time: somebody may have put his own around an older one of ours.
        self._hook = sys.unraisablehook = dispatch


INTERRUPTIONS: Final = Interruptions()
