# SPDX-License-Identifier: MIT
"""Virtual CPUs of a machine, by number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from operator import index
from typing import overload

from harness.arguments import cpus_text
from harness.errors import ConfigError
from harness.machine.cpu import Cpu


class NoSuchCpuError(ConfigError, IndexError):
    """Error: the machine has no vCPU of this number."""


class Cpus(Sequence[Cpu]):
    """Sequence ``m.cpus``; NoSuchCpuError, an IndexError, for a number that is none of its vCPUs."""

    def __init__(self, cpus: Iterable[Cpu]) -> None:
        self._cpus = tuple(cpus)

    @overload
    def __getitem__(self, number: int) -> Cpu: ...

    @overload
    def __getitem__(self, number: slice) -> tuple[Cpu, ...]: ...

    def __getitem__(self, number: int | slice) -> Cpu | tuple[Cpu, ...]:
        try:
            return self._cpus[number if isinstance(number, slice) else index(number)]
        except (IndexError, TypeError):
            raise NoSuchCpuError(f"cpus[{number!r}]: the machine has {cpus_text(len(self))}") from None

    def __iter__(self) -> Iterator[Cpu]:
        return iter(self._cpus)

    def __len__(self) -> int:
        return len(self._cpus)

    def __repr__(self) -> str:
        return repr(self._cpus)
