# SPDX-License-Identifier: MIT
"""The board's device tree: what it says under each controller, and that dtc has nothing against it."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from harness import Machine
from harness.board.devicetree import BoardFacts, Chosen, Conduit, board_tree, with_chosen
from harness.errors import ConfigError
from harness.image import dtb
from harness.image.dtb import Node, cells, strings
from harness.options import ControllerKind

MIB = 1 << 20


def tree(controller: str = "gicv2", chosen: Chosen | None = None, **facts: object) -> Node:
    board = BoardFacts(2, 128 * MIB, ControllerKind(controller), **facts)  # type: ignore[arg-type]  # any of them
    return dtb.unflatten(board_tree(board, chosen or Chosen())).root


def words(node: Node | None, name: str) -> tuple[int, ...]:
    assert node is not None
    value = node.properties[name]
    return struct.unpack(f">{len(value) // 4}I", value)


def child(root: Node, name: str) -> Node:
    node = root.child(name)
    assert node is not None, [below.name for below in root.children]
    return node


@pytest.mark.skipif(shutil.which("dtc") is None, reason="dtc (device-tree-compiler) is not installed")
@pytest.mark.parametrize("controller", list(ControllerKind))
@pytest.mark.parametrize("cpus", [1, 8])
def test_dtc_accepts_it_without_a_warning(controller: ControllerKind, cpus: int) -> None:
    facts = BoardFacts(cpus, 4096 * MIB, controller, flash=True)
    data = board_tree(facts, Chosen("console=ttyAMA0", (0x4400_0000, 0x4400_1000)))
    done = subprocess.run(["dtc", "-I", "dtb", "-O", "dts"], input=data, capture_output=True, check=False)
    assert (done.returncode, done.stderr.decode()) == (0, "")
    assert b"console=ttyAMA0" in done.stdout


def test_memory_and_cpus_are_the_machines() -> None:
    root = tree()
    assert words(root.child("memory@40000000"), "reg") == (0, 0x4000_0000, 0, 0x0800_0000)
    cpus = child(root, "cpus")
    assert [cpu.name for cpu in cpus.children] == ["cpu@0", "cpu@1"]
    for n, cpu in enumerate(cpus.children):
        assert words(cpu, "reg") == (n,)
        assert cpu.properties["enable-method"] == b"psci\0"
        assert cpu.properties["compatible"] == b"arm,cortex-a72\0"


def test_more_than_four_gib_take_two_cells() -> None:
    facts = BoardFacts(1, 6 << 30)
    node = dtb.unflatten(board_tree(facts, Chosen())).root.child("memory@40000000")
    assert words(node, "reg") == (0, 0x4000_0000, 1, 0x8000_0000)


@pytest.mark.parametrize("conduit", list(Conduit))
def test_psci_names_its_conduit(conduit: Conduit) -> None:
    node = child(tree(conduit=conduit), "psci")
    assert node.properties["method"] == strings(conduit)
    assert node.properties["compatible"] == b"arm,psci-1.0\0arm,psci-0.2\0arm,psci\0"


def test_the_gicv2_has_its_frames_and_maintenance_interrupt() -> None:
    root = tree("gicv2")
    node = child(root, "intc@8000000")
    assert words(node, "reg")[1::4] == (0x0800_0000, 0x0801_0000, 0x0803_0000, 0x0804_0000)
    assert words(node, "interrupts") == (1, 9, 4)  # PPI 25, level
    assert words(root, "interrupt-parent") == words(node, "phandle")


@pytest.mark.parametrize("controller", ["vgic", "trap"])
def test_a_virtual_gicv2_has_no_virtualization_frames(controller: str) -> None:
    node = child(tree(controller), "intc@8000000")
    assert words(node, "reg")[1::4] == (0x0800_0000, 0x0801_0000)
    assert "interrupts" not in node.properties


def test_the_rvic_and_the_rvid_have_no_registers() -> None:
    root = tree("rvic")
    rvic, rvid = child(root, "rvic"), child(root, "rvid")
    for node, kind, size in ((rvic, "rvic", 2), (rvid, "rvid", 1)):
        assert node.properties["compatible"] == strings(f"arm,{kind}")
        assert node.properties["interrupt-controller"] == b""
        assert words(node, "#interrupt-cells") == (size,)
        assert "reg" not in node.properties
    assert words(rvid, "interrupt-parent") == words(rvic, "phandle")
    assert words(root, "interrupt-parent") == words(rvic, "phandle")
    assert root.child("intc@8000000") is None


def test_interrupts_are_in_the_controllers_own_terms() -> None:
    gic, rvic = tree("gicv2"), tree("rvic")
    assert words(gic.child("pl011@9000000"), "interrupts") == (0, 1, 4)
    assert words(rvic.child("pl011@9000000"), "interrupts") == (1,)
    assert words(rvic.child("pl011@9000000"), "interrupt-parent") == words(rvic.child("rvid"), "phandle")
    assert words(gic.child("timer"), "interrupts")[:6] == (1, 13, 0x304, 1, 14, 0x304)
    assert words(rvic.child("timer"), "interrupts") == (29, 4, 30, 4, 27, 4, 26, 4)


def test_an_rvid_describes_only_slots_that_it_has_inputs_for() -> None:
    """Slot n is SPI 16 + n; an RVID of 32 inputs ends at SPI 31."""
    slots = [node.name for node in tree("rvic").children if node.name.startswith("virtio_mmio")]
    assert len(slots) == 16
    assert slots[0] == "virtio_mmio@a000000"
    assert len([n for n in tree("gicv2").children if n.name.startswith("virtio_mmio")]) == 32


def test_primecells_have_their_clock() -> None:
    root = tree()
    clock = child(root, "apb-pclk")
    assert words(clock, "clock-frequency") == (24_000_000,)
    for name, clocks in (("pl011@9000000", 2), ("pl031@9010000", 1)):
        assert words(root.child(name), "clocks") == words(clock, "phandle") * clocks


def test_chosen_says_what_the_loader_has_to_say() -> None:
    node = child(tree(chosen=Chosen("a b", (0x1000, 1 << 33))), "chosen")
    assert node.properties["bootargs"] == b"a b\0"
    assert node.properties["stdout-path"] == b"/pl011@9000000\0"
    assert words(node, "linux,initrd-start") == (0, 0x1000)
    assert words(node, "linux,initrd-end") == (2, 0)
    assert list(child(tree(), "chosen").properties) == ["stdout-path"]


def test_flash_is_described_where_there_is_some() -> None:
    assert tree().child("flash@0") is None
    assert words(tree(flash=True).child("flash@0"), "reg") == (0, 0, 0, 64 * MIB, 0, 64 * MIB, 0, 64 * MIB)


def test_a_users_tree_gets_chosen_added_and_keeps_the_rest() -> None:
    own = Node("", {"model": strings("mine")}, [Node("x", {"a": cells(1)})])
    changed = dtb.unflatten(with_chosen(dtb.flatten(dtb.DeviceTree(own, [(1, 2)])), Chosen("quiet"))).root
    assert changed.properties == own.properties
    assert changed.child("x") == own.child("x")
    assert child(changed, "chosen").properties == {"bootargs": b"quiet\0"}


@pytest.mark.parametrize("controller", list(ControllerKind))
def test_the_tree_describes_only_addresses_that_answer(controller: ControllerKind) -> None:
    with Machine(controller=controller.value) as machine:
        machine.load(Path(__file__).parent / "x0.S")
        data = machine.device_tree
        assert data is not None
        for node in dtb.unflatten(data).root.children:
            name, _, address = node.name.partition("@")
            if name.startswith(("pl", "virtio", "intc")):
                assert machine.board.bus.find(int(address, 16)) is not None, node.name


def test_an_unknown_conduit_is_refused() -> None:
    with pytest.raises(ConfigError, match="choose one of hvc, smc"):
        Machine(psci="svc")
