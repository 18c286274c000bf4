# SPDX-License-Identifier: MIT
"""Pytest plugin: a ``machine`` fixture, and every ``guest.toml`` as a test.

Loaded into every pytest run of an environment that has this package, so nothing heavy is imported
before a test asks for it.
"""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import pytest

if TYPE_CHECKING:
    from harness.pytest_plugin.machines import MachineFactory

__all__ = ["MachineFactory", "machine_fixture"]

Scope: TypeAlias = Literal["session", "package", "module", "class", "function"]


def __getattr__(name: str) -> Any:
    if name == "MachineFactory":  # the type of the fixture, for tests that say it
        from harness.pytest_plugin.machines import MachineFactory

        return MachineFactory
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the ini options."""
    parser.addini("rvic_collect", "collect every guest.toml as a test (rvic)", type="bool", default=True)
    parser.addini(
        "rvic_limit",
        "instructions after which a run without a limit of its own fails its test, 0 for none (rvic)",
        default="100000000",
    )
    parser.addini("rvic_events", "events of a machine shown with a failing test (rvic)", default="20")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collects a ``guest.toml``."""
    if file_path.name != "guest.toml" or not parent.config.getini("rvic_collect"):
        return None
    from harness.pytest_plugin.items import GuestFile

    return GuestFile.from_parent(parent, path=file_path)


def events_shown(config: pytest.Config) -> int:
    """Returns the number of events that a failing test shows; UsageError if the ini option is none."""
    return _number(config, "rvic_events", "events")


def _number(config: pytest.Config, name: str, of: str) -> int:
    from harness.arguments import decimal

    text = str(config.getini(name))
    number = decimal(text.replace("_", ""))
    if number is None:
        raise pytest.UsageError(f"{name} = {text}: a number of {of} is needed, 0 for none")
    return number


def machine_fixture(scope: Scope) -> Any:
    """Returns a fixture like ``machine`` with another scope: its machines live until that ends.

    Give it a name in a test module or a conftest.py: ``booted = machine_fixture("module")``. Paths are from the
    directory of that module, class or package; from pytest's root directory where the scope is the session.
    """

    @pytest.fixture(scope=scope)
    def machines(request: pytest.FixtureRequest) -> Iterator[MachineFactory]:
        """Makes a loaded Machine from a source, a path or a firmware's name, closed when its scope ends."""
        from harness.pytest_plugin.machines import MachineFactory

        directory = request.config.rootpath if scope == "session" else request.path.parent
        limit = _number(request.config, "rvic_limit", "instructions")
        made = MachineFactory(directory, events=events_shown(request.config), limit=limit or None)
        try:
            yield made
        finally:
            made.close()

    return machines


machine = machine_fixture("function")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Shows with a failing test what its machines did last."""
    report = yield
    loaded = sys.modules.get("harness.pytest_plugin.machines")
    if report.failed and loaded is not None:
        for made in getattr(item, "funcargs", {}).values():
            if isinstance(made, loaded.MachineFactory):
                report.sections.extend(made.sections())
    return report
