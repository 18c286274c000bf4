# SPDX-License-Identifier: MIT
"""Every engine test runs with every register backend."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from engine_rig import Rig

from harness.engine import Backend


@pytest.fixture(params=["c", "view", "api"])
def backend(request: pytest.FixtureRequest) -> Backend:
    chosen: Backend = request.param
    return chosen


@pytest.fixture
def make(backend: Backend) -> Iterator[Callable[[], Rig]]:
    rigs: list[Rig] = []

    def maker() -> Rig:
        rigs.append(Rig(backend))
        rigs[-1].add()
        return rigs[-1]

    yield maker
    for rig in rigs:
        for pe in rig.pes:
            pe.close()


@pytest.fixture
def rig(make: Callable[[], Rig]) -> Rig:
    """One PE at EL1 with VBAR_EL1 at RAM + 0x10000."""
    return make()


@pytest.fixture
def make_max(backend: Backend) -> Iterator[Rig]:
    """One PE of the model with everything, LSE and PAN included."""
    rig = Rig(backend)
    rig.add(model="max")
    yield rig
    rig.pe.close()
