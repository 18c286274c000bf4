# SPDX-License-Identifier: MIT
"""Buffers of the host for guest memory: nothing is taken of the host before it is touched."""

from __future__ import annotations

import mmap
import platform
import sys
from typing import Final

from harness.errors import HostError

_LINUX_NORESERVE: Final = 0x4000
# Linux's asm-generic/mman.h has that value; these came before it, with values of their own.
_OWN_VALUES: Final = ("alpha", "mips", "parisc", "ppc", "sparc")


def _flags() -> int:
    """Returns the flags of a mapping that the host need not have room for; Python names the last since 3.13."""
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
    noreserve: int | None = getattr(mmap, "MAP_NORESERVE", None)
    if noreserve is None:
        known = sys.platform == "linux" and not platform.machine().startswith(_OWN_VALUES)
        noreserve = _LINUX_NORESERVE if known else 0
    return flags | noreserve


def new_buffer(size: int) -> mmap.mmap:
    """Returns so many zero bytes, in whole pages; HostError if the host has no room for them."""
    try:
        return mmap.mmap(-1, size, flags=_flags())
    except (OSError, OverflowError, MemoryError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "too much"
        unit, shift = ("GiB", 30) if size >> 30 else ("MiB", 20)
        raise HostError(
            f"this computer cannot give a machine {size / (1 << shift):g} {unit} of memory ({reason.lower()}):"
            " ask for less (memory), or allow more (ulimit -v)"
        ) from None
