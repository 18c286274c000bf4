# SPDX-License-Identifier: MIT
import pytest

from harness.devices import GenericTimer
from harness.devices import TimerRegister as Reg

ONES = (1 << 64) - 1
TIMERS = [
    (Reg.CNTV_CTL_EL0, Reg.CNTV_CVAL_EL0, Reg.CNTV_TVAL_EL0, 0),
    (Reg.CNTP_CTL_EL0, Reg.CNTP_CVAL_EL0, Reg.CNTP_TVAL_EL0, 1),
]


def irq(timer: GenericTimer, which: int) -> bool:
    return (timer.virtual_irq, timer.physical_irq)[which].level


both = pytest.mark.parametrize(("ctl", "cval", "tval", "which"), TIMERS, ids=["CNTV", "CNTP"])


@both
def test_the_condition_is_met_from_cval_on(ctl, cval, tval, which):
    """DDI 0487 D11.2.4: TimerConditionMet = (Counter - Offset - CompareValue) >= 0."""
    timer = GenericTimer()
    timer.write(cval, 1000, now=0)
    timer.write(ctl, 1, now=0)
    assert [timer.read(ctl, now) for now in (0, 999, 1000, 1001)] == [0b001, 0b001, 0b101, 0b101]
    assert timer.deadline(0) == 1000
    assert timer.deadline(999) == 1000
    assert timer.deadline(1000) is None


@both
def test_istatus_ignores_imask_and_the_line_does_not(ctl, cval, tval, which):
    """DDI 0487, CNTV_CTL_EL0.ISTATUS."""
    timer = GenericTimer()
    timer.write(cval, 10, now=0)
    timer.write(ctl, 0b11, now=0)
    assert timer.read(ctl, now=9) == 0b011
    assert timer.read(ctl, now=10) == 0b111
    assert not irq(timer, which)
    assert timer.deadline(0) is None
    timer.write(ctl, 0b01, now=10)
    assert irq(timer, which)


@both
def test_ctl_keeps_only_enable_and_imask(ctl, cval, tval, which):
    timer = GenericTimer()
    timer.write(cval, 100, now=0)
    timer.write(ctl, ONES & ~1, now=0)
    assert timer.read(ctl, now=100) == 0b010


@both
def test_a_disabled_timer_has_no_condition(ctl, cval, tval, which):
    timer = GenericTimer()
    timer.write(cval, 0, now=5)
    assert timer.read(ctl, now=5) == 0
    assert not irq(timer, which)
    assert timer.deadline(5) is None


@both
@pytest.mark.parametrize(
    ("written", "compare"),
    [(100, 1100), (0x7FFF_FFFF, 1000 + 0x7FFF_FFFF), (0xFFFF_FFFF, 999), (1 << 32, 1000)],
)
def test_tval_is_sign_extended_from_32_bits(ctl, cval, tval, which, written, compare):
    """DDI 0487, CNTV_TVAL_EL0: CompareValue = Counter + SignExtend(TimerValue)."""
    timer = GenericTimer()
    timer.write(tval, written, now=1000)
    assert timer.read(cval, now=1000) == compare


@both
def test_tval_counts_down_through_zero(ctl, cval, tval, which):
    timer = GenericTimer()
    timer.write(tval, 5, now=0)
    assert [timer.read(tval, now) for now in (0, 5, 6)] == [5, 0, 0xFFFF_FFFF]


@both
def test_the_compare_is_unsigned_so_all_ones_parks_a_timer(ctl, cval, tval, which):
    timer = GenericTimer()
    timer.write(cval, ONES, now=0)
    timer.write(ctl, 1, now=0)
    timer.advance(1 << 62)
    assert not irq(timer, which)
    assert timer.deadline(0) is None


def test_the_virtual_count_is_offset_and_the_physical_is_not():
    """DDI 0487, CNTVOFF_EL2."""
    timer = GenericTimer(offset=1000)
    assert timer.read(Reg.CNTVCT_EL0, now=1500) == 500
    assert timer.read(Reg.CNTVCT_EL0, now=999) == ONES
    assert timer.read(Reg.CNTPCT_EL0, now=1500) == 1500
    timer.write(Reg.CNTV_CVAL_EL0, 600, now=1500)
    timer.write(Reg.CNTV_CTL_EL0, 1, now=1500)
    assert timer.deadline(1500) == 1600


def test_the_deadline_is_the_earlier_of_the_two():
    timer = GenericTimer()
    for ctl, cval, at in (
        (Reg.CNTV_CTL_EL0, Reg.CNTV_CVAL_EL0, 300),
        (Reg.CNTP_CTL_EL0, Reg.CNTP_CVAL_EL0, 200),
    ):
        timer.write(cval, at, now=0)
        timer.write(ctl, 1, now=0)
    assert [timer.deadline(now) for now in (0, 200, 300)] == [200, 300, None]


def test_the_outputs_follow_the_time_last_heard_of():
    timer = GenericTimer()
    timer.write(Reg.CNTV_CVAL_EL0, 10, now=0)
    timer.write(Reg.CNTV_CTL_EL0, 1, now=0)
    moved: list[tuple[int, bool]] = []
    timer.virtual_irq.listen(lambda level: moved.append((27, level)))
    timer.physical_irq.listen(lambda level: moved.append((30, level)))
    assert (timer.due, moved) == (10, [])
    timer.advance(9)
    assert (timer.due, moved) == (10, [])
    timer.advance(10)
    assert (timer.due, moved) == (None, [(27, True)])
    timer.reset()
    assert (timer.due, moved) == (None, [(27, True), (27, False)])


@pytest.mark.parametrize("register", [Reg.CNTVCT_EL0, Reg.CNTPCT_EL0, Reg.CNTFRQ_EL0])
def test_the_counters_are_read_only(register):
    with pytest.raises(ValueError, match=register):
        GenericTimer().write(register, 1, now=0)


def test_the_frequency_is_qemu_virts():
    assert GenericTimer().read(Reg.CNTFRQ_EL0, now=0) == 62_500_000


@pytest.mark.parametrize(
    ("cntkctl", "after", "event"),
    [
        (0x20, 0, None),  # EVNTEN is clear
        (0x24, 0, 4),  # bit 2 rises at 4, 12, 20
        (0x24, 4, 12),
        (0x24, 11, 12),
        (0x2C, 0, 8),  # and falls at 8, 16
        (0x2C, 7, 8),
        (0x2C, 8, 16),
        (0x04, 0, 1),
        (0xF4, 0, 0x8000),
    ],
)
def test_event_stream(cntkctl: int, after: int, event: int | None) -> None:
    """CNTKCTL_EL1.EVNTEN, EVNTDIR, EVNTI (DDI 0487, D11.2.5)."""
    timer = GenericTimer()
    timer.set_cntkctl(cntkctl)
    assert timer.next_event(after) == event


def test_the_event_stream_is_of_the_virtual_count() -> None:
    timer = GenericTimer(offset=3, cntkctl=0x24)
    assert timer.next_event(0) == 7
