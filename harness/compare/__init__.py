# SPDX-License-Identifier: MIT
"""The same guest work under every interrupt controller, and what it costs in world switches."""

from harness.compare.measure import Row, Spread, compare, measure
from harness.compare.page import page
from harness.compare.tables import markdown, to_json
from harness.compare.works import CONTROLLERS, INTERRUPTS, WORKS, Work, chosen

__all__ = [
    "CONTROLLERS",
    "INTERRUPTS",
    "WORKS",
    "Row",
    "Spread",
    "Work",
    "chosen",
    "compare",
    "markdown",
    "measure",
    "page",
    "to_json",
]
