# SPDX-License-Identifier: MIT
"""Flattened device trees (Devicetree Specification 0.4, chapter 5): written, read, and refused when malformed."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.board.devicetree import BoardFacts, Chosen, board_tree, with_chosen
from harness.errors import GuestError
from harness.image import dtb
from harness.image.dtb import DeviceTree, Node

NAMES = st.text("abcdefghijklmnopqrstuvwxyz0123456789,._+-", min_size=1, max_size=31)
PROPERTIES = st.dictionaries(NAMES, st.binary(max_size=40), max_size=5)
LEAVES = st.builds(Node, NAMES, PROPERTIES)
NODES = st.recursive(LEAVES, lambda below: st.builds(Node, NAMES, PROPERTIES, st.lists(below, max_size=4)))
TREES = st.builds(
    DeviceTree,
    NODES.map(lambda node: Node("", node.properties, node.children)),
    st.lists(st.tuples(st.integers(0, 2**64 - 1), st.integers(1, 2**64 - 1)), max_size=3),
    st.integers(0, 2**32 - 1),
)
BARE = dtb.flatten(DeviceTree(Node("", {"a": b""})))  # its property's name is told at byte 72
BOARD = board_tree(BoardFacts(2, 128 << 20), Chosen("console=ttyAMA0"))


@given(TREES)
def test_a_tree_that_is_written_reads_the_same(tree: DeviceTree) -> None:
    data = dtb.flatten(tree)
    assert len(data) % 8 == 0
    assert dtb.unflatten(data) == tree


@given(TREES)
def test_libfdt_reads_what_is_written(tree: DeviceTree) -> None:
    libfdt = pytest.importorskip("libfdt", reason="pylibfdt is not installed")

    def compare(node: Node, offset: int) -> None:
        assert fdt.get_name(offset) == node.name
        for name, value in node.properties.items():
            assert bytes(fdt.getprop(offset, name)) == value
        children = []
        child = fdt.first_subnode(offset, quiet=[libfdt.NOTFOUND])
        while child >= 0:
            children.append(child)
            child = fdt.next_subnode(child, quiet=[libfdt.NOTFOUND])
        assert len(children) == len(node.children)
        for below, at in zip(node.children, children, strict=True):
            compare(below, at)

    fdt = libfdt.FdtRo(dtb.flatten(tree))
    assert [tuple(fdt.get_mem_rsv(n)) for n in range(fdt.num_mem_rsv())] == tree.reservations
    compare(tree.root, 0)


def test_what_lies_behind_a_tree_is_not_of_it() -> None:
    assert dtb.unflatten(BOARD + b"behind") == dtb.unflatten(BOARD)


def test_a_tree_with_room_reads_the_same() -> None:
    roomy = dtb.with_room(BOARD, 1 << 20)
    assert len(roomy) == dtb.flattened_size(roomy) == 1 << 20
    assert dtb.unflatten(roomy) == dtb.unflatten(BOARD)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not a device tree"),
        (b"\x7fELF" + bytes(60), "not a device tree"),
        (BOARD[:-8], "truncated device tree"),
        (BOARD[:20] + dtb.cells(3, 2) + BOARD[28:], "a device tree of version 3"),
        (BOARD[:8] + dtb.cells(1 << 30) + BOARD[12:], "a block lies beyond its end"),
        (BOARD[:8] + dtb.cells(0) + BOARD[12:], "token 0xd00dfeed at byte 0 has no place there"),
        (BARE[:72] + dtb.cells(0x7FFF_FFFF) + BARE[76:], "has no name"),
    ],
)
def test_a_malformed_tree_is_refused_with_what_is_wrong(data: bytes, message: str) -> None:
    with pytest.raises(GuestError, match=message):
        dtb.unflatten(data)


def test_a_tree_nested_too_deep_is_refused() -> None:
    node = Node("a")
    for _ in range(dtb.MAX_DEPTH):
        node = Node("a", {}, [node])
    with pytest.raises(GuestError, match="nested more than 64 deep"):
        dtb.unflatten(dtb.flatten(DeviceTree(node)))


@given(st.lists(st.tuples(st.integers(0, len(BOARD) - 1), st.integers(0, 255)), min_size=1, max_size=8))
def test_a_damaged_tree_is_read_or_refused(damage: list[tuple[int, int]]) -> None:
    data = bytearray(BOARD)
    for at, byte in damage:
        data[at] = byte
    with contextlib.suppress(GuestError):
        with_chosen(bytes(data), Chosen("a", (0, 1)))


@given(st.binary(max_size=200), st.integers(0, 64), st.integers(0, 64))
def test_random_blocks_behind_a_good_header_are_read_or_refused(
    data: bytes, structure: int, strings: int
) -> None:
    total = 40 + len(data)
    header = dtb.cells(dtb.MAGIC, total, 40 + structure * 4, 40 + strings, 40, 17, 16, 0, 0, 0)
    with contextlib.suppress(GuestError):
        dtb.unflatten(header + data)
