# SPDX-License-Identifier: MIT
"""What happened, as values: typed events, the ledger of world switches, and the writers of a trace.

:mod:`~harness.trace.events` says what can happen, :mod:`~harness.trace.hub` hands it out,
:mod:`~harness.trace.ledger` counts what each interrupt cost, :mod:`~harness.trace.text` and
:mod:`~harness.trace.jsonl` write it down for people and for programs.
"""

from harness.trace.costs import InterruptCost, Occurrence
from harness.trace.hub import Events
from harness.trace.ledger import Ledger
from harness.trace.names import Names

__all__ = ["Events", "InterruptCost", "Ledger", "Names", "Occurrence"]
