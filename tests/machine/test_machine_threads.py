# SPDX-License-Identifier: MIT
"""Machines in several threads: each is alone in the world."""

from __future__ import annotations

import ctypes
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness import Machine, Stop
from harness.asm import assemble
from harness.engine.emulator import probe
from harness.engine.emulator.interruptions import Interruptions
from harness.image import Program
from harness.trace import Event
from harness.trace.events import Hvc

COUNT = 8
Result = tuple[Stop, list[Event], tuple[int, ...], int]


def guest(number: int) -> Program:
    """A guest of its own for each: other registers, other calls, another number of them."""
    return assemble(
        f"""
        _start: mov x19, #{number}
        mov x20, #{40 + 7 * number}
        again: mov w0, #0x84000000
        hvc #0
        add x21, x21, x19
        stp x19, x21, [sp, #-16]!
        subs x20, x20, #1
        b.ne again
        mov w0, #0x84000000
        add w0, w0, #8
        hvc #0
        """,
        name=f"guest{number}.S",
    )


def run(number: int, listener: Callable[[Event], object] | None = None, **options: str) -> Result:
    events: list[Event] = []
    with Machine(memory="32M", quantum=50 + number, **options) as machine:
        machine.load(guest(number))
        machine.cpus[0].sp = machine.free_memory[1]
        machine.listen(events.append)
        if listener is not None:
            machine.listen(listener)
        stop = machine.run(limit=20_000)
        return stop, events, machine.cpus[0].x[:], machine.ticks


@pytest.mark.parametrize("backend", ["c", "view", "api"])
def test_eight_machines_in_eight_threads_run_as_one_after_the_other(backend: str) -> None:
    before = sys.unraisablehook
    alone = [run(number, backend=backend) for number in range(COUNT)]
    start = threading.Barrier(COUNT)

    def together(number: int) -> Result:
        start.wait()
        return run(number, backend=backend)

    with ThreadPoolExecutor(COUNT) as pool:
        assert list(pool.map(together, range(COUNT))) == alone
    assert len({result[2] for result in alone}) == COUNT
    assert sys.unraisablehook is before


def test_an_exception_comes_out_of_its_own_machine_alone() -> None:
    """Half of the listeners raise, each its own number at its fifth call, while all run."""
    before = sys.unraisablehook
    start = threading.Barrier(COUNT)
    ended: dict[int, int | str] = {}

    def together(number: int) -> None:
        calls = []

        def listener(event: Event) -> None:
            if isinstance(event, Hvc):
                calls.append(event)
            if number % 2 and len(calls) == 5:
                raise KeyError(number)

        start.wait()
        try:
            ended[number] = run(number, listener)[0].reason.value
        except KeyError as error:
            ended[number] = error.args[0]

    with ThreadPoolExecutor(COUNT) as pool:
        list(pool.map(together, range(COUNT)))
    assert ended == {number: number if number % 2 else "power_off" for number in range(COUNT)}
    assert sys.unraisablehook is before


def test_a_machine_is_run_by_one_thread_at_a_time() -> None:
    inside, refused = threading.Event(), threading.Event()
    errors: list[str] = []

    def other(machine: Machine) -> None:
        inside.wait(60)
        for use in (machine.run, machine.close):
            try:
                use()
            except Exception as error:
                errors.append(str(error))
        refused.set()

    with Machine(memory="32M") as machine:
        machine.load(guest(1))
        thread = threading.Thread(target=other, args=(machine,))
        thread.start()

        def wait(_machine: Machine) -> None:
            inside.set()
            refused.wait(60)

        machine.at(2, wait)
        machine.run(limit=100)
        thread.join()
    assert errors == [
        "the machine is running: run() it again once its run has ended",
        "the machine is running: close() it once its run has ended",
    ]


def test_the_probe_looks_once_whoever_asks_first(monkeypatch: pytest.MonkeyPatch) -> None:
    start = threading.Barrier(COUNT)
    opened: list[str] = []
    really = probe.uc.open_instance

    def opens(model: str) -> int:
        opened.append(model)
        return really(model)

    monkeypatch.setattr(probe.uc, "open_instance", opens)
    known = probe.layout()
    probe.probe.cache_clear()

    def together(_number: int) -> probe.Layout:
        start.wait()
        return probe.layout()

    with ThreadPoolExecutor(COUNT) as pool:
        assert set(pool.map(together, range(COUNT))) == {known}
    assert len(opened) == 1


class TestInterruptions:
    """The one hook of the process."""

    def raise_unraisable(self, error: BaseException) -> None:
        """Raises on entry to a callback, as ctypes does."""

        def callback() -> None:
            raise error

        ctypes.CFUNCTYPE(None)(callback)()

    def test_each_thread_has_its_own(self) -> None:
        interruptions, start = Interruptions(), threading.Barrier(COUNT)
        before = sys.unraisablehook

        def together(number: int) -> list[BaseException]:
            caught: list[BaseException] = []
            outer = interruptions.enter(caught.append)
            start.wait()
            self.raise_unraisable(KeyboardInterrupt(number))
            start.wait()
            interruptions.leave(outer)
            return caught

        with ThreadPoolExecutor(COUNT) as pool:
            results = list(pool.map(together, range(COUNT)))
        assert [[error.args for error in caught] for caught in results] == [[(n,)] for n in range(COUNT)]
        assert sys.unraisablehook is before

    def test_what_is_no_interruption_goes_to_the_hook_of_before(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        heard: list[object] = []
        monkeypatch.setattr(sys, "unraisablehook", lambda info: heard.append(info.exc_value))
        caught: list[BaseException] = []
        interruptions = Interruptions()
        outer = interruptions.enter(caught.append)
        error, interruption, elsewhere = KeyError(1), SystemExit(2), SystemExit(3)
        self.raise_unraisable(error)
        self.raise_unraisable(interruption)
        thread = threading.Thread(target=self.raise_unraisable, args=(elsewhere,))
        thread.start()
        thread.join()
        interruptions.leave(outer)
        assert caught == [interruption]
        assert heard == [error, elsewhere]

    def test_between_the_slices_of_a_run_nobody_receives(self, monkeypatch: pytest.MonkeyPatch) -> None:
        heard: list[object] = []
        before = lambda info: heard.append(info.exc_value)  # noqa: E731 -- it is compared below
        monkeypatch.setattr(sys, "unraisablehook", before)
        caught: list[BaseException] = []
        interruptions = Interruptions()
        in_slice, between = SystemExit(1), SystemExit(2)
        with interruptions.awaited():
            outer = interruptions.enter(caught.append)
            self.raise_unraisable(in_slice)
            interruptions.leave(outer)
            self.raise_unraisable(between)
            assert sys.unraisablehook is not before
        assert (caught, heard) == ([in_slice], [between])
        assert sys.unraisablehook is before

    def test_one_run_within_another_has_its_own(self) -> None:
        first: list[BaseException] = []
        second: list[BaseException] = []
        interruptions = Interruptions()
        outer = interruptions.enter(first.append)
        inner = interruptions.enter(second.append)
        self.raise_unraisable(SystemExit(2))
        interruptions.leave(inner)
        self.raise_unraisable(SystemExit(1))
        interruptions.leave(outer)
        assert [error.args for error in (*first, *second)] == [(1,), (2,)]

    def test_a_hook_that_came_meanwhile_stays(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """And it may have ours inside: no circle comes of that."""
        heard: list[object] = []
        monkeypatch.setattr(sys, "unraisablehook", lambda info: heard.append(info.exc_value))
        interruptions = Interruptions()
        outer = interruptions.enter(heard.append)
        ours = sys.unraisablehook

        def theirs(info: sys.UnraisableHookArgs) -> None:
            ours(info)

        monkeypatch.setattr(sys, "unraisablehook", theirs)
        interruptions.leave(outer)
        assert sys.unraisablehook is theirs
        outer = interruptions.enter(heard.append)
        error = KeyError(1)
        self.raise_unraisable(error)
        interruptions.leave(outer)
        assert heard == [error]
        assert sys.unraisablehook is theirs


def test_ctrl_c_ends_the_main_threads_machine_and_no_other() -> None:
    """Python handles signals in the main thread: its run ends, the others go on to their ends."""
    released, done = threading.Event(), threading.Event()

    def other() -> Result:
        released.wait()
        try:
            return run(3)
        finally:
            done.set()

    with ThreadPoolExecutor(1) as pool, Machine(memory="32M") as machine:
        future = pool.submit(other)
        machine.load(guest(1))

        def interrupt(_machine: Machine) -> None:
            released.set()
            signal.raise_signal(signal.SIGINT)

        machine.at(5, interrupt)
        handler = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            with pytest.raises(KeyboardInterrupt):
                machine.run()
        finally:
            signal.signal(signal.SIGINT, handler)
        done.wait()
        assert future.result() == run(3)
