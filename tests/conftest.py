# SPDX-License-Identifier: MIT
from __future__ import annotations

import os

import pytest
from hypothesis import settings
from xdist.scheduler import LoadGroupScheduling

pytest_plugins = ("pytester",)

# The same examples in every run and on every worker.
settings.register_profile("fixed", derandomize=True, deadline=None)
settings.load_profile("fixed")

BACKEND = os.environ.get("RVIC_BACKEND", "view")


def pytest_configure() -> None:
    """With RVIC_BACKEND=api every machine that does not ask for a register backend gets the fallback."""
    if BACKEND == "view":
        return
    from harness import Machine

    options = Machine.__init__.__kwdefaults__
    assert "backend" in options
    options["backend"] = BACKEND


def pytest_report_header(config: pytest.Config) -> str:
    return f"register backend: {BACKEND}"


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadGroupScheduling:
    """Tests of one ``xdist_group`` share what they have measured: let one worker run them."""
    return LoadGroupScheduling(config, log)
