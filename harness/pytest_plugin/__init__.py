# SPDX-License-Identifier: MIT
"""Pytest plugin: a ``machine`` fixture, and every ``guest.toml`` as a test.

Loaded into every pytest run of an environment that has this package, so nothing heavy is imported
before a test asks for it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from harness.pytest_plugin.machines import MachineFactory

__all__ = ["MachineFactory"]

_MACHINES: pytest.StashKey[MachineFactory] = pytest.StashKey()


def __getattr__(name: str) -> Any:
    if name == "MachineFactory":  # the type of the fixture, for tests that say it
        from harness.pytest_plugin.machines import MachineFactory

        return MachineFactory
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the ini options."""
    parser.addini("rvic_collect", "collect every guest.toml as a test (rvic)", type="bool", default=True)
    parser.addini("rvic_events", "events of a machine shown with a failing test (rvic)", default="20")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collects a ``guest.toml``."""
    if file_path.name != "guest.toml" or not parent.config.getini("rvic_collect"):
        return None
    from harness.pytest_plugin.items import GuestFile

    return GuestFile.from_parent(parent, path=file_path)


def events_shown(config: pytest.Config) -> int:
    """Returns the number of events that a failing test shows; UsageError if the ini option is none."""
    text = str(config.getini("rvic_events"))
    if not text.isdecimal():
        raise pytest.UsageError(f"rvic_events = {text}: a number of events is needed, 0 for none")
    return int(text)


@pytest.fixture
def machine(request: pytest.FixtureRequest) -> Iterator[MachineFactory]:
    """Makes a loaded Machine from a source, a path or a firmware's name, which is closed when the test ends."""
    from harness.pytest_plugin.machines import MachineFactory

    machines = MachineFactory(request.path.parent, events=events_shown(request.config))
    request.node.stash[_MACHINES] = machines
    try:
        yield machines
    finally:
        machines.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Shows with a failing test what its machines did last."""
    report = yield
    machines = item.stash.get(_MACHINES, None)
    if report.failed and machines is not None:
        report.sections.extend(machines.sections())
    return report
