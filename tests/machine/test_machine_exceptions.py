# SPDX-License-Identifier: MIT
"""An exception in Python code that a run calls comes out of `run`, with its traceback, and is not swallowed."""

from __future__ import annotations

import traceback
from collections.abc import Callable

import pytest

from harness import Machine, StopReason
from harness.arch.esr import EC
from harness.devices import Pl011
from harness.library import firmware_dir
from harness.trace.events import AlsoPending, Event, Hvc

Make = Callable[..., Machine]
CALLS = "main: rvic_call RVIC_VERSION\n mov x1, #0x09000000\n str w0, [x1]\n wfi\nafter: b main\n"
BACKENDS = pytest.mark.parametrize("backend", ["c", "view", "api"])


class OopsError(Exception):
    """Something that only these tests raise."""


def raising_function(*_: object) -> None:
    raise OopsError("from deep inside")


def surfaces(machine: Machine) -> None:
    with pytest.raises(OopsError, match="from deep inside") as caught:
        machine.run(limit=100)
    names = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert names[-1] == "raising_function"
    assert "run" in names


@BACKENDS
def test_in_a_listener(guest: Make, backend: str) -> None:
    machine = guest(CALLS, backend=backend)

    def listener(event: Event) -> None:
        if isinstance(event, Hvc):
            raising_function()

    machine.listen(listener)
    surfaces(machine)


@BACKENDS
@pytest.mark.parametrize("ec", [EC.HVC64, EC.DATA_ABORT_LOWER])
def test_in_a_handler_of_el2(guest: Make, backend: str, ec: EC) -> None:
    machine = guest(CALLS, backend=backend)
    pe = machine.cpus[0].pe
    pe.handlers[ec] = raising_function
    pe.on_call = pe.on_load = pe.on_store = None  # which are asked first
    surfaces(machine)


@BACKENDS
@pytest.mark.parametrize("name", ["on_call", "on_store"])
def test_in_a_function_that_is_asked_first(guest: Make, backend: str, name: str) -> None:
    machine = guest(CALLS, backend=backend)
    by_function = dict.fromkeys(machine.cpus[0].pe.on_call or (), raising_function)
    setattr(machine.cpus[0].pe, name, by_function if name == "on_call" else raising_function)
    surfaces(machine)


@BACKENDS
def test_in_a_device(guest: Make, backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Pl011, "write", raising_function)
    surfaces(guest(CALLS, backend=backend))


@BACKENDS
def test_in_an_action(guest: Make, backend: str) -> None:
    machine = guest(CALLS, backend=backend)
    machine.at(3, raising_function)
    surfaces(machine)


@BACKENDS
def test_in_a_breakpoint(guest: Make, backend: str) -> None:
    machine = guest(CALLS, backend=backend)
    machine.cpus[0].pe.add_breakpoint(machine.symbols["main"], raising_function)
    surfaces(machine)


@BACKENDS
def test_a_keyboard_interrupt_too(guest: Make, backend: str) -> None:
    machine = guest(CALLS, backend=backend)

    def interrupted(*_x: int) -> bool:
        raise KeyboardInterrupt

    machine.cpus[0].pe.on_call = dict.fromkeys(machine.cpus[0].pe.on_call or (), interrupted)
    with pytest.raises(KeyboardInterrupt):
        machine.run(limit=100)


def test_the_machine_can_run_on_after_a_listener_is_mended(guest: Make) -> None:
    machine = guest("main: rvic_call RVIC_VERSION\n b psci_system_off\n")

    def listener(event: Event) -> None:
        raising_function()

    machine.events.add(listener)
    surfaces(machine)
    machine.events.remove(listener)
    assert machine.run(limit=100).reason is StopReason.POWER_OFF


def test_an_interrupt_whose_listener_raised_reaches_the_guest_all_the_same() -> None:
    """EL2 had acknowledged it: the virtual line is high, and the vCPU that waits wakes."""
    with Machine() as machine:
        machine.load(firmware_dir() / "tick" / "main.S")

        def listener(event: Event) -> None:
            if isinstance(event, AlsoPending):
                raising_function()

        machine.listen(listener)
        with pytest.raises(OopsError):
            machine.run()
        machine.events.remove(listener)
        assert machine.run().reason is StopReason.POWER_OFF
        assert machine.console.text == "tick: 100 ticks\n"
