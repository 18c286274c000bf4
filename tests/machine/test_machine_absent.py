# SPDX-License-Identifier: MIT
"""docs/deviations.md, "What is not on this board": its addresses abort, and the device tree names none of them."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness import Machine, StopReason
from harness.asm import assemble
from harness.board.devicetree import BoardFacts, Chosen, board_tree
from harness.image import dtb
from harness.options import ControllerKind

DOCUMENT = Path(__file__).parents[2] / "docs" / "deviations.md"
ROWS = re.findall(r"^\| `absent-[a-z0-9-]+` \| (.+?) \| ", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
ADDRESSES = sorted({int(text, 16) for row in ROWS for text in re.findall(r"0x[0-9a-f]{8,}", row)})
EXTERNAL_ABORT, DATA_ABORT = 0x10, 0x25

# x19 = ESR_EL1 after a load from x0.
LOAD = """
        .globl _start
_start: ldr     x1, =vectors
        msr     vbar_el1, x1
        isb
        ldr     x0, ={address:#x}
        ldr     w2, [x0]
        mov     x19, #0
        b       off
        .ltorg
        .balign 0x800
vectors: .zero  0x200
        mrs     x19, esr_el1
off:    ldr     x0, =0x84000008
        hvc     #0
        .ltorg
"""


def test_the_table_has_addresses() -> None:
    assert {0x0902_0000, 0x0903_0000, 0x0802_0000, 0x3F00_0000, 0x1000_0000, 0, 0x0400_0000} <= set(ADDRESSES)


@pytest.mark.parametrize("address", ADDRESSES, ids=hex)
def test_a_load_from_what_is_absent_takes_an_external_abort(address: int) -> None:
    with Machine(controller="gicv2", memory="2M") as machine:
        machine.load(assemble(LOAD.format(address=address)))
        stop = machine.run(limit=1_000)
        assert stop.reason is StopReason.POWER_OFF, stop.detail
        syndrome = machine.cpus[0].x[19]
    assert (syndrome >> 26, syndrome & 0x3F) == (DATA_ABORT, EXTERNAL_ABORT)


@pytest.mark.parametrize("controller", list(ControllerKind))
def test_the_device_tree_names_nothing_that_is_absent(controller: ControllerKind) -> None:
    root = dtb.unflatten(board_tree(BoardFacts(1, 128 << 20, controller), Chosen())).root
    described = [frame for node in nodes(root) for frame in frames(node)]
    assert (0x0900_0000, 0x1000) in described
    assert [hex(a) for a in ADDRESSES for low, size in described if low <= a < low + size] == []
    names = {node.name.partition("@")[0] for node in nodes(root)}
    assert names.isdisjoint({"fw-cfg", "pl061", "gpio-keys", "v2m", "pcie", "flash", "platform-bus"})


def nodes(node: dtb.Node) -> Iterator[dtb.Node]:
    yield node
    for child in node.children:
        yield from nodes(child)


def frames(node: dtb.Node) -> Iterator[tuple[int, int]]:
    """The (address, size) pairs of a node's ``reg``, two cells each; a CPU's is its number."""
    value = node.properties.get("reg", b"")
    return (pair for pair in struct.iter_unpack(">QQ", value)) if len(value) % 16 == 0 else iter(())
