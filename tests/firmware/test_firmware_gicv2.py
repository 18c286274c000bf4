# SPDX-License-Identifier: MIT
"""The library's GICv2 driver writes the registers that Linux's writes (IHI 0048B, chapter 4), in their order.

Run under the ``trap`` controller, where every access to GICD and GICC can be seen.
"""

from __future__ import annotations

import pytest
from driver_guest import MARK, Ran
from driver_guest import run as run_anywhere

from harness import StopReason

SGI, PPI, SPI = 7, 20, 37
INPUT = SPI - 32
WINDOW = "irq_enable\n isb\n nop\n irq_disable\n"
OTHERS = "mov x0, #0\n bl smp_start\n cbnz x0, leave\n"
EDGE = "mov w0, #(TESTDEV_SPI + 5)\n bl testdev_pulse\n nop\n"
BIT = {SGI: 1 << SGI, PPI: 1 << PPI, SPI: 1 << SPI - 32}
NO_INPUT, NO_CPU = ((1 << 64) - 3, (1 << 64) - 4)


def run(body: str, **options: object) -> Ran:
    return run_anywhere(body, controller="trap", **options)  # type: ignore[arg-type]  # as driver_guest.run has them


def request(intid: int, handler: str = "mark", flow: str = "irqc_flow_edge") -> str:
    if intid < SPI:
        return f"mov x0, #{intid}\n adr x1, {handler}\n adr x2, {flow}\n bl irqc_request\n cbnz x0, leave\n"
    number = f"mov x0, #{intid - 32}\n"
    return f"{number} adr x1, {handler}\n adr x2, {flow}\n bl irqc_input_request\n cbnz x0, leave\n"


def on(intid: int, routine: str) -> str:
    return f"mov x0, #{intid}\n bl {routine}\n"


def keep(index: int, register: str = "x0") -> str:
    return f"adr x15, result\n str {register}, [x15, #{8 * index}]\n"


def words(register: str, first: int, last: int, value: int) -> list[str]:
    return [f"{register}[{n}] = {value:#x}" for n in range(first, last)]


def test_probe_checks_the_version_and_leaves_every_interrupt_masked_and_idle() -> None:
    everything, usual = 0xFFFF_FFFF, 0xA0A0_A0A0
    lines = [line.removeprefix("0:") for line in run("").calls.lines]
    assert lines[:2] == ["GICC_IIDR -> 0x202143b", "GICD_TYPER -> 0x8"]
    assert lines[2:5] == ["GICD_CTLR = 0x0", "GICD_ITARGETSR[0] -> 0x0", "GICC_CTLR = 0x0"]
    start = [
        *words("GICD_ICENABLER", 0, 1, everything),
        *words("GICD_ICACTIVER", 0, 1, everything),
        *words("GICD_ICPENDR", 0, 1, everything),
        *words("GICD_CPENDSGIR", 0, 4, everything),
        *words("GICD_IPRIORITYR", 0, 8, usual),
        *words("GICC_APR", 0, 4, 0),
        *["GICC_PMR = 0xf0", "GICC_BPR = 0x0", "GICC_CTLR = 0x1"],
    ]
    spis = [  # 288 INTIDs
        *words("GICD_ICENABLER", 1, 9, everything),
        *words("GICD_ICACTIVER", 1, 9, everything),
        *words("GICD_ICFGR", 2, 18, 0),
        *words("GICD_IPRIORITYR", 8, 72, usual),
        *words("GICD_ITARGETSR", 8, 72, 0x0101_0101),
        *words("GICD_ICPENDR", 1, 9, everything),
    ]
    assert lines[5:] == [*start, *spis, "GICD_CTLR = 0x1"]


def test_probe_refuses_what_is_no_gicv2() -> None:
    """The architecture version is in GICC_IIDR[19:16] (4.4.14)."""
    ran = run("", before="#define GICC_BASE 0x08000000\n")
    assert (ran.reason, ran.code) == (StopReason.EXIT, 0xFFFF_FFFF)


def test_a_cpu_finds_its_target_bit_and_starts_and_ends_its_own_interface() -> None:
    """GICD_ITARGETSR0 is banked, and says which CPU reads it (4.3.12)."""
    lines = run(OTHERS + "bl smp_stop\n", cpus=3).calls.lines
    for cpu in (1, 2):
        own = [line[2:] for line in lines if line.startswith(f"{cpu}:")]
        assert own[0] == f"GICD_ITARGETSR[0] -> {1 << cpu:#x}"
        assert own[own.index("GICC_CTLR = 0x1") + 1 :] == [
            *["GICD_ISENABLER[0] = 0x8000", "GICC_IAR -> 0xf", "GICC_EOIR = 0xf", "GICC_CTLR = 0x0"]
        ]


TAKEN, END = f"GICC_IAR -> {PPI:#x}", f"GICC_EOIR = {PPI:#x}"


@pytest.mark.parametrize(
    ("flow", "expected"),
    [
        ("irqc_flow_ipi", [TAKEN, END, f"{MARK}()"]),
        ("irqc_flow_timer", [TAKEN, f"{MARK}()", END]),
        ("irqc_flow_edge", [TAKEN, f"{MARK}()", END]),
        ("irqc_flow_level", [TAKEN, f"{MARK}()", END]),
        ("irqc_flow_threaded", [TAKEN, f"GICD_ICENABLER[0] = {BIT[PPI]:#x}", END, f"{MARK}()"]),
        ("irqc_flow_threaded_level", [TAKEN, f"GICD_ICENABLER[0] = {BIT[PPI]:#x}", END, f"{MARK}()"]),
    ],
)
def test_a_flow_ends_its_interrupt_before_or_after_the_handler(flow: str, expected: list[str]) -> None:
    ran = run(request(PPI, flow=flow) + on(PPI, "irqc_set_pending") + WINDOW)
    assert ran.own == [f"GICD_ISENABLER[0] = {BIT[PPI]:#x}", f"GICD_ISPENDR[0] = {BIT[PPI]:#x}", *expected]
    assert ran.counters == {"taken": 1, "spurious": 0, "range": 0, "unhandled": 0, "error": 0}


def test_a_threaded_interrupt_comes_again_only_after_its_work_is_done() -> None:
    twice = (on(PPI, "irqc_set_pending") + WINDOW) * 2
    body = request(PPI, flow="irqc_flow_threaded") + twice + on(PPI, "irqc_unmask") + WINDOW
    bit = f"{BIT[PPI]:#x}"
    once = [TAKEN, f"GICD_ICENABLER[0] = {bit}", END, f"{MARK}()"]
    pend = f"GICD_ISPENDR[0] = {bit}"
    assert run(body).own[1:] == [pend, *once, pend, f"GICD_ISENABLER[0] = {bit}", *once]


def test_the_end_of_an_sgi_names_its_sender() -> None:
    """GICC_EOIR takes the CPUID field that GICC_IAR gave (4.4.5)."""
    extra = "ping: mov x0, #0\n mov x1, #7\n b irqc_send_ipi\n"
    wait = "1: adr x0, gicv2_counters\n ldr x0, [x0]\n cbnz x0, 2f\n sleep_once\n b 1b\n2:\n"
    body = request(SGI, flow="irqc_flow_ipi") + OTHERS.replace("mov x0, #0", "adr x0, ping") + wait
    ran = run(body, extra=extra, cpus=2)
    assert "1:GICD_SGIR = 0x10007" in ran.calls.lines
    assert "0:GICC_IAR -> 0x407" in ran.calls.lines
    assert "0:GICC_EOIR = 0x407" in ran.calls.lines


def test_an_ipi_to_a_cpu_that_has_not_started_is_refused() -> None:
    send = "mov x0, #{}\n mov x1, #3\n bl irqc_send_ipi\n"
    ran = run(send.format(0) + keep(0) + send.format(1) + keep(1) + send.format(99) + keep(2), cpus=2)
    assert ran.own == ["GICD_SGIR = 0x10003"]
    assert ran.result[:3] == (0, NO_CPU, NO_CPU)


def test_an_interrupt_without_a_handler_is_masked_ended_and_counted() -> None:
    ran = run(on(PPI, "irqc_unmask") + (on(PPI, "irqc_set_pending") + WINDOW) * 2)
    assert ran.own[2:] == [
        *[TAKEN, f"GICD_ICENABLER[0] = {BIT[PPI]:#x}", END, f"GICD_ISPENDR[0] = {BIT[PPI]:#x}"],
    ]
    assert ran.counters["unhandled"] == 1


def test_an_intid_out_of_range_is_counted_and_nothing_else() -> None:
    shrink = "adr x0, gicv2_total\n mov x1, #5\n str x1, [x0]\n"
    ran = run(request(PPI) + shrink + on(PPI, "irqc_set_pending") + WINDOW)
    assert ran.own[-1] == TAKEN
    assert ran.counters == {"taken": 0, "spurious": 0, "range": 1, "unhandled": 0, "error": 0}


def test_a_spurious_interrupt_is_counted_and_not_ended() -> None:
    """GICC_IAR gives 1023 where nothing is left to take, and no GICC_EOIR follows it (3.2.4)."""
    extra = "early: stp x0, x30, [sp, #-16]!\n mov x0, #20\n bl irqc_clear_pending\n"
    extra += "ldp x0, x30, [sp], #16\n b irqc_handle_irq\n"
    own_step = "mov x0, #VECTOR_EL1H_IRQ\n adr x1, early\n bl vector_set\n"
    ran = run(request(PPI) + own_step + on(PPI, "irqc_set_pending") + WINDOW, extra=extra)
    assert ran.own[-2:] == [f"GICD_ICPENDR[0] = {BIT[PPI]:#x}", "GICC_IAR -> 0x3ff"]
    assert ran.counters == {"taken": 0, "spurious": 1, "range": 0, "unhandled": 0, "error": 0}


@pytest.mark.parametrize("intid", [SGI, PPI, SPI])
def test_pending_can_be_read_set_and_cleared(intid: int) -> None:
    routines = ["irqc_clear_pending", "irqc_set_pending", "irqc_clear_pending", "irqc_retrigger"]
    body = "".join(
        on(intid, routine) + on(intid, "irqc_is_pending") + keep(n, "x1")
        for n, routine in enumerate(routines)
    )
    ran = run(body)
    assert ran.result[:4] == (0, 1, 0, 1)
    bit, word = f"{BIT[intid]:#x}", intid // 32
    clear, set_ = (
        (f"GICD_CPENDSGIR[{SGI}] = 0xff", f"GICD_SPENDSGIR[{SGI}] = 0x1")
        if intid == SGI
        else (f"GICD_ICPENDR[{word}] = {bit}", f"GICD_ISPENDR[{word}] = {bit}")
    )
    assert ran.own[::2] == [clear, set_, clear, set_]


@pytest.mark.parametrize(
    ("flow", "trigger"),
    [
        ("irqc_flow_edge", 0b10),
        ("irqc_flow_threaded", 0b10),
        ("irqc_flow_level", 0b00),
        ("irqc_flow_threaded_level", 0b00),
    ],
)
def test_requesting_a_device_sets_trigger_and_target_and_unmasks(flow: str, trigger: int) -> None:
    """GICD_ICFGR has two bits for an INTID (4.3.13)."""
    ran = run(request(SPI, flow=flow) + keep(0, "x1"))
    field = trigger << 2 * (SPI % 16)
    assert ran.own == [
        *["GICD_ICFGR[2] -> 0x0", f"GICD_ICFGR[2] = {field:#x}"],
        *[f"GICD_ITARGETSR[{SPI}] = 0x1", f"GICD_ICPENDR[1] = {BIT[SPI]:#x}"],
        f"GICD_ISENABLER[1] = {BIT[SPI]:#x}",
    ]
    assert ran.result[0] == SPI


def test_the_trigger_of_one_device_leaves_the_others_alone() -> None:
    body = request(SPI) + request(SPI + 1) + request(SPI, flow="irqc_flow_level")
    written = [line for line in run(body).own if line.startswith("GICD_ICFGR[2] =")]
    assert written == ["GICD_ICFGR[2] = 0x800", "GICD_ICFGR[2] = 0x2800", "GICD_ICFGR[2] = 0x2000"]


def test_a_device_that_the_gic_has_not_got_is_refused() -> None:
    body = "mov x0, #256\n adr x1, mark\n adr x2, irqc_flow_edge\n bl irqc_input_request\n" + keep(0)
    ran = run(body + "mov x0, #256\n bl irqc_input_activate\n" + keep(1))
    assert ran.own == []
    assert ran.result[:2] == (NO_INPUT, NO_INPUT)


def test_a_device_is_heard_until_it_is_deactivated() -> None:
    off = f"mov x0, #{INPUT}\n bl irqc_input_deactivate\n"
    again = f"mov x0, #{INPUT}\n bl irqc_input_activate\n" + on(SPI, "irqc_unmask")
    ran = run(request(SPI) + EDGE + WINDOW + off + EDGE + WINDOW + again + WINDOW)
    assert ran.counters["taken"] == 1
    assert f"GICD_ICENABLER[1] = {BIT[SPI]:#x}" in ran.own


def test_set_affinity_is_one_byte_and_carries_over_what_is_pending() -> None:
    """An SPI is pending in the distributor, whatever its target (3.2.3)."""
    move = f"mov x0, #{INPUT}\n mov x1, #1\n bl irqc_input_set_affinity\n" + keep(0)
    ran = run(OTHERS + request(SPI) + EDGE + move + "bl smp_stop\n", cpus=2)
    assert f"GICD_ITARGETSR[{SPI}] = 0x2" in ran.own
    assert ran.result[0] == 0
    assert f"1:{MARK}()" in ran.calls.lines
    assert ran.counters["taken"] == 0


def test_set_affinity_to_no_cpu_leaves_the_interrupt_where_it_was() -> None:
    move = f"mov x0, #{INPUT}\n mov x1, #6\n bl irqc_input_set_affinity\n" + keep(0)
    ran = run(request(SPI) + move + EDGE + WINDOW)
    assert ran.result[0] == NO_CPU
    assert ran.counters["taken"] == 1
