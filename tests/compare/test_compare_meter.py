# SPDX-License-Identifier: MIT
"""What the bench of ``rvic compare`` counts: which exits need EL2's host, and that none is overlooked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.compare import WORKLOADS, Workload, measure
from harness.compare.meter import needs_host
from harness.library import guest_asm_dir
from harness.trace.events import DataAbort, Event, Hvc, InstructionAbort, PhysicalIrq, SysregTrap, Wfx

HVC = Hvc(1, 0, 0x4000, 0, (0, 0, 0), (0, 0))
ABORT = DataAbort(1, 0, 0x4000, 0x0900_0000, 4, True, 0)


@pytest.mark.parametrize(
    ("event", "line_is_high", "needed"),
    [
        (ABORT, False, True),  # a device that a VMM emulates
        (ABORT._replace(register="GICD_SGIR"), False, False),
        (Wfx(1, 0, 0x4000, False), False, True),
        (Wfx(1, 0, 0x4000, False), True, False),  # it falls through
        (HVC._replace(call="RVIC.Acknowledge"), False, False),
        (HVC._replace(call="RVID.Map"), False, False),
        (HVC._replace(call="PSCI.CPU_ON"), False, True),
        (HVC._replace(call="PSCI.AFFINITY_INFO"), False, False),
        (PhysicalIrq(1, 0, 0x4000, 27, 27), False, False),
        (SysregTrap(1, 0, 0x4000, "CNTP_CTL_EL0", True, 1), False, False),
        (InstructionAbort(1, 0, 0x4000, 0x0), False, True),
    ],
)
def test_which_exits_need_the_host(event: Event, line_is_high: bool, needed: bool) -> None:
    assert needs_host(event, line_is_high=line_is_high) is needed


def test_an_exit_that_is_no_interrupts_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An access to an emulated device amid what is counted: the run is not what it claims to be."""
    text = (
        WORKLOADS["edge"]
        .source.read_text(encoding="utf-8")
        .replace("HANDLER         bench", "HANDLER         bad")
    )
    text += "\nbad_handled:\n mov x1, #0x09000000\n ldr w0, [x1, #0x18]\n b bench_handled\n"
    (tmp_path / "edge.S").write_text(text.replace('"device.inc"', f'"{guest_asm_dir()}/compare/device.inc"'))
    monkeypatch.setattr(Workload, "source", tmp_path / "edge.S")
    with pytest.raises(RuntimeError, match=r"of 1,000 interrupts the ledger has 1,000; .*'DataAbort': 1000"):
        measure(replace(WORKLOADS["edge"]), "rvic")
