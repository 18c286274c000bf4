# SPDX-License-Identifier: MIT
"""Saved contexts of Unicorn: every register of a CPU at one moment."""

from __future__ import annotations

import ctypes

from harness.engine.emulator import binding as uc
from harness.engine.emulator.lifetime import Closable


class SavedContext(Closable):
    """Registers of a CPU as they were when this was made."""

    lent = ("_handle", "_context")

    def __init__(self, handle: int) -> None:
        context = ctypes.c_void_p()
        uc.check(uc.context_alloc(handle, ctypes.byref(context)), "uc_context_alloc")
        self._handle = handle
        self._context = context
        uc.check(uc.context_save(handle, context), "uc_context_save")

    def restore(self) -> None:
        """Puts it back."""
        uc.check(uc.context_restore(self._handle, self._context), "uc_context_restore")

    def close(self) -> None:
        """Frees it."""
        if not self.closed:
            uc.context_free(self._context)
            self.withdraw()
