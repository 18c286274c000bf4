# SPDX-License-Identifier: MIT
"""Accesses of EL2's driver to the physical GIC, heard where they leave it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.board.system_bus import SystemBus
from harness.devices import Port


class HeardPort(Port):
    """Way to a device that tells of each access: an address, and the value that was read or written."""

    def __init__(
        self, port: Port, loaded: Callable[[int, int], object], stored: Callable[[int, int], object]
    ) -> None:
        self._port, self._loaded, self._stored = port, loaded, stored

    def load(self, address: int, size: int) -> int:
        value = self._port.load(address, size)
        self._loaded(address, value)
        return value

    def store(self, address: int, size: int, value: int) -> bool:
        self._stored(address, value)
        return self._port.store(address, size, value)


def hear(
    monkeypatch: pytest.MonkeyPatch,
    *,
    loaded: Callable[[int, int, int], object] = lambda *_: None,
    stored: Callable[[int, int, int], object] = lambda *_: None,
) -> None:
    """Calls loaded(cpu, address, value) and stored(...) in machines that are made from now on."""
    find = SystemBus.port

    def port(bus: SystemBus, cpu: int, address: int) -> Port | None:
        found = find(bus, cpu, address)
        if found is None:
            return None
        return HeardPort(found, lambda *access: loaded(cpu, *access), lambda *access: stored(cpu, *access))

    monkeypatch.setattr(SystemBus, "port", port)
