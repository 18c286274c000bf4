# SPDX-License-Identifier: MIT
"""The interrupt tree of the board (Devicetree Specification 0.4, 2.4), read as its readers do.

Linux finds a node's parent by `of_irq_find_parent`: the nearest `interrupt-parent` upwards, on to a node that has
`#interrupt-cells`. `of_irq_init` then starts the controllers: first those that are their own parent or have none,
then each other one after its parent. What no such start reaches is never initialised.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from harness.arch import intid as ids
from harness.arch import virt
from harness.board.devicetree import BoardFacts, Chosen, board_tree
from harness.image import dtb
from harness.image.dtb import Node, cells
from harness.options import ControllerKind

CONTROLLERS = list(ControllerKind)


def words(value: bytes) -> tuple[int, ...]:
    return struct.unpack(f">{len(value) // 4}I", value)


@dataclass
class Reader:
    """A reader of a tree: it knows each node's place above it, and the nodes by phandle."""

    root: Node

    def __post_init__(self) -> None:
        self.above = {id(child): node for node in self.nodes() for child in node.children}
        handles = [
            (words(node.properties["phandle"])[0], node) for node in self.nodes() if has(node, "phandle")
        ]
        self.by_handle = dict(handles)
        assert len(self.by_handle) == len(handles), "a phandle is one node's"

    def nodes(self) -> Iterator[Node]:
        stack = [self.root]
        while stack:
            node = stack.pop()
            yield node
            stack += node.children

    def parent(self, node: Node) -> Node | None:
        """of_irq_find_parent()."""
        at: Node | None = node
        for _ in range(64):
            assert at is not None
            at = (
                self.by_handle[words(at.properties["interrupt-parent"])[0]]
                if has(at, "interrupt-parent")
                else self.above.get(id(at))
            )
            if at is None or has(at, "#interrupt-cells"):
                return at
        raise AssertionError(f"{node.name} has no end of interrupt parents")

    def controllers(self) -> list[Node]:
        return [node for node in self.nodes() if has(node, "interrupt-controller")]

    def initialised(self) -> list[str]:
        """of_irq_init(): the controllers in the order in which they start."""
        left, started = self.controllers(), []
        parent: Node | None = None
        queue: list[Node] = []
        while left:
            for node in list(left):
                up = self.parent(node)
                if (None if up is node else up) is parent:
                    left.remove(node)
                    queue.append(node)
                    started.append(node.name)
            if not queue:
                break
            parent = queue.pop(0)
        return started

    def interrupts(self, node: Node) -> list[tuple[Node, tuple[int, ...]]]:
        """(controller, specifier) of each interrupt."""
        if not has(node, "interrupts"):
            return []
        parent, value = self.parent(node), words(node.properties["interrupts"])
        assert parent is not None
        assert has(parent, "interrupt-controller"), f"{node.name}: {parent.name} takes no interrupts"
        (size,) = words(parent.properties["#interrupt-cells"])
        assert value
        assert not len(value) % size, f"{node.name}: {len(value)} cells, {size} a specifier"
        return [(parent, value[n : n + size]) for n in range(0, len(value), size)]


def has(node: Node, name: str) -> bool:
    return name in node.properties


def intid(controller: Node, specifier: tuple[int, ...], inputs: int) -> int:
    """The INTID of the board that a specifier means (arm,gic.yaml; those of arm,rvic and arm,rvid)."""
    kind = controller.properties["compatible"]
    if kind == b"arm,cortex-a15-gic\0":
        space, number, flags = specifier
        assert space in (0, 1)
        assert flags & 0xF in (1, 4)
        assert number < (16 if space else 988)
        return number + (16 if space else 32)
    if kind == b"arm,rvic\0":
        number, flags = specifier
        assert number < ids.SPI_BASE, "a trusted interrupt: the board's INTID is the same"
        assert flags == 4
        return number
    assert kind == b"arm,rvid\0"
    assert specifier[0] < inputs
    return specifier[0] + ids.SPI_BASE


def reader(controller: ControllerKind, inputs: int = 32, cpus: int = 2) -> Reader:
    facts = BoardFacts(cpus, 128 << 20, controller, inputs=inputs, flash=True)
    return Reader(dtb.unflatten(board_tree(facts, Chosen())).root)


@pytest.mark.parametrize("controller", CONTROLLERS)
def test_every_controller_is_initialised_from_one_root(controller: ControllerKind) -> None:
    """2.4: one interrupt tree; and `of_irq_init` leaves no controller out."""
    tree = reader(controller)
    roots = [node.name for node in tree.controllers() if tree.parent(node) in (node, None)]
    assert len(roots) == 1
    assert tree.initialised() == (["rvic", "rvid"] if controller is ControllerKind.RVIC else ["intc@8000000"])


@pytest.mark.parametrize("controller", CONTROLLERS)
def test_every_way_up_ends_at_the_root(controller: ControllerKind) -> None:
    """2.4: no cycle, from any node."""
    tree = reader(controller)
    for node in tree.nodes():
        seen: list[str] = []
        at, up = node, tree.parent(node)
        while up is not None and up is not at:
            assert up.name not in seen, f"{node.name}: a circle of interrupt parents, {seen}"
            seen.append(up.name)
            at, up = up, tree.parent(up)
        assert has(at, "interrupt-controller") or at is tree.root


@pytest.mark.parametrize("inputs", [32, 64])
@pytest.mark.parametrize("controller", CONTROLLERS)
def test_every_specifier_means_the_interrupt_that_the_board_wires(
    controller: ControllerKind, inputs: int
) -> None:
    tree = reader(controller, inputs)
    found = {
        node.name: [intid(*interrupt, inputs) for interrupt in tree.interrupts(node)] for node in tree.nodes()
    }
    assert found["pl011@9000000"] == [virt.UART_INTID]
    assert found["pl031@9010000"] == [virt.RTC_INTID]
    assert found["timer"] == [29, 30, 27, 26]  # arm,arch_timer.yaml: secure, physical, virtual, hypervisor
    slots = {name: numbers for name, numbers in found.items() if name.startswith("virtio_mmio@")}
    assert len(slots) == (16 if controller is ControllerKind.RVIC and inputs == 32 else 32)
    for name, numbers in slots.items():
        slot = (int(name.partition("@")[2], 16) - virt.VIRTIO_BASE) // virt.VIRTIO_STRIDE
        assert numbers == [virt.VIRTIO_FIRST_INTID + slot]


def test_the_reader_sees_a_cycle() -> None:
    """Two controllers that are each other's parent: neither is the root, and neither starts."""
    root = Node("", {"interrupt-parent": cells(2)})
    for name, handle, parent in (("a", 1, 2), ("b", 2, 1)):
        properties = {"interrupt-controller": b"", "#interrupt-cells": cells(1), "phandle": cells(handle)}
        root.add(name, properties | {"interrupt-parent": cells(parent)})
    assert Reader(root).initialised() == []
