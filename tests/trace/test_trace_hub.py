# SPDX-License-Identifier: MIT
import pickle

import pytest

from harness.trace import Events
from harness.trace.events import TYPES, Hvc, PhysicalIrq, VirqRaised, VirqTaken, Wfx

EVENT = Wfx(1, 0, 0x4000, False)


def test_nobody_listens_at_first():
    assert not Events().active


def test_listeners_hear_every_event_in_the_order_they_came():
    events, heard = Events(), []
    events.add(lambda event: heard.append(("first", event)))
    events.add(lambda event: heard.append(("second", event)))
    assert events.active
    events.emit(EVENT)
    assert heard == [("first", EVENT), ("second", EVENT)]


def test_the_last_listener_to_go_makes_it_inactive():
    events, heard = Events(), []
    events.add(heard.append)
    events.remove(heard.append)
    assert not events.active
    events.emit(EVENT)
    assert heard == []
    with pytest.raises(ValueError, match="is not in list"):
        events.remove(heard.append)


def test_a_listener_may_remove_itself_while_it_is_called():
    events, heard = Events(), []

    def once(event):
        heard.append(event)
        events.remove(once)

    events.add(once)
    events.add(heard.append)
    events.emit(EVENT)
    events.emit(EVENT)
    assert heard == [EVENT, EVENT, EVENT]


def test_a_listeners_exception_is_not_swallowed():
    events = Events()
    events.add(lambda event: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        events.emit(EVENT)


def test_exactly_the_exits_are_world_switches():
    assert {kind.__name__ for kind in TYPES if kind.world_switch} == {
        "Hvc",
        "Smc",
        "DataAbort",
        "InstructionAbort",
        "SysregTrap",
        "Wfx",
        "PhysicalIrq",
    }


@pytest.mark.parametrize("kind", TYPES)
def test_every_event_begins_with_its_tick_and_cpu_and_is_immutable(kind):
    assert kind._fields[:2] == ("tick", "cpu")
    event = kind(*range(len(kind._fields)))
    assert not hasattr(event, "__dict__")
    assert pickle.loads(pickle.dumps(event)) == event


def test_what_an_exit_served_is_optional():
    assert Hvc(1, 0, 0, 0, (0, 0, 0), (0, 0)).intid is None
    assert PhysicalIrq(1, 0, 0, 1023).target is None
    assert VirqTaken(1, 0, 0x4000, 0x280).vector == 0x280


def test_a_hold_lets_an_exit_be_told_before_its_consequences():
    events, heard = Events(), []
    events.add(heard.append)
    raised, cause = VirqRaised(1, 0, 3), Wfx(1, 0, 0x4000, False)
    events.hold()
    events.emit(raised)
    assert heard == []
    events.release(cause)
    assert heard == [cause, raised]


def test_holds_nest():
    events, heard = Events(), []
    events.add(heard.append)
    outer, inner, last = (Wfx(n, 0, 0x4000, False) for n in range(3))
    events.hold()
    events.hold()
    events.emit(last)
    events.release(inner)
    assert heard == []
    events.release(outer)
    assert heard == [outer, inner, last]


def test_exceptions_are_told_of_while_somebody_hears_them() -> None:
    """Of VirqTaken and Eret there are none, nor is anybody asked to make them, for those who do without."""
    events, told = Events(), []
    events.on_exceptions = told.append
    heard: list[object] = []
    counter = heard.append
    events.add(counter, exceptions=False)
    assert told == []
    events.add(print)
    events.add(counter)  # the same listener once more, and this time it wants all
    events.remove(print)
    assert told == [True]
    events.remove(counter)  # the first that is like it: the one that does without
    assert told == [True]
    events.remove(counter)
    assert (told, events.active) == ([True, False], False)
