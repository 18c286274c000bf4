# SPDX-License-Identifier: MIT
"""Run as one JSON object, for programs."""

from __future__ import annotations

import json
from typing import Any

from harness.scenario.report import Report


def to_json(report: Report) -> str:
    """Returns the object: integers are exact (registers have 64 bits), keys are in a fixed order."""
    fields: dict[str, Any] = {
        "name": report.name,
        "met": report.met,
        "reason": report.stop.reason.value,
        "code": report.stop.code,
        "detail": report.stop.detail,
        "instructions": report.instructions,
        "ticks": report.ticks,
        "seed": report.seed,
        "console": report.console,
        "virtconsole": report.virtconsole,
        "dropped": {"console": report.console_dropped, "virtconsole": report.virtconsole_dropped},
        "cpus": [{"on": cpu.on, "pc": cpu.pc, "x": list(cpu.x)} for cpu in report.cpus],
        "symbols": report.symbols,
        "deviations": report.deviations,
        "ledger": report.ledger.to_dict(),
        "expectations": [
            {"what": one.what, "expected": one.wanted, "got": one.got, "met": one.met}
            for one in report.expectations
        ],
    }
    return json.dumps(fields)
