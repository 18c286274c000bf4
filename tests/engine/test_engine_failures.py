# SPDX-License-Identifier: MIT
"""Exceptions of Python amid a run: each comes out of it, at the same instruction everywhere, and nothing leaks."""

from __future__ import annotations

import ctypes
import gc
import signal
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from engine_rig import DEVICE, RAM, Rig

from harness.arch.esr import EC
from harness.arch.sysreg import NAMES_TO_ENCODINGS

EXITS = 20_000
CONSTANT = 40
"""Objects that a first long run may leave behind, however long it is: caches, free lists."""
NATIVE = pytest.mark.parametrize("backend", ["c"])


class BrokenError(Exception):
    pass


def set_on_call(rig: Rig, function: Callable[..., Any]) -> None:
    rig.pe.on_call = {0: function}  # w0 is 0


def set_on_load(rig: Rig, function: Callable[..., Any]) -> None:
    rig.pe.on_load = function


def set_on_store(rig: Rig, function: Callable[..., Any]) -> None:
    rig.pe.on_store = function


def set_hypercall(rig: Rig, function: Callable[..., Any]) -> None:
    rig.pe.handlers[EC.HVC64] = function


def set_abort(rig: Rig, function: Callable[..., Any]) -> None:
    rig.pe.handlers[EC.DATA_ABORT_LOWER] = function


def set_reader(rig: Rig, function: Callable[..., Any]) -> None:
    rig.pe.on_system_register[NAMES_TO_ENCODINGS["CNTVCT_EL0"]] = (function, None)


def set_writer(rig: Rig, function: Callable[..., Any]) -> None:
    rig.pe.on_system_register[NAMES_TO_ENCODINGS["CNTV_CVAL_EL0"]] = (lambda _pe: 0, function)


CALL, LOAD, STORE = "hvc #0", "ldr x1, [x9]", "str x1, [x9]"
READ, WRITE = "mrs x1, cntvct_el0", "msr cntv_cval_el0, x1"
SEAMS = {
    "on_call": (set_on_call, CALL, 4),
    "handler of HVC": (set_hypercall, CALL, 4),
    "on_load": (set_on_load, LOAD, 0),
    "on_store": (set_on_store, STORE, 0),
    "handler of aborts": (set_abort, LOAD, 0),
    "reader": (set_reader, READ, 4),
    "writer": (set_writer, WRITE, 4),
}


@pytest.mark.parametrize("error", [BrokenError, KeyboardInterrupt])
@pytest.mark.parametrize("seam", SEAMS)
def test_it_comes_out_of_the_run_and_the_guest_can_go_on(
    rig: Rig, seam: str, error: type[BaseException]
) -> None:
    put, instruction, past = SEAMS[seam]

    def fails(*_arguments: object) -> bool:
        raise error("amid a run")

    put(rig, fails)
    pe = rig.pe
    pe.x[9] = DEVICE
    rig.load(f"nop\n{instruction}\nmov x5, #7\nhvc #1", RAM)
    pe.pc = RAM
    with pytest.raises(error, match=r"^amid a run$"):
        pe.run(100)
    assert (pe.retired, pe.pc, pe.x[5], pe.running) == (2, RAM + 4 + past, 0, False)
    pe.pc = RAM + 8
    assert pe.run(1) == 1
    assert pe.x[5] == 7


def test_of_two_the_first_comes_out_and_none_is_left_for_the_next_run(rig: Rig) -> None:
    pe = rig.pe

    def also_fails() -> None:
        raise ValueError("a deferred action")

    def fails(*_x: int) -> bool:
        pe.defer(also_fails)
        raise BrokenError("a call")

    set_on_call(rig, fails)
    rig.load("hvc #0\nmov x5, #7", RAM)
    with pytest.raises(BrokenError) as caught:
        pe.run(10)
    assert isinstance(caught.value.__context__, ValueError)
    assert pe.run(1) == 1
    assert pe.x[5] == 7


@pytest.mark.parametrize("nonsense", [None, "7"])
def test_what_is_no_number_is_an_error(rig: Rig, nonsense: object) -> None:
    pe = rig.pe
    pe.x[9] = DEVICE
    for put, instruction in ((set_on_load, LOAD), (set_reader, READ)):
        put(rig, lambda *_arguments: nonsense)
        rig.load(f"{instruction}\nhvc #0", RAM)
        pe.pc = RAM
        with pytest.raises(TypeError):
            pe.run(1)


@pytest.mark.parametrize("value", [-1, -(1 << 70)])
def test_any_negative_value_of_a_load_says_that_it_is_not_served(rig: Rig, value: int) -> None:
    pe, served = rig.pe, []
    pe.x[9] = DEVICE
    pe.on_load = lambda _ipa, _size: value

    def abort(pe: Any, _esr: int) -> None:
        served.append(pe.pc)
        pe.stop()

    pe.handlers[EC.DATA_ABORT_LOWER] = abort
    rig.load(LOAD, RAM)
    pe.run(10)
    assert served == [RAM]


def test_a_function_may_put_another_in_its_own_place(rig: Rig) -> None:
    """Nobody else holds the one that runs."""
    pe, seen = rig.pe, []
    pe.x[9] = DEVICE

    class Once:
        def __call__(self, *_arguments: object) -> int:
            pe.on_load = pe.on_store = pe.on_call = None
            gc.collect()
            seen.append(self)
            return 1

    for put, instruction in ((set_on_call, CALL), (set_on_load, LOAD), (set_on_store, STORE)):
        put(rig, Once())
        rig.load(f"{instruction}\nhvc #1", RAM)
        pe.pc = RAM
        pe.run(2)
    assert len(seen) == 3


@pytest.mark.parametrize("count", [1 << 61, 1 << 64])
def test_a_slice_of_more_instructions_than_can_be_counted(rig: Rig, count: int) -> None:
    rig.load("nop\nhvc #0", RAM)
    assert rig.pe.run(count) == 2


@NATIVE
def test_ctrl_c_that_comes_where_no_python_runs(rig: Rig, backend: str) -> None:
    """Python raises it when the slice has returned: what that retired is counted, and the next one begins."""
    pe = rig.pe
    pe.x[9] = DEVICE
    rig.load(f"again:\n{LOAD}\nb again", RAM)
    pe.on_load = lambda _ipa, _size: 0
    pe.run(100)  # Python looks at each block once, when it is new
    pe.on_load = partial(getattr(ctypes.CDLL(None), "raise"), signal.SIGINT)  # the C library's: answers 0
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            pe.run(1000)
    finally:
        signal.signal(signal.SIGINT, handler)
    assert (pe.retired, pe.running) == (1100, False)
    pe.on_load = lambda _ipa, _size: 0
    assert pe.run(10) == 10
    assert pe.retired == 1110


@pytest.mark.parametrize("seam", SEAMS)
@NATIVE
def test_exits_hold_on_to_nothing(rig: Rig, seam: str, backend: str) -> None:
    put, instruction, _ = SEAMS[seam]
    large = 1 << 63  # an object of its own each time
    pe = rig.pe

    def serve(*arguments: Any) -> int:
        if seam == "handler of aborts":
            pe.advance()
        return large if seam in ("on_load", "reader") else 1

    put(rig, serve)
    pe.x[9] = DEVICE
    rig.load(f"again:\nmovz x1, #1, lsl #48\n{instruction}\nb again", RAM)
    pe.pc = RAM
    pe.run(300)
    assert pe.pc < RAM + 12
    gc.collect()
    gc.disable()
    try:
        held, objects = sys.getrefcount(serve), sys.getallocatedblocks()
        assert pe.run(3 * EXITS) == 3 * EXITS
        assert sys.getrefcount(serve) - held <= 1  # the name in this very line
        assert abs(sys.getallocatedblocks() - objects) < CONSTANT
    finally:
        gc.enable()
