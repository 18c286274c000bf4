# SPDX-License-Identifier: MIT
"""Fixtures: a machine whose vCPUs make the calls that a test lists."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from call_table import Caller

from harness import Machine


@pytest.fixture
def caller() -> Iterator[Callable[..., Caller]]:
    """`caller(cpus=2, profile="kvm")`: a machine with the interpreter running on every vCPU."""
    with ExitStack() as machines:

        def make(*, secondaries: bool = True, **options: Any) -> Caller:
            machine = machines.enter_context(Machine(**{"memory": "32M", "quantum": 200, **options}))
            return Caller(machine, secondaries=secondaries)

        yield make
