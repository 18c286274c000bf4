# SPDX-License-Identifier: MIT
"""Ctrl-C while a guest runs.

Python raises KeyboardInterrupt wherever it happens to be, which may be on the edge of one of the emulator's
callbacks, where an exception is lost. So a run only notes the signal, and raises between two slices.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class CtrlC:
    """Ctrl-C of a run: ``pressed`` once SIGINT has come; :meth:`check` raises KeyboardInterrupt then."""

    def __init__(self) -> None:
        self.pressed = False

    def check(self) -> None:
        """Raises KeyboardInterrupt if SIGINT was held back."""
        if self.pressed:
            self.pressed = False
            raise KeyboardInterrupt

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """Holds SIGINT back in here, where Python's own handler would have raised."""
        main = threading.current_thread() is threading.main_thread()
        if not main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
            yield
            return
        signal.signal(signal.SIGINT, self._note)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        self.check()

    def _note(self, *_: object) -> None:
        self.pressed = True
