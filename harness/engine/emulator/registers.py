# SPDX-License-Identifier: MIT
"""Interface to the state of one Unicorn CPU, of which there are two implementations.

ViewRegisters looks straight into CPUARMState (fast; offsets confirmed by the probe); ApiRegisters uses
public functions only, and counts instructions in a hook of its own (slow; works with any build).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Protocol, overload

HPFAR_FIPA: Final = 0xFFF_FFFF_FFF0  # IPA bits 47:12, from bit 4


class RawGeneral(Protocol):
    """X0 to X30 by index: ints of 0 to 2**64 - 1 (a ValueError otherwise); slices for reading at once.

    For the paths of exits: a slice may be a view, and a closed CPU's is a ValueError.
    """

    @overload
    def __getitem__(self, key: int, /) -> int: ...
    @overload
    def __getitem__(self, key: slice, /) -> RawGeneral: ...
    def __setitem__(self, key: int, value: int, /) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[int]: ...
    def tolist(self) -> list[int]:
        """Returns all as a list."""
        ...


class Registers(Protocol):
    """State of a CPU beyond its system and vector registers.

    `counter` and `limit` are instructions since start(): the one that runs (or traps) is counted; when
    `limit` have run, the next one stops before it executes.
    """

    pc: int
    sp: int
    counter: int
    limit: int

    @property
    def x(self) -> RawGeneral:
        """X0 to X30."""
        ...

    @property
    def level(self) -> int:
        """PSTATE.EL."""
        ...

    def syndrome(self) -> int:
        """Returns ESR of the exception in progress."""
        ...

    def fault_address(self) -> int:
        """Returns FAR of the exception in progress."""
        ...

    def fault_page(self) -> int:
        """Returns the IPA of the page of the latest stage-2 abort, from HPFAR_EL2."""
        ...

    def stage1(self) -> bool:
        """Says whether the guest's own translation is on: SCTLR_EL1.M."""
        ...

    def target_level(self) -> int:
        """Returns the Exception level that the exception in progress is bound for."""
        ...

    def answer(self, x0: int, x1: int) -> None:
        """Answers a hypercall: x0 and x1, x2 = x3 = 0. Both are unsigned 64-bit ints."""
        ...

    def start(self, pc: int, count: int) -> int:
        """Runs up to `count` instructions; returns a uc_err."""
        ...

    def close(self) -> object | None:
        """Lets go of the CPU; returns memory of it that somebody looks at all the same, through a slice of `x`."""
        ...
