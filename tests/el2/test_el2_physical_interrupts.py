# SPDX-License-Identifier: MIT
"""Physical interrupts below RVIC: GICC_IAR, GICC_EOIR and GICC_DIR, routes, and what is remembered (IHI 0048B)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from call_table import Action, Call, Caller, line, pulse, rvic, rvid, timer
from gic_accesses import hear

from harness import StopReason, until
from harness.arch import gic
from harness.arch.psci import Function
from harness.arch.rvic import RvicCall, RvicStatus, RvidCall
from harness.arch.virt import GICC_BASE
from harness.gic import Frame
from harness.trace.events import PhysicalIrq

T = 32
EDGE, OTHER_EDGE = 5, 6  # SPIs and RVID inputs; edge-triggered on this board
LEVEL, OTHER_LEVEL = 1, 2  # the UART's and the RTC's: level-sensitive
DEVICE = T + 7
TIMER = 27
GICC_RPR = 0x14
ENDS = {GICC_BASE + gic.GICC_EOIR: "EOIR", GICC_BASE + gic.GICC_DIR: "DIR"}
NOTHING = (RvicStatus.NO_INTERRUPTS, 0)
Make = Callable[..., Caller]
Log = list[tuple[str, int]]


@pytest.fixture
def gic_log(monkeypatch: pytest.MonkeyPatch) -> Log:
    """What EL2 reads of and writes to the GIC's CPU interfaces: (register, INTID), in order."""
    log: Log = []

    def loaded(_cpu: int, address: int, value: int) -> None:
        if address == GICC_BASE + gic.GICC_IAR:
            log.append(("IAR", value & 0x3FF))

    def stored(_cpu: int, address: int, value: int) -> None:
        if address in ENDS:
            log.append((ENDS[address], value & 0x3FF))

    hear(monkeypatch, loaded=loaded, stored=stored)
    return log


def mapped(vm: Caller, *inputs: int, cpu: int = 0, intid: int = DEVICE) -> Caller:
    """Inputs mapped to one INTID of a vCPU that is ready for it."""
    vm.ready(cpu, intid)
    vm.do(*[rvid(0, RvidCall.MAP, number, cpu, intid) for number in inputs])
    return vm


def active(vm: Caller, spi: int) -> bool:
    return vm.machine.board.gic.state(32 + spi, 0).active


def timer_active(vm: Caller, cpu: int = 0) -> bool:
    return vm.machine.board.gic.state(TIMER, cpu).active


def clear_masked(cpu: int = 0, intid: int = DEVICE) -> Call:
    return rvic(cpu, RvicCall.CLEAR_MASKED, cpu, intid)


# The discipline (3.2.1: EOImode = 1)


def test_an_edge_is_dropped_and_deactivated_at_once(caller: Make, gic_log: Log) -> None:
    vm = mapped(caller(), EDGE)
    assert vm.do(pulse(0, EDGE)).line
    assert gic_log == [("IAR", 37), ("EOIR", 37), ("DIR", 37), ("IAR", 1023)]
    assert vm.machine.board.gic.read(Frame.GICC, 0, GICC_RPR, 4) == 0xFF


def test_an_edge_during_its_own_handler_comes_after_it(caller: Make) -> None:
    vm = mapped(caller(), EDGE)
    vm.do(pulse(0, EDGE))
    assert vm.acknowledge(0) == (0, DEVICE)
    assert not vm.do(pulse(0, EDGE), pulse(0, EDGE)).line
    assert vm.do(clear_masked()).line
    assert vm.acknowledge(0) == (0, DEVICE)
    assert not vm.do(clear_masked()).line  # two edges collapsed into one pending bit


def test_a_trusted_level_is_active_until_resample_finds_its_line_low(caller: Make, gic_log: Log) -> None:
    vm = caller()
    vm.ready(0, TIMER)
    vm.do(timer(0, True))
    assert gic_log == [("IAR", TIMER), ("EOIR", TIMER), ("IAR", 1023)]
    assert vm.machine.board.gic.read(Frame.GICC, 0, GICC_RPR, 4) == 0xFF
    assert vm.acknowledge(0) == (0, TIMER)
    vm.do(rvic(0, RvicCall.RESAMPLE, TIMER))  # still high
    assert timer_active(vm)
    assert vm.do(clear_masked(intid=TIMER)).line
    assert vm.acknowledge(0) == (0, TIMER)
    vm.do(timer(0, False))
    assert timer_active(vm)
    vm.do(rvic(0, RvicCall.RESAMPLE, TIMER))
    assert not timer_active(vm)
    assert gic_log[3:] == [("DIR", TIMER)]
    assert not vm.do(clear_masked(intid=TIMER)).line
    assert vm.do(timer(0, True)).line  # and the next one comes
    assert timer_active(vm)


def test_without_resample_no_further_timer_interrupt_comes(caller: Make) -> None:
    vm = caller()
    vm.ready(0, TIMER)
    vm.do(timer(0, True))
    assert vm.acknowledge(0) == (0, TIMER)
    vm.do(timer(0, False), clear_masked(intid=TIMER))
    assert not vm.do(timer(0, True)).line
    vm.do(timer(0, False), rvic(0, RvicCall.RESAMPLE, TIMER))
    assert vm.do(timer(0, True)).line


def test_resample_of_another_intid_leaves_the_timer_alone(caller: Make) -> None:
    vm = caller()
    vm.ready(0, TIMER)
    vm.do(timer(0, True), timer(0, False), rvic(0, RvicCall.RESAMPLE, TIMER - 1))
    assert timer_active(vm)


def test_each_cpus_timer_is_its_own(caller: Make) -> None:
    vm = caller(cpus=2)
    vm.ready(0, TIMER)
    vm.ready(1, TIMER)
    vm.do(timer(1, True))
    assert (timer_active(vm, 0), timer_active(vm, 1)) == (False, True)
    assert (vm.line(0), vm.line(1)) == (False, True)
    vm.do(rvic(0, RvicCall.RESAMPLE, TIMER))  # of its own line, which is low
    assert timer_active(vm, 1)


def test_a_level_device_is_active_until_clear_masked(caller: Make, gic_log: Log) -> None:
    vm = mapped(caller(), LEVEL)
    assert vm.do(line(0, LEVEL, True)).line
    assert gic_log == [("IAR", 33), ("EOIR", 33), ("IAR", 1023)]
    assert vm.acknowledge(0) == (0, DEVICE)
    vm.do(line(0, LEVEL, False))
    assert active(vm, LEVEL)
    assert not vm.do(clear_masked()).line
    assert not active(vm, LEVEL)
    assert gic_log[3:] == [("DIR", 33)]


def test_a_level_device_fires_again_if_it_is_still_high(caller: Make) -> None:
    vm = mapped(caller(), LEVEL)
    vm.do(line(0, LEVEL, True))
    for _ in range(3):
        assert vm.acknowledge(0) == (0, DEVICE)
        assert not vm.line(0)
        assert vm.do(clear_masked()).line
        assert active(vm, LEVEL)
    vm.do(line(0, LEVEL, False))
    assert vm.acknowledge(0) == (0, DEVICE)  # level 0 cleared nothing
    assert not vm.do(clear_masked()).line


def test_a_level_that_was_withdrawn_by_clear_pending_fires_again(caller: Make) -> None:
    vm = mapped(caller(), LEVEL)
    vm.do(line(0, LEVEL, True))
    assert vm.do(rvic(0, RvicCall.CLEAR_PENDING, 0, DEVICE)).line
    vm.do(line(0, LEVEL, False))
    assert not vm.do(rvic(0, RvicCall.CLEAR_PENDING, 0, DEVICE)).line
    assert not active(vm, LEVEL)


def test_a_level_that_is_masked_before_it_is_acknowledged_stays_pending(caller: Make) -> None:
    vm = mapped(caller(), LEVEL)
    vm.do(line(0, LEVEL, True), line(0, LEVEL, False))
    assert not vm.do(rvic(0, RvicCall.SET_MASKED, 0, DEVICE)).line
    assert vm.do(clear_masked()).line
    assert active(vm, LEVEL)
    assert vm.acknowledge(0) == (0, DEVICE)
    assert not vm.do(clear_masked()).line
    assert not active(vm, LEVEL)


def test_a_kick_is_deactivated_at_once(caller: Make, gic_log: Log) -> None:
    vm = caller(cpus=2)
    vm.ready(1, 3)
    vm.do(rvic(0, RvicCall.SIGNAL, 1, 3), rvic(1, RvicCall.VERSION))
    assert gic_log == [("IAR", 0), ("EOIR", 0), ("DIR", 0), ("IAR", 1023)]


# What cannot be delivered


@pytest.mark.parametrize("held", [True, False])
def test_a_level_into_an_unmapped_input_is_remembered_while_it_holds(caller: Make, held: bool) -> None:
    vm = caller()
    vm.ready(0, DEVICE)
    assert not vm.do(line(0, LEVEL, True)).line
    assert active(vm, LEVEL)  # so it cannot storm
    if not held:
        vm.do(line(0, LEVEL, False))
    assert vm.do(rvid(0, RvidCall.MAP, LEVEL, 0, DEVICE)).line is held
    assert active(vm, LEVEL) is held


@pytest.mark.parametrize("held", [True, False])
def test_a_level_to_a_disabled_instance_is_remembered_while_it_holds(caller: Make, held: bool) -> None:
    vm = mapped(caller(), LEVEL)
    vm.do(rvic(0, RvicCall.DISABLE))
    vm.do(line(0, LEVEL, True), timer(0, True), clear_masked(intid=TIMER))
    assert active(vm, LEVEL)
    assert timer_active(vm)
    assert not vm.pending(0, DEVICE)
    if not held:
        vm.do(line(0, LEVEL, False), timer(0, False))
    assert vm.do(rvic(0, RvicCall.ENABLE)).line is held
    assert vm.pending(0, DEVICE) is held
    assert vm.pending(0, TIMER) is held


def test_a_level_to_a_disabled_instance_goes_to_where_it_is_mapped_next(caller: Make) -> None:
    vm = caller(cpus=2)
    vm.ready(0, DEVICE)
    vm.do(rvid(0, RvidCall.MAP, LEVEL, 1, DEVICE), line(0, LEVEL, True), rvic(1, RvicCall.VERSION))
    assert not vm.pending(1, DEVICE)
    vm.do(rvid(0, RvidCall.MAP, LEVEL, 0, DEVICE))
    assert vm.line(0)
    assert vm.acknowledge(0) == (0, DEVICE)


def test_an_edge_into_an_unmapped_input_is_lost(caller: Make) -> None:
    vm = caller()
    vm.ready(0, DEVICE)
    vm.do(pulse(0, EDGE))
    assert not active(vm, EDGE)
    assert not vm.do(rvid(0, RvidCall.MAP, EDGE, 0, DEVICE)).line
    assert vm.acknowledge(0) == NOTHING


def test_an_edge_into_an_input_unmapped_again_is_lost(caller: Make) -> None:
    vm = mapped(caller(), EDGE)
    vm.do(rvid(0, RvidCall.UNMAP, EDGE), pulse(0, EDGE))
    assert vm.acknowledge(0) == NOTHING


def test_an_edge_to_a_disabled_instance_is_lost(caller: Make) -> None:
    vm = mapped(caller(), EDGE)
    vm.do(rvic(0, RvicCall.DISABLE), pulse(0, EDGE))
    assert not vm.do(rvic(0, RvicCall.ENABLE)).line
    assert vm.acknowledge(0) == NOTHING


def test_an_input_without_a_wire_can_be_mapped(caller: Make) -> None:
    """U may be larger than the GIC: those inputs just never come."""
    vm = caller(untrusted=2016)
    assert vm.do(rvid(0, RvidCall.MAP, 2015, 0, T + 2015)).x0 == 0
    assert vm.do(rvid(0, RvidCall.UNMAP, 2015)).x0 == 0


# Routes


def test_edges_of_several_inputs_into_one_intid_collapse(caller: Make) -> None:
    vm = mapped(caller(), EDGE, OTHER_EDGE)
    vm.do(pulse(0, EDGE), pulse(0, OTHER_EDGE))
    assert vm.acknowledge(0) == (0, DEVICE)
    vm.do(pulse(0, OTHER_EDGE))
    assert vm.do(clear_masked()).line
    assert vm.acknowledge(0) == (0, DEVICE)
    assert not vm.do(clear_masked()).line


def test_levels_of_several_inputs_into_one_intid_are_sampled_together(caller: Make) -> None:
    vm = mapped(caller(), LEVEL, OTHER_LEVEL)
    vm.do(line(0, LEVEL, True), line(0, OTHER_LEVEL, True))
    assert vm.acknowledge(0) == (0, DEVICE)
    vm.do(line(0, LEVEL, False))
    assert (active(vm, LEVEL), active(vm, OTHER_LEVEL)) == (True, True)
    assert vm.do(clear_masked()).line  # the other is still high
    assert (active(vm, LEVEL), active(vm, OTHER_LEVEL)) == (False, True)
    assert vm.acknowledge(0) == (0, DEVICE)
    vm.do(line(0, OTHER_LEVEL, False))
    assert not vm.do(clear_masked()).line
    assert not active(vm, OTHER_LEVEL)


def test_an_spi_goes_to_the_cpu_of_the_vcpu_it_is_mapped_to(caller: Make) -> None:
    """GICD_ITARGETSR follows Map (4.3.12), so no other CPU exits for it."""
    vm = caller(cpus=4)
    for cpu in (2, 3, 0, 1):
        mapped(vm, EDGE, cpu=cpu)
        assert vm.machine.board.gic.state(32 + EDGE, 0).targets == 1 << cpu
        del vm.events[:]
        vm.do(pulse((cpu + 1) % 4, EDGE), rvic(cpu, RvicCall.VERSION))
        assert [(e.cpu, e.physical, e.intid) for e in vm.seen(PhysicalIrq)] == [(cpu, 37, DEVICE)]
        assert vm.acknowledge(cpu) == (0, DEVICE)


def linux_set_affinity(number: int, old: int, new: int) -> tuple[Call, ...]:
    """The order of calls by which Linux moves an interrupt, up to the question whether it is pending."""
    return (
        rvic(0, RvicCall.SET_MASKED, old, DEVICE),
        rvic(0, RvicCall.SET_MASKED, new, DEVICE),
        rvid(0, RvidCall.MAP, number, new, DEVICE),
        rvic(0, RvicCall.IS_PENDING, old, DEVICE),
    )


def test_a_level_device_moves_with_its_interrupt_in_flight(caller: Make) -> None:
    vm = caller(cpus=2)
    vm.ready(1, DEVICE)
    mapped(vm, LEVEL)
    vm.do(line(0, LEVEL, True))
    assert vm.do(*linux_set_affinity(LEVEL, 0, 1)).x1 == 1
    vm.do(rvic(0, RvicCall.CLEAR_PENDING, 0, DEVICE), rvic(0, RvicCall.SIGNAL, 1, DEVICE))
    vm.do(rvic(0, RvicCall.CLEAR_MASKED, 1, DEVICE))
    assert not vm.line(0)
    assert vm.acknowledge(1) == (0, DEVICE)
    assert vm.do(clear_masked(1)).line  # still high: it fires again, on the new vCPU
    assert vm.acknowledge(1) == (0, DEVICE)
    vm.do(line(1, LEVEL, False))
    assert not vm.do(clear_masked(1)).line
    assert not active(vm, LEVEL)
    assert vm.acknowledge(0) == NOTHING


def test_a_level_device_that_rises_during_a_move_is_not_lost(caller: Make) -> None:
    vm = caller(cpus=2)
    vm.ready(1, DEVICE)
    mapped(vm, LEVEL)
    first, second, third, asked = linux_set_affinity(LEVEL, 0, 1)
    vm.do(first, second, line(0, LEVEL, True))
    assert vm.do(third, asked).x1 == 1
    vm.do(rvic(0, RvicCall.CLEAR_PENDING, 0, DEVICE), rvic(0, RvicCall.SIGNAL, 1, DEVICE))
    vm.do(rvic(0, RvicCall.CLEAR_MASKED, 1, DEVICE))
    assert vm.acknowledge(1) == (0, DEVICE)
    vm.do(line(1, LEVEL, False))
    assert not vm.do(clear_masked(1)).line
    assert vm.do(line(1, LEVEL, True), rvic(1, RvicCall.VERSION)).line
    assert vm.acknowledge(1) == (0, DEVICE)


def test_a_cpu_that_comes_back_has_no_private_interrupt_active(caller: Make) -> None:
    vm = caller(cpus=2)
    vm.ready(1, TIMER)
    vm.do(timer(1, True), Call(1, Action.LEAVE, Function.CPU_OFF), *[rvic(0, RvicCall.VERSION)] * 20)
    assert timer_active(vm, 1)
    vm.do(Call(0, Action.HVC, Function.CPU_ON_64, 1, vm.machine.symbols["_start"]))
    assert not timer_active(vm, 1)
    vm.ready(1, TIMER)
    assert vm.do(timer(1, True)).line


# Pulses from outside


@pytest.mark.parametrize("spi", [LEVEL, EDGE])
def test_a_pulse_from_the_host_is_one_interrupt_on_a_level_line_too(caller: Make, spi: int) -> None:
    vm = mapped(caller(), spi)
    vm.machine.board.lines[32 + spi].pulse()
    assert vm.line(0)
    assert vm.acknowledge(0) == (0, DEVICE)
    assert not vm.do(clear_masked()).line
    assert not active(vm, spi)


def test_a_pulse_on_a_level_line_is_held_until_a_cpu_takes_it(caller: Make) -> None:
    vm = mapped(caller(), LEVEL)
    vm.machine.board.lines[33].pulse()
    vm.machine.board.lines[33].pulse()
    assert vm.line(0)
    assert not vm.machine.board.gic.line_level(33)
    assert vm.acknowledge(0) == (0, DEVICE)
    assert not vm.do(clear_masked()).line


def test_a_guest_of_an_rvic_sees_no_gic(caller: Make) -> None:
    """An access to GICD is an external abort, not a register."""
    vm = caller()
    with pytest.raises(AssertionError, match="data abort"):
        vm.do(Call(0, Action.STORE, 0, 0x0800_0000, 1))
    assert vm.machine.run(until.instructions(1), limit=10).reason is StopReason.FAULT


def test_a_cpu_that_is_off_takes_nothing(caller: Make, gic_log: Log) -> None:
    """What is signalled to it stays pending in the GIC, and is taken when it comes on."""
    vm = caller(cpus=2, secondaries=False)
    vm.do(rvid(0, RvidCall.MAP, EDGE, 1, DEVICE), pulse(0, EDGE))
    for _ in range(
        20
    ):  # more than a turn of the CPU that is on, at whose end the others' interrupts are taken
        vm.do(rvic(0, RvicCall.ENABLE))
    state = vm.machine.board.gic.state(32 + EDGE)
    assert (state.pending, state.active, gic_log) == (True, False, [])
    entry = vm.machine.symbols["_start"]
    vm.do(Call(0, Action.HVC, Function.CPU_ON_64, 1, entry, 0))
    vm.machine.run(until.symbol("_start", cpu=1), limit=1000)
    assert gic_log[0] == ("IAR", 32 + EDGE)
