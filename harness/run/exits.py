# SPDX-License-Identifier: MIT
"""Exits that end the running slice once they are served: so that a signal is heard, and nothing is left undone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TypeAlias

from harness.el2 import Vcpu
from harness.engine import PE, OnCall, OnLoad, OnStore

Handler: TypeAlias = Callable[[PE, int], object]


@contextmanager
def ending_at_exits(vcpus: Sequence[Vcpu], told: Callable[[], None]) -> Iterator[Callable[[], None]]:
    """Yields a function after which each exit ends its slice, until the context is left; it calls ``told``."""
    before: list[tuple[PE, list[Handler], OnCall | None, OnLoad | None, OnStore | None]] = []

    def end() -> None:
        told()
        for vcpu in vcpus:
            pe, handlers = vcpu.pe, vcpu.pe.handlers
            before.append((pe, handlers[:], pe.on_call, pe.on_load, pe.on_store))
            pe.on_call = pe.on_load = pe.on_store = None  # so that the handler serves it
            handlers[:] = [partial(_serve_and_stop, handler) for handler in handlers]

    try:
        yield end
    finally:
        for pe, handlers, on_call, on_load, on_store in before:
            pe.handlers[:] = handlers
            pe.on_call, pe.on_load, pe.on_store = on_call, on_load, on_store


def _serve_and_stop(serve: Handler, pe: PE, esr: int) -> None:
    serve(pe, esr)
    pe.stop()
