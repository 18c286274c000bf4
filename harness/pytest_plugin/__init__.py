# SPDX-License-Identifier: MIT
"""The pytest plugin: a ``machine`` fixture, and every ``guest.toml`` as a test.

Loaded into every pytest run of an environment that has this package, so nothing heavy is imported
before a test asks for it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from harness.machine.machine import Machine
    from harness.pytest_plugin.machines import Machines

_MACHINES: pytest.StashKey[Machines] = pytest.StashKey()


class MachineFactory(Protocol):
    """What the ``machine`` fixture is."""

    def __call__(self, source: str | Path, **options: Any) -> Machine:
        """A machine with the guest loaded; it is closed when the test ends.

        ``source`` is assembly text (it has a newline), a path (from the test's own directory, else from
        the working directory), a directory with a ``guest.toml``, or the name of a firmware. A guest with a
        ``guest.toml`` named by its directory, manifest or firmware name gets the machine and the stimuli
        that it asks for; ``options`` are those of ``Machine`` and come first.
        """


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the ini options."""
    parser.addini("rvic_collect", "collect every guest.toml as a test (rvic)", type="bool", default=True)
    parser.addini("rvic_events", "events of a machine shown with a failing test (rvic)", default="20")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect a ``guest.toml``."""
    if file_path.name != "guest.toml" or not parent.config.getini("rvic_collect"):
        return None
    from harness.pytest_plugin.items import GuestFile

    return GuestFile.from_parent(parent, path=file_path)


@pytest.fixture
def machine(request: pytest.FixtureRequest) -> Iterator[MachineFactory]:
    """Call it with a source, a path or a firmware's name: a loaded Machine, closed when the test ends."""
    from harness.pytest_plugin.machines import Machines

    machines = Machines(request.path.parent, events=int(request.config.getini("rvic_events")))
    request.node.stash[_MACHINES] = machines
    try:
        yield machines.open
    finally:
        machines.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show with a failing test what its machines did last."""
    report = yield
    machines = item.stash.get(_MACHINES, None)
    if report.failed and machines is not None:
        report.sections.extend(machines.sections())
    return report
