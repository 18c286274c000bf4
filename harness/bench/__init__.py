# SPDX-License-Identifier: MIT
"""The cost of the harness, as ratios to bare Unicorn that are measured in the same run."""

from harness.bench.figures import all_figures
from harness.bench.machine_name import machine_name
from harness.bench.result import Effort, Result, to_json

__all__ = ["Effort", "Result", "all_figures", "machine_name", "to_json"]
