# SPDX-License-Identifier: MIT
"""Exceptions that Python raises on entry to one of Unicorn's callbacks, where none of our code can catch them.

Ctrl-C does that: the signal comes while a guest runs, and Python handles it at the first opportunity. ctypes
hands such an exception to sys.unraisablehook, of which a process has one, however many machines run in it.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable

Receiver = Callable[[BaseException], None]
_Hook = Callable[["sys.UnraisableHookArgs"], object]


class Interruptions:
    """The receiver of each thread that runs a guest, and the hook in the process while there is any."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._receivers: dict[int, Receiver] = {}  # by thread
        self._previous: _Hook = sys.__unraisablehook__
        self._hook: _Hook | None = None  # ours, while it is wanted

    def enter(self, receiver: Receiver) -> Receiver | None:
        """Lets a receiver have this thread's interruptions; returns the one that had them, for :meth:`leave`."""
        thread = threading.get_ident()
        with self._lock:
            outer = self._receivers.get(thread)
            self._receivers[thread] = receiver
            if self._hook is None:
                self._install()
        return outer

    def leave(self, outer: Receiver | None) -> None:
        """Undoes :meth:`enter`. With the last one the hook of before is back, unless somebody replaced ours."""
        thread = threading.get_ident()
        with self._lock:
            if outer is not None:
                self._receivers[thread] = outer
                return
            del self._receivers[thread]
            if not self._receivers and self._hook is not None:
                if sys.unraisablehook is self._hook:
                    sys.unraisablehook = self._previous
                self._hook, self._previous = None, sys.__unraisablehook__

    def _install(self) -> None:
        self._previous = previous = sys.unraisablehook
        receivers = self._receivers

        def dispatch(info: sys.UnraisableHookArgs) -> None:
            receiver = receivers.get(threading.get_ident())
            error = info.exc_value
            if receiver is None or error is None or isinstance(error, Exception):
                previous(info)
            else:
                receiver(error)

        # A new one each time: somebody may have put his own around an older one of ours.
        self._hook = sys.unraisablehook = dispatch


INTERRUPTIONS = Interruptions()
