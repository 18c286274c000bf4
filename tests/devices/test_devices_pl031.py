# SPDX-License-Identifier: MIT
"""PL031 against its manual, DDI 0224."""

import pytest

from harness.deadlines import NEVER
from harness.devices import Pl031
from harness.devices.pl031 import EPOCH
from harness.devices.pl031 import Pl031Register as Reg

SECOND = 62_500_000


@pytest.fixture
def rtc():
    return Pl031()


def read(rtc, register):
    return rtc.read(0, register, 4)


def write(rtc, register, value):
    rtc.write(0, register, 4, value)


def test_it_counts_seconds_of_virtual_time_from_a_fixed_epoch(rtc):
    seen = []
    for now in (0, SECOND - 1, SECOND, 10 * SECOND):
        rtc.advance(now)
        seen.append(read(rtc, Reg.RTCDR) - EPOCH)
    assert seen == [0, 0, 1, 10]


def test_a_load_sets_the_count(rtc):
    """3.3.3 RTCLR."""
    rtc.advance(SECOND // 2)
    write(rtc, Reg.RTCLR, 0xFFFF_FFFF)
    assert (read(rtc, Reg.RTCLR), read(rtc, Reg.RTCDR)) == (0xFFFF_FFFF, 0xFFFF_FFFF)
    rtc.advance(SECOND // 2 + SECOND)
    assert read(rtc, Reg.RTCDR) == 0, "32 bits, wrapping"


def test_the_alarm_rings_when_the_count_reaches_the_match(rtc):
    """3.3.2 RTCMR; 3.3.5 to 3.3.8."""
    write(rtc, Reg.RTCMR, EPOCH + 3)
    assert rtc.next_action.tick == NEVER, "masked"
    write(rtc, Reg.RTCIMSC, 1)
    assert rtc.next_action.tick == 3 * SECOND
    rtc.advance(3 * SECOND - 1)
    assert not rtc.irq.level
    rtc.advance(3 * SECOND)
    assert rtc.irq.level
    assert (read(rtc, Reg.RTCRIS), read(rtc, Reg.RTCMIS), rtc.next_action.tick) == (1, 1, NEVER)
    write(rtc, Reg.RTCICR, 1)
    assert not rtc.irq.level
    assert rtc.next_action.tick == 3 * SECOND + (SECOND << 32), "the count comes round again"


def test_the_mask_hides_the_raw_status(rtc):
    write(rtc, Reg.RTCMR, EPOCH)
    assert (read(rtc, Reg.RTCRIS), read(rtc, Reg.RTCMIS), rtc.irq.level) == (1, 0, False)
    write(rtc, Reg.RTCIMSC, 1)
    assert rtc.irq.level


def test_a_match_in_the_past_waits_for_the_count_to_wrap(rtc):
    rtc.advance(5 * SECOND)
    write(rtc, Reg.RTCIMSC, 1)
    write(rtc, Reg.RTCMR, EPOCH + 4)
    assert not rtc.irq.level
    assert rtc.next_action.tick == 4 * SECOND + (SECOND << 32)


def test_a_load_moves_the_alarm(rtc):
    write(rtc, Reg.RTCIMSC, 1)
    write(rtc, Reg.RTCMR, 100)
    rtc.advance(SECOND + 5)
    write(rtc, Reg.RTCLR, 90)
    assert rtc.next_action.tick == SECOND + 5 + 10 * SECOND


def test_it_is_always_on_and_read_only_registers_stay(rtc):
    write(rtc, Reg.RTCCR, 0)
    write(rtc, Reg.RTCDR, 0)
    write(rtc, Reg.RTCRIS, 1)
    assert (read(rtc, Reg.RTCCR), read(rtc, Reg.RTCDR), read(rtc, Reg.RTCRIS)) == (1, EPOCH, 0)


def test_identification_registers():
    """3.3.9, 3.3.10: part 0x031."""
    values = [Pl031().read(0, 0xFE0 + 4 * n, 4) for n in range(8)]
    assert values == [0x31, 0x10, 0x14, 0x00, 0x0D, 0xF0, 0x05, 0xB1]
