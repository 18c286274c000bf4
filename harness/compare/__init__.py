# SPDX-License-Identifier: MIT
"""Workloads, the same under every interrupt controller, and their cost in world switches."""

from harness.compare.measure import LIST_REGISTERS, Row, Spread, compare, measure
from harness.compare.page import page
from harness.compare.supplement import Supplement, measure_supplement
from harness.compare.tables import markdown, to_json
from harness.compare.workloads import CONTROLLERS, INTERRUPTS, WORKLOADS, Workload, chosen

__all__ = [
    "CONTROLLERS",
    "INTERRUPTS",
    "LIST_REGISTERS",
    "WORKLOADS",
    "Row",
    "Spread",
    "Supplement",
    "Workload",
    "chosen",
    "compare",
    "markdown",
    "measure",
    "measure_supplement",
    "page",
    "to_json",
]
