# SPDX-License-Identifier: MIT
"""The same guest work under every interrupt controller, and what it costs in world switches."""

from harness.compare.extras import Extras, measure_extras
from harness.compare.measure import LIST_REGISTERS, Row, Spread, compare, measure
from harness.compare.page import page
from harness.compare.tables import markdown, to_json
from harness.compare.works import CONTROLLERS, INTERRUPTS, WORKS, Work, chosen

__all__ = [
    "CONTROLLERS",
    "INTERRUPTS",
    "LIST_REGISTERS",
    "WORKS",
    "Extras",
    "Row",
    "Spread",
    "Work",
    "chosen",
    "compare",
    "markdown",
    "measure",
    "measure_extras",
    "page",
    "to_json",
]
