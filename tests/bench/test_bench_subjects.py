# SPDX-License-Identifier: MIT
"""Subjects: both sides of a comparison do the same work, and as many operations as they say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.asm import assemble
from harness.bench import guests, in_qemu
from harness.bench.guests import TURNS_LEFT, Guest
from harness.bench.in_bare import InBare
from harness.bench.in_harness import InHarness, InRotation
from harness.bench.in_qemu import InQemu
from harness.bench.linux import Kernel, KernelInHarness, KernelInQemu
from harness.bench.subject import Sample, Subject, UnavailableError
from harness.machine import Machine
from harness.run.stop import StopReason
from harness.trace.events import Hvc

GUESTS: dict[str, tuple[Callable[[], Guest], str]] = {
    "mixed": (guests.mixed, "rvic"),
    "smccc_version": (guests.smccc_version, "rvic"),
    "rvic_ack": (guests.rvic_ack, "rvic"),
    "rvic_irq": (guests.rvic_irq, "rvic"),
    "rvic_timer": (guests.rvic_timer, "rvic"),
    "gicv2_sgi": (guests.gicv2_sgi, "gicv2"),
    "gicv2_timer": (guests.gicv2_timer, "gicv2"),
    "svc": (guests.svc, "rvic"),
    "counter": (guests.counter, "rvic"),
    "uart_flag": (guests.uart_flag, "rvic"),
}
BARE = ("mixed", "smccc_version", "rvic_ack", "rvic_irq", "uart_flag")
QEMUS = ("mixed", "gicv2_sgi", "gicv2_timer", "svc", "counter", "uart_flag")
needs_qemu = pytest.mark.skipif(in_qemu.path() is None, reason="qemu-system-aarch64 is not installed")


def ended(guest: Guest, controller: str, turns: int) -> Machine:
    """A machine on which the guest has done so many turns and powered off."""
    machine = Machine(controller=controller)
    machine.load(guest.program)
    machine.memory.write(guest.program.symbols["turns"], turns.to_bytes(8, "little"))
    assert machine.run(limit=100_000).reason is StopReason.POWER_OFF
    return machine


@pytest.mark.parametrize("name", GUESTS)
def test_a_guest_ends_after_its_turns(name: str) -> None:
    make, controller = GUESTS[name]
    with ended(make(), controller, 10) as ten, ended(make(), controller, 20) as twenty:
        assert ten.cpus[0].x[TURNS_LEFT] == twenty.cpus[0].x[TURNS_LEFT] == 0
        assert twenty.instructions > ten.instructions


@pytest.mark.parametrize("name", GUESTS)
def test_a_sample_of_the_harness_has_the_turns_that_were_asked_for(name: str) -> None:
    make, controller = GUESTS[name]
    subject = InHarness(make(), controller=controller)
    sample = subject.run(50)
    subject.close()
    assert abs(sample.operations - 50 * make().operations) <= 2 * make().operations
    assert sample.seconds > 0


@pytest.mark.parametrize("name", BARE)
def test_bare_unicorn_does_the_same_turns(name: str) -> None:
    guest = GUESTS[name][0]()
    try:
        subject = InBare(guest)
    except UnavailableError as error:
        pytest.skip(str(error))
    with ended(guest, "rvic", 30) as machine:
        assert subject.run(30).operations == 30 * guest.operations
        assert subject.cpu.pc == machine.cpus[0].pc
        assert subject.cpu.x[TURNS_LEFT] == 0
    subject.close()


@needs_qemu
@pytest.mark.parametrize("name", QEMUS)
def test_qemu_runs_each_guest_to_its_end(name: str) -> None:
    subject = InQemu(GUESTS[name][0]())
    assert subject.seconds(1) > 0
    assert subject.run(30).operations == 29 * GUESTS[name][0]().operations
    subject.close()


def test_a_turn_of_the_self_interrupt_is_three_calls_and_one_interrupt() -> None:
    subject = InHarness(guests.rvic_irq(), ledger=True)
    subject.run(10)
    cost = subject.machine.ledger.per_interrupt(guests.INTID)
    subject.close()
    assert cost.by_exit == dict.fromkeys(("RVIC.Signal", "RVIC.Acknowledge", "RVIC.ClearMasked"), cost.count)


@pytest.mark.parametrize("controller", ["gicv2", "trap", "vgic"])
@pytest.mark.parametrize("make", [guests.gicv2_sgi, guests.gicv2_timer], ids=["sgi", "timer"])
def test_a_turn_of_a_gicv2s_guest_is_one_interrupt(make: Callable[[], Guest], controller: str) -> None:
    subject = InHarness(make(), controller=controller)
    taken: list[str] = []
    subject.machine.listen(lambda event: taken.append(type(event).__name__))
    operations = subject.run(40).operations
    subject.close()
    assert abs(operations - taken.count("Eret")) <= 1


def test_as_many_interrupts_as_are_said_stay_deliverable() -> None:
    subject = InHarness(guests.rvic_deliverable(40))
    calls: list[Hvc] = []
    subject.machine.listen(lambda event: calls.append(event) if isinstance(event, Hvc) else None)
    subject.run(80)
    subject.close()
    answers = [call.result[1] for call in calls if call.call == "RVIC.Acknowledge"]
    assert len(answers) >= 80
    assert set(answers) == set(range(40))


def test_eight_cpus_share_the_work_of_the_loop_without_exits() -> None:
    subject = InHarness(guests.mixed(7), cpus=8)
    subject.run(2_000)
    done = [(1 << 62) - cpu.x[TURNS_LEFT] for cpu in subject.machine.cpus]
    subject.close()
    assert min(done) > 0
    assert max(done) - min(done) < 1_000


def test_a_sample_is_as_long_as_it_was_calibrated_for() -> None:
    class Tenths(Subject):
        def run(self, turns: int) -> Sample:
            return Sample(turns / 10, turns)

    subject = Tenths()
    subject.calibrate(300.0)
    assert 1_500 <= subject.turns <= 3_000
    subject.calibrate(0.0)
    assert subject.turns == 1


def test_instances_take_turns() -> None:
    class Counted(Subject):
        done = 0

        def run(self, turns: int) -> Sample:
            self.done += turns
            return Sample(1.0, turns)

    each = Counted(), Counted()
    subject = InRotation(each)
    for _ in range(4):
        subject.run(3)
    assert [one.done for one in each] == [6, 6]


KERNEL = """
    b       start
    .word   0
    .quad   0x80000
    .quad   0x10000
    .quad   0xa
    .quad   0, 0, 0
    .ascii  "ARM\\x64"
    .word   0
start:
    mov     x1, #0x09000000
    adr     x2, text
1:  ldrb    w3, [x2], #1
    cbz     w3, 2f
    str     w3, [x1]
    b       1b
2:  mov     x4, #2000
3:  subs    x4, x4, #1
    b.ne    3b
    b       2b
text: .asciz "[    0.000000] Booting\\n[    0.000001] 17 pages\\nready\\n"
"""


@pytest.fixture
def kernel(tmp_path: Path) -> Path:
    (segment,) = assemble(KERNEL).segments
    image = tmp_path / "Image"
    image.write_bytes(segment.data)
    return image


def test_a_kernel_is_compared_until_its_last_line_without_a_digit(kernel: Path) -> None:
    boots = Kernel(kernel, 100_000)
    assert boots.mark.line == b"ready"
    assert boots.mark.instructions <= 1_000
    assert KernelInHarness(boots).run(1).seconds > 0


@needs_qemu
def test_qemu_boots_the_kernel_until_that_line(kernel: Path) -> None:
    subject = KernelInQemu(Kernel(kernel, 100_000))
    assert subject.run(1).operations == 1
    subject.close()


def test_a_kernel_that_stops_before_is_told_of(tmp_path: Path) -> None:
    stopping = tmp_path / "stopping.bin"
    stopping.write_bytes(guests.mixed().with_turns(10))
    with pytest.raises(UnavailableError, match="kernel stopped: power_off"):
        _ = Kernel(stopping, 100_000).mark
