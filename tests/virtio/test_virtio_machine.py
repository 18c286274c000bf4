# SPDX-License-Identifier: MIT
"""Virtio devices in a machine: a guest's stores reach them, their DMA reaches the guest, their lines the GIC."""

from __future__ import annotations

from pathlib import Path
from struct import pack

import pytest
from virtio_driver import AVAIL, BASE, DESC, NEXT, USED, WRITE, header

from harness import Machine, StopReason, until
from harness.asm import assemble
from harness.devices import MemoryDisk
from harness.devices.virtio.registers import VirtioRegister as Reg
from harness.errors import ConfigError
from harness.image import dtb

SLOT_0, SLOT_15, SLOT_31, INTID_79 = 0x0A00_0000, 0x0A00_1E00, 0x0A00_3E00, 79
LAST = {
    "rvic": SLOT_15,
    "vgic": SLOT_31,
    "trap": SLOT_31,
    "gicv2": SLOT_31,
}  # a device's, where none is asked for
SCRIPT, QUEUE, DATA = BASE + 0x10_0000, BASE + 0x20_0000, BASE + 0x30_0000
CONTROLLERS = pytest.mark.parametrize("controller", ["rvic", "vgic", "trap", "gicv2"])
# Stores (address, value) words from a script up to address 0, then does what it reads there.
STORES = f"""
_start: ldr x9, ={SCRIPT:#x}
next:   ldr x10, [x9], #8
        ldr x11, [x9], #8
        cbz x10, done
        str w11, [x10]
        b next
done:   blr x11
        ldr x0, =0x84000008
        hvc #0
"""


def driver(
    machine: Machine, base: int, *stores: tuple[int, int], then: int | None = None, queue: int = 0
) -> None:
    """Let the guest initialise a modern device and make further stores."""
    init = [
        (Reg.STATUS, 3),
        (Reg.DRIVER_FEATURES_SEL, 1),
        (Reg.DRIVER_FEATURES, 1),
        (Reg.STATUS, 11),
        (Reg.QUEUE_SEL, queue),
        (Reg.QUEUE_NUM, 8),
        (Reg.QUEUE_DESC_LOW, QUEUE + DESC),
        (Reg.QUEUE_DRIVER_LOW, QUEUE + AVAIL),
        (Reg.QUEUE_DEVICE_LOW, QUEUE + USED),
        (Reg.QUEUE_READY, 1),
        (Reg.STATUS, 15),
        *stores,
    ]
    machine.load(assemble(STORES + "\nret_:   ret\n"))
    words = b"".join(pack("<QQ", base + offset, value) for offset, value in init)
    machine.memory.write(SCRIPT, words + pack("<QQ", 0, machine.symbols["ret_"] if then is None else then))


def request(machine: Machine, sent: bytes, room: int, target: int = DATA + 0x1000) -> None:
    """One request in the queue: header, data to receive at ``target``, status."""
    memory = machine.memory
    memory.write(DATA, sent)
    rows = [(DATA, len(sent), NEXT, 1), (target, room, NEXT | WRITE, 2), (DATA + 0x800, 1, WRITE, 0)]
    memory.write(DATA + 0x800, b"\xff")
    memory.write(QUEUE + DESC, b"".join(pack("<QIHH", *row) for row in rows))
    memory.write(QUEUE + AVAIL, pack("<HHH", 0, 1, 0))


@CONTROLLERS
def test_a_guest_reads_a_sector(tmp_path: Path, controller: str) -> None:
    """4.2.3, 5.2.6: the request is done and the line is high when the store that notifies is."""
    image = tmp_path / "disk.img"
    image.write_bytes(b"".join(bytes([n]) * 512 for n in range(4)))
    with Machine(memory="8M", controller=controller, drives=[image]) as machine:
        driver(machine, LAST[controller], (Reg.QUEUE_NOTIFY, 0))
        request(machine, header(0, 2), 512)
        assert machine.run(limit=1000).reason is StopReason.POWER_OFF
        assert machine.memory.read(DATA + 0x1000, 512) == b"\x02" * 512
        assert machine.memory.u8(DATA + 0x800) == 0
        assert machine.board.gic.line_level(48 + (LAST[controller] - SLOT_0) // 0x200)


def test_acknowledging_lowers_the_line() -> None:
    with Machine(memory="8M", controller="gicv2", drives=[MemoryDisk(bytearray(512))]) as machine:
        driver(machine, SLOT_31, (Reg.QUEUE_NOTIFY, 0), (Reg.INTERRUPT_ACK, 1))
        request(machine, header(0), 512)
        assert machine.run(limit=1000).reason is StopReason.POWER_OFF
        assert not machine.board.gic.line_level(INTID_79)


@pytest.mark.parametrize("backend", ["c", "view", "api"])
def test_code_that_a_disk_brings_runs(backend: str) -> None:
    """DMA goes to memory as code too: the old code there, executed before, is not run again."""
    old = assemble("mov x20, #1\n ret\n", base=DATA + 0x1000).segments[0].data
    new = assemble("mov x21, #2\n ret\n", base=DATA + 0x1000).segments[0].data
    source = f"""
        ldr x19, ={DATA + 0x1000:#x}
        blr x19
        blr x19
        ldr x9, ={SLOT_31 + Reg.QUEUE_NOTIFY:#x}
        str wzr, [x9]
        blr x19
        ldr x0, =0x84000008
        hvc #0
    """
    disk = MemoryDisk(bytearray(new.ljust(512, b"\0")))
    with Machine(memory="8M", controller="gicv2", drives=[disk], backend=backend) as machine:
        driver(machine, SLOT_31, then=DATA + 0x4000)
        machine.memory.write(DATA + 0x1000, old)
        machine.memory.write(DATA + 0x4000, assemble(source, base=DATA + 0x4000).segments[0].data)
        request(machine, header(0), 512)
        assert machine.run(limit=1000).reason is StopReason.POWER_OFF
        assert (machine.cpus[0].x[20], machine.cpus[0].x[21]) == (1, 2)


def test_slots_fill_from_the_last_as_in_qemu(tmp_path: Path) -> None:
    image = tmp_path / "disk.img"
    image.write_bytes(bytes(512))
    with Machine(memory="8M", controller="gicv2", drives=[image, f"{image},rw"], virtconsole=True) as machine:
        read = machine.board.bus.read
        slots = [read(0, 0x0A00_0000 + 0x200 * n + Reg.DEVICE_ID, 4) for n in range(32)]
        assert slots == [0] * 29 + [3, 2, 2]
        features = [read(0, 0x0A00_0000 + 0x200 * n + Reg.DEVICE_FEATURES, 4) & 1 << 5 for n in (31, 30)]
        assert features == [1 << 5, 0]  # VIRTIO_BLK_F_RO
        assert read(0, 0x0A00_0004, 4) == 1


def test_a_drive_goes_into_the_slot_that_is_named(tmp_path: Path) -> None:
    """Drivers made for QEMU's `bus=virtio-mmio-bus.0` look at the first slot alone."""
    image = tmp_path / "disk.img"
    image.write_bytes(bytes(512))
    with Machine(memory="8M", controller="gicv2", drives=[f"{image},rw,slot=0", image]) as machine:
        used = [n for n, slot in enumerate(machine.board.virtio) if slot.read(0, Reg.DEVICE_ID, 4)]
    assert used == [0, 31]


def test_a_drive_is_written_only_if_it_may_be(tmp_path: Path) -> None:
    image = tmp_path / "disk.img"
    for option, answer, content in (("", 1, bytes(512)), (",ro", 1, bytes(512)), (",rw", 0, b"W" * 512)):
        image.write_bytes(bytes(512))
        with Machine(memory="8M", controller="gicv2", drives=[f"{image}{option}"]) as machine:
            driver(machine, SLOT_31, (Reg.QUEUE_NOTIFY, 0))
            request(machine, header(1), 1)
            machine.memory.write(DATA + 16, b"W" * 512)
            machine.memory.write(QUEUE + DESC, pack("<QIHH", DATA, 528, NEXT, 2))
            assert machine.run(limit=1000).reason is StopReason.POWER_OFF
            assert machine.memory.u8(DATA + 0x800) == answer
        assert image.read_bytes() == content


@CONTROLLERS
def test_a_virtio_console(controller: str) -> None:
    with Machine(memory="8M", controller=controller, virtconsole=True) as machine:
        driver(machine, LAST[controller], (Reg.QUEUE_NOTIFY, 1), queue=1)
        memory = machine.memory
        memory.write(DATA, b"printed by virtio\n")
        memory.write(QUEUE + DESC, pack("<QIHH", DATA, 18, 0, 0))
        memory.write(QUEUE + AVAIL, pack("<HHH", 0, 1, 0))
        assert machine.run(limit=1000).reason is StopReason.POWER_OFF
        assert machine.virtconsole is not None
        assert (machine.virtconsole.text, machine.console.text) == ("printed by virtio\n", "")


def test_what_is_typed_to_it_arrives_by_dma() -> None:
    with Machine(memory="8M", controller="gicv2", virtconsole=True) as machine:
        driver(machine, SLOT_31, (Reg.QUEUE_NOTIFY, 0))
        machine.load(assemble(STORES.replace("blr x11", "b .")))
        machine.memory.write(QUEUE + DESC, pack("<QIHH", DATA, 16, WRITE, 0))
        machine.memory.write(QUEUE + AVAIL, pack("<HHH", 0, 1, 0))
        machine.at(500, r"virtconsole=keys\n")
        machine.run(until.tick(499), limit=1000)
        assert machine.memory.u16(QUEUE + USED + 2) == 0
        machine.run(until.tick(501), limit=1000)
        assert machine.memory.read(QUEUE + USED + 2, 10) == pack("<HII", 1, 0, 5)
        assert machine.memory.read(DATA, 5) == b"keys\n"


def test_the_legacy_transport_where_asked() -> None:
    with Machine(memory="8M", controller="gicv2", virtconsole=True, virtio="legacy") as machine:
        assert machine.board.bus.read(0, SLOT_31 + Reg.VERSION, 4) == 1


def test_a_reset_resets_them() -> None:
    with Machine(memory="8M", controller="gicv2", drives=[MemoryDisk(bytearray(512))]) as machine:
        driver(machine, SLOT_31, (Reg.QUEUE_NOTIFY, 0))
        request(machine, header(0), 512)
        machine.run(limit=1000)
        machine.reset()
        assert machine.board.bus.read(0, SLOT_31 + Reg.STATUS, 4) == 0
        assert not machine.board.gic.line_level(INTID_79)
        machine.memory.write(QUEUE + USED, bytes(16))
        assert machine.run(limit=1000).reason is StopReason.POWER_OFF
        assert machine.memory.u8(DATA + 0x800) == 0


@pytest.mark.parametrize("untrusted", [32, 64, 96])
@CONTROLLERS
def test_every_device_is_where_the_device_tree_names_one(controller: str, untrusted: int) -> None:
    """An rVID of 32 inputs ends at SPI 31, which is slot 15's; a disk beyond could never say that it is done."""
    with Machine(memory="8M", controller=controller, untrusted=untrusted, virtconsole=True) as machine:
        machine.load(assemble("_start: b .\n"))
        assert machine.device_tree is not None
        nodes = [node.name for node in dtb.unflatten(machine.device_tree).root.children]
        named = [name for name in nodes if name.startswith("virtio_mmio")]
        there = [n for n, slot in enumerate(machine.board.virtio) if slot.function is not None]
    assert [f"virtio_mmio@{0x0A00_0000 + 0x200 * n:x}" for n in there] == named[-1:]


def test_a_device_that_gave_up_says_why_at_the_end_of_the_run() -> None:
    """2.1.2: DEVICE_NEEDS_RESET. What a driver does then, a reset of the device too, does not hide the reason."""
    with Machine(memory="8M", controller="gicv2", drives=[MemoryDisk(bytearray(512))]) as machine:
        driver(machine, SLOT_31, (Reg.QUEUE_NOTIFY, 0), (Reg.STATUS, 0))
        request(machine, header(0), 512)
        machine.memory.write(QUEUE + AVAIL, pack("<HHH", 0, 9, 0))
        stop = machine.run(limit=1000)
        assert stop.detail.splitlines() == [
            "the guest called PSCI SYSTEM_OFF",
            "the virtio device in slot 31 asked for a reset (DEVICE_NEEDS_RESET): "
            "9 chains are available in a queue of 8",
        ]
        machine.reset()
        machine.memory.write(QUEUE + AVAIL, pack("<HHH", 0, 1, 0))
        machine.memory.write(QUEUE + USED, bytes(16))
        assert machine.run(limit=1000).detail == "the guest called PSCI SYSTEM_OFF"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"drives": ["/none.img"]}, "drive /none.img: no such file or directory"),
        ({"drives": ["/"]}, "drive /: is a directory, not a file"),
        ({"drives": [f"{__file__},slot=32"], "controller": "gicv2"}, "virtio slot 32: there are 0 to 31$"),
        ({"drives": [f"{__file__},slot=32"], "untrusted": 64}, "virtio slot 32: there are 0 to 31$"),
        (
            {"drives": [f"{__file__},slot=16"]},
            r"virtio slot 16: there are 0 to 15 whose interrupts .* end at SPI 31 \(untrusted=64 ",
        ),
        ({"drives": [__file__, f"{__file__},ro,slot=15"]}, "virtio slot 15: another device is in it"),
        ({"drives": "disk.img"}, "drives='disk.img': a list of drives is needed"),
        ({"drives": [MemoryDisk()] * 33, "controller": "vgic"}, "more than 32 virtio devices$"),
        ({"drives": [MemoryDisk()] * 17}, "more than 16 virtio devices whose interrupts reach the guest"),
        ({"virtio": "1"}, "virtio '1': choose one of modern, legacy"),
        ({"serial": "stdio"}, "only `rvic run --serial stdio` has a terminal"),
    ],
)
def test_bad_options(options: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Machine(**options)  # type: ignore[arg-type]


def test_a_stimulus_for_a_console_that_is_not_there() -> None:
    with (
        Machine(memory="8M") as machine,
        pytest.raises(ConfigError, match="the machine has no virtio console"),
    ):
        machine.at(5, "virtconsole=x")
