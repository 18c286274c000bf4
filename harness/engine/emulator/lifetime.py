# SPDX-License-Identifier: MIT
"""End of a CPU: nothing that points into Unicorn's memory is of use after it.

Unicorn's memory goes with uc_close. So what refers to it keeps the CPU that owns it alive, and is taken away
when that CPU is closed.
"""

from __future__ import annotations

import ctypes
from contextlib import suppress
from typing import ClassVar, Final

from harness.errors import ClosedError

CLOSED: Final = "the machine is closed: its CPUs cannot be read, changed or run any more"


class Closable:
    """Base of a CPU and its parts; ``lent`` names the attributes that go when it is closed."""

    __slots__ = ()
    lent: ClassVar[tuple[str, ...]] = ("_handle", "_owner")
    closed: ClassVar[bool] = False

    def withdraw(self) -> None:
        """Takes away what is lent; each use of it raises ClosedError from now on.

        The object's class changes for that: a ``__getattr__`` of its own would make every access slower.
        """
        for name in self.lent:
            with suppress(AttributeError):  # one that was never made
                delattr(self, name)
        if not self.closed:
            self.__class__ = _closed(type(self))

    def check_open(self) -> None:
        """Raises ClosedError if the CPU is closed."""
        if self.closed:
            raise ClosedError(CLOSED)


_closed_kinds: Final[dict[type[Closable], type[Closable]]] = {}


def _closed(kind: type[Closable]) -> type[Closable]:
    """Returns the class of closed objects of a kind."""
    if kind not in _closed_kinds:
        members = {"__slots__": (), "__getattr__": _refuse, "closed": True}
        _closed_kinds[kind] = type(kind.__name__, (kind,), members)
    return _closed_kinds[kind]


def _refuse(closed: Closable, name: str) -> object:
    if name in closed.lent:
        raise ClosedError(CLOSED)
    raise AttributeError(f"{type(closed).__name__!r} object has no attribute {name!r}")


def view(address: int, size: int, owner: object) -> memoryview:
    """Returns `size` bytes of Unicorn's memory; the view, and any part of it, keeps the owner alive."""
    memory = (ctypes.c_char * size).from_address(address)
    memory.owner = owner  # type: ignore[attr-defined]  # an array's type is made here, and has room for it
    return memoryview(memory).cast("B")
