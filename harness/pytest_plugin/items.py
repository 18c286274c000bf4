# SPDX-License-Identifier: MIT
"""``guest.toml`` as a test: the guest runs, and what its manifest expects must come out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.errors import HarnessError

if TYPE_CHECKING:
    from harness.scenario.report import Report


class GuestFile(pytest.File):
    """``guest.toml``; it holds one test, named by its directory."""

    def collect(self) -> Iterator[pytest.Item]:
        """Yields the one test."""
        yield GuestItem.from_parent(self, name=self.path.parent.name)


class UnmetError(Exception):
    """Failure of a guest that ran: something did not come out as it had to."""

    def __init__(self, report: Report, events: list[str]) -> None:
        super().__init__(report.name)
        self.report = report
        self.events = events


class GuestItem(pytest.Item):
    """Run of one guest as its manifest says."""

    def runtest(self) -> None:
        """Runs it; a failing one a second time, to see its last events, for a run repeats exactly."""
        from harness.pytest_plugin import events_shown
        from harness.pytest_plugin.machines import last_events
        from harness.scenario.reading import read_manifest
        from harness.scenario.report import run

        manifest = read_manifest(self.path)
        report = run(manifest)
        if not report.met:
            raise UnmetError(report, last_events(manifest, events_shown(self.config)))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Returns what people want to know; only a bug of ours has a traceback."""
        if isinstance(excinfo.value, UnmetError):
            from harness.pytest_plugin.machines import describe

            return describe(excinfo.value.report, excinfo.value.events)
        if isinstance(excinfo.value, HarnessError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[os.PathLike[str] | str, int | None, str]:
        """Returns the place of the test, and its name in the report."""
        return Path(self.path), None, f"guest {self.name}"
