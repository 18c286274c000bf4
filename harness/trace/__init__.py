# SPDX-License-Identifier: MIT
"""Events of a run as values: their types, the ledger of world switches, and the writers of a trace.

:mod:`~harness.trace.events` says what can happen, :mod:`~harness.trace.hub` hands it out,
:mod:`~harness.trace.ledger` counts what each interrupt cost, :mod:`~harness.trace.text` and
:mod:`~harness.trace.jsonl` write it down for people and for programs.
"""

from harness.trace.costs import InterruptCost, Occurrence
from harness.trace.events import Event
from harness.trace.exits import Exit
from harness.trace.hub import Events, Listener
from harness.trace.jsonl import JsonLinesWriter
from harness.trace.ledger import Ledger
from harness.trace.names import Names
from harness.trace.text import TextWriter

__all__ = [
    "Event",
    "Events",
    "Exit",
    "InterruptCost",
    "JsonLinesWriter",
    "Ledger",
    "Listener",
    "Names",
    "Occurrence",
    "TextWriter",
]
