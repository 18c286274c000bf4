# SPDX-License-Identifier: MIT
"""The guests of ``rvic compare`` are plain AArch64 assembly, as all guests are."""

from __future__ import annotations

from pathlib import Path

import gnu_assemblers
import pytest

from harness.asm import assemble
from harness.compare import WORKLOADS, Workload
from harness.compare.workloads import BROADCAST
from harness.library import guest_asm_dir


@pytest.mark.parametrize("defines", [{}, {"IRQ_GICV2": 1}], ids=["rvic", "gicv2"])
@pytest.mark.parametrize("workload", [*WORKLOADS.values(), BROADCAST], ids=lambda workload: workload.name)
def test_the_guests_of_compare_are_the_same_bytes_under_every_assembler(
    workload: Workload, defines: dict[str, int], tmp_path: Path
) -> None:
    source = workload.source
    ours = assemble(source, defines=defines)
    expected = {segment.address: segment.data for segment in ours.segments if segment.memory_size}
    for name, driver in gnu_assemblers.drivers().items():
        theirs = gnu_assemblers.build(driver, source, guest_asm_dir(), ours, tmp_path, defines)
        assert theirs == expected, f"{name} and our assembler differ"
