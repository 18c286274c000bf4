# SPDX-License-Identifier: MIT
"""The library's RVIC driver makes the calls that Linux's drivers make, in their order."""

from __future__ import annotations

import pytest
from driver_guest import MARK, run

from harness import StopReason

NOT_THERE = (1 << 64) - 1  # RVIC_PROBE_VERSION


def request(intid: int, handler: str, flow: str) -> str:
    return f"mov x0, #{intid}\n adr x1, {handler}\n adr x2, {flow}\n bl rvic_request\n cbnz x0, leave\n"


def on(intid: int, routine: str) -> str:
    return f"mov x0, #{intid}\n bl {routine}\n"


def keep(index: int, register: str = "x0") -> str:
    return f"adr x15, result\n str {register}, [x15, #{8 * index}]\n"


WINDOW = "irq_enable\n isb\n nop\n irq_disable\n"
DEVICE = "mov x0, #5\n adr x1, mark\n adr x2, rvic_flow_edge\n bl rvid_request\n cbnz x0, leave\n"
OTHERS = "mov x0, #0\n bl smp_start\n cbnz x0, leave\n"
EDGE = "mov w0, #(TESTDEV_SPI + 5)\n bl testdev_pulse\n nop\n"
STOP = "bl smp_stop\n"


@pytest.mark.parametrize(("trusted", "untrusted"), [(32, 32), (96, 32), (1024, 1024)])
def test_probe_checks_version_and_info_then_starts_the_cpu(trusted: int, untrusted: int) -> None:
    ran = run("", trusted=trusted, untrusted=untrusted)
    start = ["Disable()"]
    for intid in range(trusted + untrusted):
        start += [f"SetMasked(0, {intid})", f"ClearPending(0, {intid})"]
    start.append("Enable()")
    assert len(start) == 2 + 2 * (trusted + untrusted)
    assert ran.calls.lines == [f"0:{call}" for call in ["Version()", "Info(0)", "Info(1)", *start]]


def test_probe_refuses_where_there_is_no_rvic() -> None:
    ran = run("", before="#define RVIC_BASE 0xc5000300\n")
    assert ran.reason is StopReason.EXIT
    assert len(ran.calls.lines) == 1


def test_probe_finds_an_rvic_at_another_base() -> None:
    bases = "#define RVIC_BASE 0xc5000400\n#define RVID_BASE 0xc5000300\n"
    ran = run("bl rvid_probe\n" + keep(0), before=bases, rvic_base=0xC5000400, rvid_base=0xC5000300)
    assert ran.reason is StopReason.POWER_OFF
    assert ran.result[0] == 0


def test_rvid_probe_refuses_where_there_is_no_rvid() -> None:
    ran = run("bl rvid_probe\n" + keep(0), before="#define RVID_BASE 0xc5000300\n")
    assert ran.result[0] == NOT_THERE


@pytest.mark.parametrize("cpus", [2, 8])
def test_every_cpu_starts_its_own_instance_and_ends_it(cpus: int) -> None:
    lines = run(OTHERS + STOP, cpus=cpus).calls.lines
    for cpu in range(1, cpus):
        own = [line[2:] for line in lines if line.startswith(f"{cpu}:")]
        assert own[0] == "Disable()"
        assert own[1:129] == [
            f"{call}({cpu}, {n})" for n in range(64) for call in ("SetMasked", "ClearPending")
        ]
        assert own[129] == "Enable()"
        assert own[130:] == [
            f"ClearMasked({cpu}, 15)",
            "Acknowledge()",
            f"ClearMasked({cpu}, 15)",
            "Disable()",
        ]


@pytest.mark.parametrize(
    ("flow", "expected"),
    [
        ("rvic_flow_ipi", ["Acknowledge()", "ClearMasked(0, 7)", f"{MARK}()"]),
        ("rvic_flow_timer", ["Acknowledge()", f"{MARK}()", "Resample(7)", "ClearMasked(0, 7)"]),
        ("rvic_flow_edge", ["Acknowledge()", f"{MARK}()", "ClearMasked(0, 7)"]),
        ("rvic_flow_level", ["Acknowledge()", f"{MARK}()", "ClearMasked(0, 7)"]),
        ("rvic_flow_threaded", ["Acknowledge()", "SetMasked(0, 7)", f"{MARK}()"]),
    ],
)
def test_a_flow_makes_its_calls_around_the_handler(flow: str, expected: list[str]) -> None:
    ran = run(request(7, "mark", flow) + on(7, "rvic_set_pending") + WINDOW)
    assert ran.own == ["ClearMasked(0, 7)", "Signal(0, 7)", *expected]
    assert ran.counters == {"taken": 1, "spurious": 0, "range": 0, "unhandled": 0, "error": 0}


def test_a_threaded_interrupt_comes_again_only_after_its_work_is_done() -> None:
    twice = (on(7, "rvic_set_pending") + WINDOW) * 2
    body = request(7, "mark", "rvic_flow_threaded") + twice + on(7, "rvic_unmask") + WINDOW
    assert run(body).own[1:] == [
        *["Signal(0, 7)", "Acknowledge()", "SetMasked(0, 7)", f"{MARK}()"],
        "Signal(0, 7)",
        *["ClearMasked(0, 7)", "Acknowledge()", "SetMasked(0, 7)", f"{MARK}()"],
    ]


@pytest.mark.parametrize("device", [False, True])
def test_end_of_interrupt_leaves_masked_what_the_handler_has_masked(device: bool) -> None:
    intid = 37 if device else 7
    request_it = DEVICE.replace("mark", "masks") if device else request(7, "masks", "rvic_flow_edge")
    ran = run(request_it + on(intid, "rvic_set_pending") + WINDOW, extra="masks: b rvic_mask\n")
    assert ran.own[-2:] == ["Acknowledge()", f"SetMasked(0, {intid})"]


def test_an_intid_out_of_range_is_counted_and_nothing_else() -> None:
    shrink = "adr x0, rvic_total\n mov x1, #5\n str x1, [x0]\n"
    ran = run(request(7, "mark", "rvic_flow_edge") + shrink + on(7, "rvic_set_pending") + WINDOW)
    assert ran.own[-1] == "Acknowledge()"
    assert ran.counters == {"taken": 0, "spurious": 0, "range": 1, "unhandled": 0, "error": 0}


def test_an_interrupt_without_a_handler_stays_masked_and_is_counted() -> None:
    ran = run(on(7, "rvic_unmask") + (on(7, "rvic_set_pending") + WINDOW) * 2)
    assert ran.own == ["ClearMasked(0, 7)", "Signal(0, 7)", "Acknowledge()", "Signal(0, 7)"]
    assert ran.counters["unhandled"] == 1


def test_one_acknowledge_for_one_exception() -> None:
    both = request(7, "mark", "rvic_flow_edge") + request(8, "mark", "rvic_flow_edge")
    ran = run(both + on(7, "rvic_set_pending") + on(8, "rvic_set_pending") + WINDOW)
    assert ran.own[-6:] == [
        *["Acknowledge()", f"{MARK}()", "ClearMasked(0, 7)"],
        *["Acknowledge()", f"{MARK}()", "ClearMasked(0, 8)"],
    ]


def test_pending_can_be_read_set_and_cleared() -> None:
    body = "".join(
        on(7, routine) + on(7, "rvic_is_pending") + keep(n, "x1")
        for n, routine in enumerate(
            ["rvic_clear_pending", "rvic_set_pending", "rvic_clear_pending", "rvic_retrigger"]
        )
    )
    ran = run(body)
    assert ran.result[:4] == (0, 1, 0, 1)
    assert ran.own[::2] == ["ClearPending(0, 7)", "Signal(0, 7)", "ClearPending(0, 7)", "Signal(0, 7)"]


def test_an_ipi_is_one_signal_and_tells_when_nobody_hears() -> None:
    send = "mov x0, #{}\n mov x1, #3\n bl rvic_send_ipi\n"
    ran = run(send.format(1) + keep(0) + send.format(5) + keep(1), cpus=2)
    assert ran.own == ["Signal(1, 3)", "Signal(5, 3)"]
    assert ran.result[:2] == (3, 2)  # DISABLED: CPU 1 is off; INVALID_CPU


def test_requesting_a_device_maps_it_here_and_unmasks_it() -> None:
    ran = run(DEVICE + keep(0, "x1") + EDGE + WINDOW)
    taken = ["Acknowledge()", f"{MARK}()", "ClearMasked(0, 37)"]
    assert ran.own == ["Map(5, 0, 37)", "ClearMasked(0, 37)", *taken]
    assert ran.result[0] == 37


def test_deactivating_a_device_drops_what_it_signals() -> None:
    ran = run(DEVICE + "mov x0, #5\n bl rvid_deactivate\n" + EDGE + on(37, "rvic_is_pending") + keep(0, "x1"))
    assert ran.own[2:] == ["Unmap(5)", "IsPending(0, 37)"]
    assert ran.result[0] == 0


def moved(before: str = "", after: str = "", to: int = 1) -> str:
    return OTHERS + DEVICE + before + f"mov x0, #5\n mov x1, #{to}\n bl rvid_set_affinity\n" + keep(0) + after


def test_set_affinity_makes_its_calls_in_order() -> None:
    ran = run(moved(), cpus=2)
    barrier = ["SetMasked(0, 37)", "SetMasked(1, 37)", "Map(5, 1, 37)"]
    assert ran.own[2:] == [*barrier, "IsPending(0, 37)", "ClearMasked(1, 37)"]
    assert ran.result[0] == 0


def test_set_affinity_carries_over_what_is_pending() -> None:
    ran = run(moved(before=EDGE, after=STOP), cpus=2)
    assert ran.own[2:9] == [
        *["SetMasked(0, 37)", "SetMasked(1, 37)", "Map(5, 1, 37)", "IsPending(0, 37)"],
        *["ClearPending(0, 37)", "Signal(1, 37)", "ClearMasked(1, 37)"],
    ]
    theirs = [line for line in ran.calls.after_start() if line.startswith("1:")]
    assert f"1:{MARK}()" in theirs
    assert "1:ClearMasked(1, 37)" in theirs
    assert ran.counters["taken"] == 0


def test_set_affinity_leaves_masked_what_is_masked() -> None:
    ran = run(moved(before=on(37, "rvic_mask")), cpus=2)
    assert ran.own[3:] == ["SetMasked(1, 37)", "Map(5, 1, 37)", "IsPending(0, 37)"]


def test_set_affinity_to_where_it_is_does_nothing() -> None:
    ran = run(moved(to=0), cpus=2)
    assert ran.own[2:] == []
    assert ran.result[0] == 0


def test_set_affinity_to_no_cpu_leaves_the_interrupt_where_it_was() -> None:
    ran = run(moved(to=6, after=EDGE + WINDOW), cpus=2)
    taken = ["Acknowledge()", f"{MARK}()", "ClearMasked(0, 37)"]
    assert ran.own[2:] == ["SetMasked(0, 37)", "SetMasked(6, 37)", "ClearMasked(0, 37)", *taken]
    assert ran.result[0] == 2  # INVALID_CPU


def test_what_is_done_to_a_device_interrupt_is_done_on_its_cpu() -> None:
    routines = ["rvic_mask", "rvic_unmask", "rvic_is_pending", "rvic_clear_pending"]
    ran = run(moved(after="".join(on(37, routine) for routine in routines)), cpus=2)
    assert ran.own[-4:] == [
        "SetMasked(1, 37)",
        "ClearMasked(1, 37)",
        "IsPending(1, 37)",
        "ClearPending(1, 37)",
    ]


def test_masking_a_trusted_interrupt_is_this_cpus_own_matter() -> None:
    extra = "unmask_7: mov x0, #7\n b rvic_unmask\n"
    start = OTHERS.replace("mov x0, #0", "adr x0, unmask_7")
    ran = run(start + on(7, "rvic_mask") + STOP, extra=extra, cpus=2)
    assert "1:ClearMasked(1, 7)" in ran.calls.lines
    assert ran.own == ["SetMasked(0, 7)", "Signal(1, 15)"]


def test_a_dying_cpu_disables_its_instance() -> None:
    ran = run("bl rvic_cpu_dying\n" + on(7, "rvic_set_pending") + keep(0))
    assert ran.own == ["Disable()", "Signal(0, 7)"]
    assert ran.result[0] == 3  # DISABLED


def test_the_driver_works_through_smc() -> None:
    ran = run(DEVICE + EDGE + WINDOW, before="#define SMCCC_CONDUIT smc\n")
    assert ran.own[-3:] == ["Acknowledge()", f"{MARK}()", "ClearMasked(0, 37)"]
    assert ran.reason is StopReason.POWER_OFF
