# SPDX-License-Identifier: MIT
"""Attendance of a run: who watches it, and may type."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from harness.host.terminal import Terminal


@dataclass(slots=True)
class Attendance:
    """Attendance of one machine's runs; nobody, until a face says so.

    ``turn()`` is called between two slices, of which none has more than ``longest_slice`` instructions then; and a
    signal that would end the process ends the run, with a Stop. ``terminal`` is a person's, or another program's,
    who types and reads while a run goes on.
    """

    turn: Callable[[], object] | None = None
    terminal: Terminal | None = None
    longest_slice: int = 1_000_000
