# SPDX-License-Identifier: MIT
import io
import json

import pytest

from harness.trace import JsonLinesWriter, TextWriter
from harness.trace.events import (
    TYPES,
    Acknowledged,
    AlsoPending,
    Completed,
    DataAbort,
    DeviationMet,
    Eret,
    Hvc,
    InstructionAbort,
    Mmio,
    PhysicalIrq,
    PowerChange,
    Smc,
    SysregTrap,
    VirqLowered,
    VirqRaised,
    VirqTaken,
    Wfx,
)
from harness.trace.jsonl import encode_event
from harness.trace.text import HEADER, format_event

PC = 0x4008_0010
ACKNOWLEDGE = Hvc(12345, 0, PC, 0xC500_0209, (0, 0, 0), (0, 27), 27, "RVIC.Acknowledge")

# Every event and the words of its line, in the columns of HEADER (blank ones left out).
LINES = [
    (ACKNOWLEDGE, ">> HVC | RVIC.Acknowledge | -> SUCCESS INTID 27 | 0x40080010"),
    (
        Smc(1, 0, PC, 0xC400_0003, (1, 0x4008_1000, 0), (0, 0), None, "PSCI.CPU_ON"),
        ">> SMC | PSCI.CPU_ON(cpu 1, entry 0x40081000) | -> SUCCESS | 0x40080010",
    ),
    (
        DataAbort(1, 0, PC, 0x900_0000, 4, True, 0x41),
        ">> DABT | write 0x09000000, 4 bytes = 0x41 | 0x40080010",
    ),
    (
        DataAbort(1, 0, PC, 0x801_000C, 4, False, 27, 27, "GICC_IAR"),
        ">> DABT | read GICC_IAR, 4 bytes = 0x1b | INTID 27 virtual timer | 0x40080010",
    ),
    (
        DataAbort(1, 0, PC, 0x1000, 1, False, None),
        ">> DABT | read 0x00001000, 1 byte | -> external abort | 0x40080010",
    ),
    (
        DataAbort(1, 0, PC, 0x900_0000, 4, False, None, fault=0x35),
        ">> DABT | read 0x09000000, 4 bytes | -> refused, DFSC 0x35 | 0x40080010",
    ),
    (InstructionAbort(1, 0, 0x10, 0x10), ">> IABT | fetch 0x00000010 | -> external abort | 0x10"),
    (SysregTrap(1, 0, PC, "CNTP_CTL_EL0", True, 1), ">> SYSREG | write CNTP_CTL_EL0 = 0x1 | 0x40080010"),
    (Wfx(1, 0, PC, False), ">> WFI | wait | 0x40080010"),
    (Wfx(1, 0, PC, True), ">> WFE | wait for an event | 0x40080010"),
    (PhysicalIrq(1, 0, PC, 27, 27), ">> pIRQ | PPI 27 arrives | -> INTID 27 virtual timer | 0x40080010"),
    (PhysicalIrq(1, 0, PC, 33, 33, 1), ">> pIRQ | SPI 1 arrives | -> INTID 33 input 1 on CPU1 | 0x40080010"),
    (PhysicalIrq(1, 0, PC, 0, 3), ">> pIRQ | kick (SGI 0) | -> INTID 3 IPI 3 | 0x40080010"),
    (PhysicalIrq(1, 0, PC, 33), ">> pIRQ | SPI 1 arrives | -> nobody | 0x40080010"),
    (PhysicalIrq(1, 0, PC, 1023), ">> pIRQ | spurious (1023) | 0x40080010"),
    (AlsoPending(1, 0, 34, 34), "pIRQ | SPI 2 arrives, already in EL2 | -> INTID 34 input 2"),
    (AlsoPending(1, 0, 0, 3), "pIRQ | kick (SGI 0), already in EL2 | -> INTID 3 IPI 3"),
    (VirqRaised(1, 0, 27), "vIRQ | line rises | INTID 27 virtual timer"),
    (VirqLowered(1, 0), "vIRQ | line falls"),
    (Acknowledged(1, 0, 27), "vIRQ | acknowledged by the guest, no exit | INTID 27 virtual timer"),
    (Completed(1, 0, 27), "vIRQ | ended by the guest, no exit | INTID 27 virtual timer"),
    (VirqTaken(1, 0, PC, 0x4008_0A80), "vIRQ | taken at VBAR_EL1+0x280, from EL1h | 0x40080010"),
    (VirqTaken(1, 0, PC, 0x480), "vIRQ | taken at VBAR_EL1+0x480, from EL0 | 0x40080010"),
    (Eret(1, 0, PC, 0x4008_0020), "ERET | return to 0x40080020 | 0x40080010"),
    (
        Mmio(1, 0, PC, 0x900_0018, 4, False, 0x90, "PL011"),
        "MMIO | read PL011 at 0x09000018 = 0x90 | 0x40080010",
    ),
    (PowerChange(1, 0, "CPU_ON", 1), "POWER | CPU_ON CPU1"),
    (PowerChange(1, 0, "SYSTEM_OFF"), "POWER | SYSTEM_OFF"),
    (
        DeviationMet(1, 0, PC, "mmio-exclusive", "B2.9, D17.2.37"),
        "DIFFER | deviation mmio-exclusive | DDI 0487, B2.9, D17.2.37 | 0x40080010",
    ),
]


class Symbols:
    def lookup(self, address):
        return f"irq_entry+{address - 0x4008_0000:#x}" if address >= 0x4008_0000 else None


def columns(line):
    starts = [
        HEADER.index("event") - 3,
        HEADER.index("event"),
        *(HEADER.index(t) for t in ("what", "answer", "where")),
    ]
    cells = [line[at:to].strip() for at, to in zip(starts, [*starts[1:], None], strict=True)]
    return " | ".join(part for part in [" ".join(c for c in cells[:2] if c), *cells[2:]] if part)


@pytest.mark.parametrize(("event", "words"), LINES, ids=[str(n) for n in range(len(LINES))])
def test_every_event_fits_its_columns(event, words):
    line = format_event(event)
    assert columns(line) == words
    assert line.isascii()
    assert line == line.rstrip()
    assert len(line) <= 110


def test_every_event_type_is_tried_above():
    assert {type(event) for event, _ in LINES} == set(TYPES)


def test_a_line_begins_with_tick_and_cpu_and_marks_exactly_the_world_switches():
    assert format_event(ACKNOWLEDGE).startswith("     12345  CPU0 >> HVC ")
    for event, _ in LINES:
        assert (">>" in format_event(event)) == event.world_switch


def test_addresses_become_symbols_where_there_are_any():
    assert format_event(ACKNOWLEDGE, symbols=Symbols()).endswith(
        "-> SUCCESS INTID 27          irq_entry+0x10"
    )
    assert "return to irq_entry+0x20" in format_event(Eret(1, 0, PC, 0x4008_0020), symbols=Symbols())
    assert format_event(Wfx(1, 0, 0x10, False), symbols=Symbols()).endswith(" 0x10")


def test_text_writer_writes_lines_under_headings():
    stream = io.StringIO()
    writer = TextWriter(stream, header=True)
    for event, _ in LINES:
        writer(event)
    assert stream.getvalue() == "".join(
        line + "\n" for line in [HEADER, *(format_event(e) for e, _ in LINES)]
    )


def test_json_has_every_field_by_its_name():
    assert encode_event(ACKNOWLEDGE) == (
        '{"event":"Hvc","world_switch":true,"tick":12345,"cpu":0,"pc":1074266128,"function":3305112073,'
        '"args":[0,0,0],"result":[0,27],"intid":27,"call":"RVIC.Acknowledge","target":null}'
    )


def test_json_lines_writer_writes_one_object_a_line():
    stream = io.StringIO()
    writer = JsonLinesWriter(stream)
    for event, _ in LINES:
        writer(event)
    read = [json.loads(line) for line in stream.getvalue().splitlines()]
    names = [type(event).__name__ for event, _ in LINES]
    assert [one["event"] for one in read] == [name.replace("PowerChange", "Power") for name in names]
