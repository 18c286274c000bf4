# SPDX-License-Identifier: MIT
"""Fixtures: machines with a guest of a few lines in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from harness import Machine
from harness.asm import assemble

PRELUDE = '#include "psci.inc"\n#include "rvic.inc"\n'


@pytest.fixture
def guest() -> Iterator[Callable[..., Machine]]:
    """`guest(source, cpus=2)`: a machine with that assembly loaded; it may use PSCI's and RVIC's names."""
    with ExitStack() as machines:

        def make(source: str, **options: Any) -> Machine:
            machine = machines.enter_context(Machine(**{"memory": "32M", **options}))
            machine.load(assemble(f"_start: b main\n{PRELUDE}{source}", name="guest.S"))
            return machine

        yield make
