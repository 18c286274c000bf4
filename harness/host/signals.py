# SPDX-License-Identifier: MIT
"""Ctrl-C, SIGTERM and SIGHUP while a guest runs.

Python raises KeyboardInterrupt wherever it happens to be, which may be on the edge of one of the emulator's
callbacks, where an exception is lost. So a run only notes a signal, and ends between two slices.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

INTERRUPT: Final = signal.SIGINT
TERMINATE: Final = (signal.SIGTERM, signal.SIGHUP)


class Signals:
    """Signals of a run: ``came`` is the first that has come, if any."""

    def __init__(self) -> None:
        self.came: int | None = None

    def check(self) -> None:
        """Raises KeyboardInterrupt if SIGINT was held back."""
        if self.came is not None:
            self.came = None
            raise KeyboardInterrupt

    @contextmanager
    def deferred(self, woken: Callable[[], object], others: Sequence[int] = ()) -> Iterator[None]:
        """Holds SIGINT and ``others`` back in here where nobody else has a handler for them.

        ``woken()`` is called at the first, wherever Python happens to be; another SIGINT has its usual effect. What
        was held back and that nobody has taken care of raises at the end, as :meth:`check` does.
        """
        before = self._install(woken, others)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        if before:
            self.check()

    def _install(self, woken: Callable[[], object], others: Sequence[int]) -> dict[int, signal._HANDLER]:
        if threading.current_thread() is not threading.main_thread():
            return {}
        usual: dict[int, signal._HANDLER] = {
            INTERRUPT: signal.default_int_handler,
            **dict.fromkeys(others, signal.SIG_DFL),
        }
        before = {number: handler for number, handler in usual.items() if signal.getsignal(number) is handler}

        def note(number: int, _frame: object) -> None:
            if INTERRUPT in before:
                signal.signal(INTERRUPT, before[INTERRUPT])
            if self.came is None:
                self.came = number
                woken()

        for number in before:
            signal.signal(number, note)
        return before
