# SPDX-License-Identifier: MIT
"""Device tree of the board: what QEMU's ``virt`` says of itself, or an rVIC and an rVID in the GIC's place.

Node names, order of interrupts and phandles' meaning are QEMU's, so that a guest that looks for
``/pl011@9000000`` finds it. Nothing is described that is not there.
"""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from typing import Final

from msgspec import Struct

from harness.arch import intid as ids
from harness.arch import psci, virt
from harness.image.dtb import DeviceTree, Node, cells, cells64, flatten, strings, unflatten
from harness.options import ControllerKind

CLOCK_HZ: Final = 24_000_000
FLASH_BANK_SIZE: Final = 64 << 20

_CLOCK, _CONTROLLER, _DISTRIBUTOR = 1, 2, 3  # phandles
_SPI, _PPI = 0, 1  # first cell of a GIC's interrupt specifier
_EDGE, _LEVEL = 1, 4
# Secure physical, physical, virtual, hypervisor timer: the order of the binding (arm,arch_timer.yaml).
_TIMERS: Final = (29, 30, 27, 26)
_COMPATIBLE_CPUS: Final = {"max": "arm,armv8"}


class Conduit(StrEnum):
    """Instruction by which the guest is told to call PSCI; both are served."""

    HVC = "hvc"
    SMC = "smc"


class BoardFacts(Struct, frozen=True):
    """Facts of the board that its tree tells. ``memory``: bytes of RAM from RAM_BASE; ``inputs``: the RVID's."""

    cpus: int
    memory: int
    controller: ControllerKind = ControllerKind.RVIC
    cpu: str = "cortex-a72"
    conduit: Conduit = Conduit.HVC
    inputs: int = 32
    flash: bool = False

    @property
    def slots(self) -> int:
        """Number of virtio slots that a device can be in: the first ones, whose interrupts reach the guest."""
        if self.controller is not ControllerKind.RVIC:
            return virt.VIRTIO_SLOTS
        return max(0, min(virt.VIRTIO_SLOTS, ids.SPI_BASE + self.inputs - virt.VIRTIO_FIRST_INTID))


class Chosen(Struct, frozen=True):
    """Words of the loader to the guest: its command line, and (start, end) of the initial RAM disk."""

    bootargs: str | None = None
    initrd: tuple[int, int] | None = None

    def __bool__(self) -> bool:
        return self.bootargs is not None or self.initrd is not None


@lru_cache(maxsize=32)  # many machines of a test are the same
def board_tree(facts: BoardFacts, chosen: Chosen) -> bytes:
    """Returns the flattened device tree of a board."""
    properties = {
        "compatible": strings("linux,dummy-virt"),
        "model": strings("linux,dummy-virt"),
        "#address-cells": cells(2),
        "#size-cells": cells(2),
        "interrupt-parent": cells(_CONTROLLER),  # which so is its own: the root of the interrupt tree
    }
    root = Node("", properties)
    _choose(root.add("chosen", {"stdout-path": strings(f"/pl011@{virt.UART_BASE:x}")}), chosen)
    memory = {"device_type": strings("memory"), "reg": cells64(virt.RAM_BASE, facts.memory)}
    root.add(f"memory@{virt.RAM_BASE:x}", memory)
    _cpus(root, facts)
    _psci(root, facts.conduit)
    if facts.controller is ControllerKind.RVIC:
        _rvic(root)
    else:
        _gic(root, virtualization=facts.controller is ControllerKind.GICV2)
    _timer(root, facts)
    _devices(root, facts)
    return flatten(DeviceTree(root))


def with_chosen(data: bytes, chosen: Chosen, file: str | None = None) -> bytes:
    """Returns a user's device tree with the loader's words put into ``/chosen``; GuestError if it is none."""
    tree = unflatten(data, file)
    node = tree.root.child("chosen") or tree.root.add("chosen")
    _choose(node, chosen)
    return flatten(tree)


def _choose(node: Node, chosen: Chosen) -> None:
    if chosen.bootargs is not None:
        node.properties["bootargs"] = strings(chosen.bootargs)
    if chosen.initrd is not None:
        start, end = chosen.initrd
        node.properties["linux,initrd-start"] = cells64(start)
        node.properties["linux,initrd-end"] = cells64(end)


def _gic(root: Node, *, virtualization: bool) -> None:
    """Describes a GICv2. The physical one has virtualization frames, for which a guest at EL1 has no use."""
    frames = [virt.GICD_BASE, virt.GICC_BASE]
    if virtualization:
        frames += [virt.GICH_BASE, virt.GICV_BASE]
    node = root.add(f"intc@{virt.GICD_BASE:x}", _interrupt_controller("arm,cortex-a15-gic", _CONTROLLER, 3))
    node.properties["reg"] = cells64(*(word for base in frames for word in (base, virt.GIC_FRAME_SIZE)))
    if virtualization:
        node.properties["interrupts"] = cells(_PPI, ids.PPI_MAINTENANCE - ids.PPI_BASE, _LEVEL)


def _rvic(root: Node) -> None:
    """Describes an rVIC and an rVID, which have no registers and so no addresses."""
    root.add("rvic", _interrupt_controller("arm,rvic", _CONTROLLER, 2))
    rvid = root.add("rvid", _interrupt_controller("arm,rvid", _DISTRIBUTOR, 1))
    rvid.properties["interrupt-parent"] = cells(
        _CONTROLLER
    )  # its outputs are untrusted interrupts of an rVIC


def _interrupt_controller(compatible: str, phandle: int, specifier_cells: int) -> dict[str, bytes]:
    return {
        "compatible": strings(compatible),
        "interrupt-controller": b"",
        "#interrupt-cells": cells(specifier_cells),
        "#address-cells": cells(0),
        "phandle": cells(phandle),
    }


def _cpus(root: Node, facts: BoardFacts) -> None:
    cpus = root.add("cpus", {"#address-cells": cells(1), "#size-cells": cells(0)})
    compatible = strings(_COMPATIBLE_CPUS.get(facts.cpu, f"arm,{facts.cpu}"))
    for n in range(facts.cpus):
        properties = {"device_type": strings("cpu"), "compatible": compatible, "reg": cells(n)}
        cpus.add(f"cpu@{n:x}", properties | {"enable-method": strings("psci")})


def _psci(root: Node, conduit: Conduit) -> None:
    properties = {
        "compatible": strings("arm,psci-1.0", "arm,psci-0.2", "arm,psci"),
        "method": strings(conduit),
        # PSCI 0.1 has its numbers from the tree.
        "cpu_suspend": cells(psci.Function.CPU_SUSPEND_64),
        "cpu_off": cells(psci.Function.CPU_OFF),
        "cpu_on": cells(psci.Function.CPU_ON_64),
    }
    root.add("psci", properties)


def _timer(root: Node, facts: BoardFacts) -> None:
    node = root.add("timer", {"compatible": strings("arm,armv8-timer", "arm,armv7-timer"), "always-on": b""})
    if facts.controller is ControllerKind.RVIC:
        specifiers = [cells(intid, _LEVEL) for intid in _TIMERS]
    else:
        flags = ((1 << facts.cpus) - 1) << 8 | _LEVEL
        specifiers = [cells(_PPI, intid - ids.PPI_BASE, flags) for intid in _TIMERS]
    node.properties["interrupts"] = b"".join(specifiers)


def _devices(root: Node, facts: BoardFacts) -> None:
    clock = {
        "compatible": strings("fixed-clock"),
        "clock-frequency": cells(CLOCK_HZ),
        "#clock-cells": cells(0),
    }
    root.add("apb-pclk", clock | {"clock-output-names": strings("clk24mhz"), "phandle": cells(_CLOCK)})
    uart = _primecell("pl011", virt.UART_BASE)
    uart |= {"clocks": cells(_CLOCK, _CLOCK), "clock-names": strings("uartclk", "apb_pclk")}
    root.add(f"pl011@{virt.UART_BASE:x}", uart | _interrupt(facts, virt.UART_INTID, _LEVEL))
    rtc = _primecell("pl031", virt.RTC_BASE)
    rtc |= {"clocks": cells(_CLOCK), "clock-names": strings("apb_pclk")}
    root.add(f"pl031@{virt.RTC_BASE:x}", rtc | _interrupt(facts, virt.RTC_INTID, _LEVEL))
    if facts.flash:
        banks = cells64(0, FLASH_BANK_SIZE, FLASH_BANK_SIZE, FLASH_BANK_SIZE)
        root.add("flash@0", {"compatible": strings("cfi-flash"), "bank-width": cells(4), "reg": banks})
    for slot in range(facts.slots):
        interrupt = _interrupt(facts, virt.VIRTIO_FIRST_INTID + slot, _EDGE)
        base = virt.VIRTIO_BASE + slot * virt.VIRTIO_STRIDE
        properties = {"compatible": strings("virtio,mmio"), "reg": cells64(base, virt.VIRTIO_STRIDE)}
        root.add(f"virtio_mmio@{base:x}", properties | {"dma-coherent": b""} | interrupt)


def _primecell(name: str, base: int) -> dict[str, bytes]:
    return {
        "compatible": strings(f"arm,{name}", "arm,primecell"),
        "reg": cells64(base, virt.DEVICE_FRAME_SIZE),
    }


def _interrupt(facts: BoardFacts, intid: int, kind: int) -> dict[str, bytes]:
    """Returns an SPI in the controller's own terms."""
    spi = intid - ids.SPI_BASE
    if facts.controller is not ControllerKind.RVIC:
        return {"interrupts": cells(_SPI, spi, kind)}
    return {"interrupt-parent": cells(_DISTRIBUTOR), "interrupts": cells(spi)}
