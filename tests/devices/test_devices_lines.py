# SPDX-License-Identifier: MIT
import pytest

from harness.devices import LineChange, Lines
from harness.errors import ConfigError


def test_a_pulse_is_two_changes_and_is_not_lost():
    lines = Lines()
    lines[33].pulse()
    lines[33].pulse()
    up, down = LineChange(33, 0, True), LineChange(33, 0, False)
    assert lines.drain() == [up, down, up, down]
    assert lines.drain() == []


def test_changes_of_several_lines_keep_their_order():
    lines = Lines()
    lines[40].high()
    lines.drive(27, "timer", True, cpu=1)
    lines[40].low()
    assert lines.drain() == [(40, 0, True), (27, 1, True), (40, 0, False)]


def test_a_line_is_the_wired_or_of_its_drivers():
    lines = Lines()
    lines.drive(33, "uart", True)
    lines[33].high()
    lines.drive(33, "uart", False)
    assert lines[33].level
    assert lines.sources(33) == ("host",)
    lines[33].low()
    assert not lines[33].level
    assert lines.drain() == [(33, 0, True), (33, 0, False)]


def test_a_pulse_on_a_line_held_high_is_no_edge():
    lines = Lines()
    lines.drive(33, "uart", True)
    lines[33].pulse()
    assert lines.drain() == [(33, 0, True)]
    assert lines[33].level


def test_driving_to_the_same_level_again_changes_nothing():
    lines = Lines()
    lines[33].low()
    lines[33].high()
    lines[33].high()
    lines[33].low()
    lines[33].low()
    assert lines.drain() == [(33, 0, True), (33, 0, False)]


def test_a_ppi_has_one_wire_per_cpu_and_an_spi_one_for_all():
    lines = Lines()
    lines.drive(27, "timer", True, cpu=1)
    assert lines.level(27, 1)
    assert not lines.level(27, 0)
    lines.drive(40, "device", True, cpu=3)
    assert lines.level(40)
    assert lines.drain() == [(27, 1, True), (40, 0, True)]


@pytest.mark.parametrize("intid", [-1, 0, 27, 31, 288, 1023])
def test_a_number_without_a_line_is_the_users_mistake(intid):
    with pytest.raises(ConfigError, match=f"no interrupt line {intid}: lines are INTID 32 to 287"):
        Lines()[intid]


@pytest.mark.parametrize("intid", [0, 15, 64])
def test_a_board_cannot_drive_what_is_not_there(intid):
    with pytest.raises(ValueError, match="has no line"):
        Lines(63).drive(intid, "device", True)
