# SPDX-License-Identifier: MIT
"""Physical GIC as EL2 starts it, whatever it leaves to what reset gives (IHI 0048B, table 4-1)."""

from __future__ import annotations

import pytest
from gic_accesses import hear

from harness import Machine
from harness.arch import gic, virt

SPIS = range(32, 288)
TARGETS = range(virt.GICD_BASE + gic.GICD_ITARGETSR, virt.GICD_BASE + gic.GICD_ICFGR)


@pytest.mark.parametrize("controller", ["rvic", "vgic", "trap"])
@pytest.mark.parametrize("cpus", [1, 2])
def test_every_interrupt_can_reach_el2_on_cpu0(controller: str, cpus: int) -> None:
    with Machine(controller=controller, cpus=cpus, memory="8M") as machine:
        for _ in range(2):
            states = [machine.board.gic.state(intid) for intid in SPIS]
            assert all(state.enabled and state.targets == 1 and not state.pending for state in states)
            assert len({state.priority for state in states}) == 1
            if controller == "rvic":  # elsewhere the guest's own GIC says how its SPIs are triggered
                levels = [intid for intid, state in zip(SPIS, states, strict=True) if not state.edge]
                assert levels == sorted(virt.LEVEL_INTIDS)
            for cpu in range(cpus):
                assert all(machine.board.gic.state(intid, cpu).enabled for intid in range(32))
            machine.reset()


@pytest.mark.parametrize("cpus", [1, 2])
def test_a_uniprocessor_has_no_targets_to_be_written(cpus: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """4.3.12."""
    written: list[int] = []
    hear(monkeypatch, stored=lambda _cpu, address, _value: written.append(address))
    with Machine(cpus=cpus, memory="8M"):
        assert [at for at in written if at in TARGETS] == ([] if cpus == 1 else [*TARGETS[32:288:4]])
