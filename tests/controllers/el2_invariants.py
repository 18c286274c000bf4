# SPDX-License-Identifier: MIT
"""Invariants: what must hold of EL2's own state, whatever a guest did: checked from outside, between two exits."""

from __future__ import annotations

from harness import Machine
from harness.arch.gic import IAR_INTID, Lr
from harness.el2.controllers.rvic import RvicController
from harness.el2.controllers.trap import TrapController
from harness.el2.controllers.vgic import VgicController
from harness.el2.softgic.physical_links import PhysicalLinks, link
from harness.gic import Gic


def check(machine: Machine) -> None:
    """Every invariant of the machine's controller."""
    controller = machine.hypervisor.controller
    physical = machine.board.gic
    for interface in physical.interfaces:
        assert isinstance(controller, RvicController | TrapController | VgicController)
        assert interface.running == 0x100, "EL2 has dropped the priority of every interrupt it took"
    if isinstance(controller, RvicController):
        return
    if isinstance(controller, TrapController):
        check_links(physical, controller.soft.links, uncollected=set())
        for vcpu in machine.hypervisor.vcpus:
            assert vcpu.pe.virq == controller.soft.gic.irq[vcpu.index].level
            assert vcpu.pe.vfiq == controller.soft.gic.fiq[vcpu.index].level
        return
    check_list_registers(machine, controller)


def check_links(physical: Gic, links: PhysicalLinks, *, uncollected: set[tuple[int, int]]) -> None:
    """A physical interrupt is active exactly while the guest's own is pending or active.

    `uncollected`: (CPU, INTID) that the guest has ended by a list register which EL2 has not looked at since.
    """
    guest = links.guest
    for cpu in range(physical.config.cpus):
        for intid in range(16, physical.config.intids):
            active = physical.state(intid, cpu).active
            linked = links.has(cpu, intid)
            ended = any(n == intid and (owner == cpu or n >= 32) for owner, n in uncollected)
            assert active == (linked and not ended), f"INTID {intid} of CPU {cpu}"
            if linked:
                own = guest.state(intid, cpu)
                assert own.pending or own.active, f"INTID {intid} of CPU {cpu} would never be released"
    assert all(this == link(this.cpu or 0, this.intid) for this in links.held)


def check_list_registers(machine: Machine, controller: VgicController) -> None:
    """What is presented is active in the software GIC, in one place, and as the list register says."""
    guest, physical = controller.soft.gic, machine.board.gic
    uncollected: set[tuple[int, int]] = set()
    places: dict[tuple[int, int], int] = {}
    for interface in controller.interfaces:
        cpu, lists = interface.cpu, physical.virtual[interface.cpu].lrs
        assert guest.interfaces[cpu].running == 0x100
        assert not physical.maintenance[cpu].level, "a maintenance interrupt that nothing answers"
        for n, value in enumerate(lists):
            presented = interface.listed.get(n)
            if presented is None:
                assert not value & Lr.STATE, f"list register {n} holds what EL2 knows nothing of"
                continue
            assert value & IAR_INTID == presented.intid
            assert bool(value & Lr.HW) == presented.hardware
            if not value & Lr.STATE and presented.hardware:
                uncollected.add((cpu, presented.intid))
        for presented in (*interface.listed.values(), *interface.spilled):
            place = (cpu if presented.intid < 32 else -1, presented.intid)
            places[place] = places.get(place, 0) + 1
            assert guest.state(presented.intid, cpu).active
    assert all(count == 1 for count in places.values()), "an interrupt is in two places"
    for cpu in range(guest.config.cpus):
        for intid in range(guest.config.intids):
            if guest.state(intid, cpu).active:
                assert (cpu if intid < 32 else -1, intid) in places, f"INTID {intid} is active and nobody's"
    check_links(physical, controller.soft.links, uncollected=uncollected)
