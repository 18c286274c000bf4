# SPDX-License-Identifier: MIT
import copy

import pytest

from harness.devices import Lines
from harness.errors import ConfigError


class Log(list[tuple[int, int, bool]]):
    """Every change of every line, as (INTID, CPU, level), in the order in which it is told."""

    def __init__(self, lines: Lines) -> None:
        for line in lines:
            line.wire.listen(lambda level, line=line: self.append((line.intid, line.cpu, level)))


@pytest.fixture
def lines():
    return Lines(cpus=4)


@pytest.fixture
def log(lines):
    return Log(lines)


def test_a_pulse_is_two_changes_and_is_not_lost(lines, log):
    lines[33].pulse()
    lines[33].pulse()
    assert log == [(33, 0, True), (33, 0, False)] * 2


def test_changes_of_several_lines_keep_their_order(lines, log):
    lines[40].high()
    lines.private(27, 1).drive("timer", True)
    lines[40].low()
    assert log == [(40, 0, True), (27, 1, True), (40, 0, False)]


def test_a_line_is_the_wired_or_of_its_drivers(lines, log):
    lines[33].drive("uart", True)
    lines[33].high()
    assert lines[33].drivers == ("uart", "host")
    lines[33].drive("uart", False)
    assert lines[33].level
    assert lines[33].drivers == ("host",)
    lines[33].low()
    assert not lines[33].level
    assert log == [(33, 0, True), (33, 0, False)]


def test_a_pulse_on_a_line_held_high_is_no_edge(lines, log):
    lines[33].drive("uart", True)
    lines[33].pulse()
    assert log == [(33, 0, True)]
    assert lines[33].level


def test_a_line_says_that_it_is_in_a_pulse_only_if_that_made_it_rise(lines):
    seen = []
    lines[33].wire.listen(lambda level: seen.append((level, lines[33].pulsing)))
    lines[33].pulse()
    lines[33].high()
    lines[33].pulse()  # of the driver that holds it: it lets go
    assert seen == [(True, True), (False, True), (True, False), (False, False)]
    assert not lines[33].pulsing


def test_driving_to_the_same_level_again_changes_nothing(lines, log):
    lines[33].low()
    lines[33].high()
    lines[33].high()
    lines[33].low()
    lines[33].low()
    assert log == [(33, 0, True), (33, 0, False)]


def test_a_ppi_has_one_line_per_cpu_and_an_spi_one_for_all(lines):
    lines.private(27, 1).drive("timer", True)
    assert [lines.private(27, cpu).level for cpu in range(4)] == [False, True, False, False]
    assert set(lines.spis) == set(range(32, 288))
    assert lines.spis[40] is lines[40].wire


@pytest.mark.parametrize("intid", [-1, 0, 27, 31, 288, 1023])
def test_a_number_without_a_line_is_the_users_mistake(intid):
    with pytest.raises(ConfigError, match=f"no interrupt line {intid}: lines are INTID 32 to 287"):
        Lines()[intid]


@pytest.mark.parametrize("intid", [0, 15, 32])
def test_a_board_cannot_drive_what_is_no_ppi(intid):
    with pytest.raises(IndexError, match=f"INTID {intid} is no PPI"):
        Lines().private(intid, 0)


def test_a_line_ends_at_its_input_before_anybody_else_hears_of_it():
    heard = []
    lines = Lines(cpus=2, input_of=lambda line: lambda level: heard.append((line.intid, line.cpu, level)))
    lines[33].wire.listen(heard.append)
    lines[33].high()
    lines.private(27, 1).high()
    assert heard == [(33, 0, True), True, (27, 1, True)]
    assert [(line.intid, line.cpu) for line in lines.high] == [(27, 1), (33, 0)]
    twin = copy.deepcopy(lines)
    assert twin == lines
    twin[33].low()
    twin[40].high()
    assert (twin[33].level, lines[33].level) == (False, True)
    assert heard == [(33, 0, True), True, (27, 1, True)], "a copy's lines end nowhere"
