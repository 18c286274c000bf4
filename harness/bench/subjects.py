# SPDX-License-Identifier: MIT
"""Subjects of each family of rows, and what makes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from harness.bench import guests
from harness.bench.in_bare import InBare
from harness.bench.in_harness import InHarness, InRotation
from harness.bench.in_qemu import COUNTED, InQemu
from harness.bench.linux import Kernel, KernelInHarness, KernelInQemu
from harness.bench.lives import IMPORTS, RUN_HELLO, BareLives, MachineLives, PythonChild
from harness.bench.pending import MOST, Pending
from harness.bench.subject import Subject
from harness.bench.tracing import JsonLines, Msgspec, Traced

Maker = Callable[[], Subject]

INSTANCES: Final = 4  # of each side of a comparison without exits


def families(linux: Path | None) -> Mapping[str, Mapping[str, Maker]]:
    """Returns the makers of all subjects, by family and name; ``linux`` is a kernel's image, if there is one.

    A maker raises UnavailableError where something that it needs is not there.
    """
    rvic, sgi, kernel = guests.rvic_irq, guests.gicv2_sgi, Kernel(linux)
    return {
        "irq": {
            "rvic": _ours(rvic),
            "rvic, ledger on": _ours(rvic, ledger=True),
            **{name: _ours(sgi, controller=name) for name in ("gicv2", "trap", "vgic")},
            "qemu": _qemu(sgi),
            "bare": _bare(rvic),
        },
        "timer": {
            "rvic": _ours(guests.rvic_timer),
            **{name: _ours(guests.gicv2_timer, controller=name) for name in ("gicv2", "trap", "vgic")},
            "qemu": _qemu(guests.gicv2_timer),
        },
        "svc": _against_qemu(guests.svc),
        "counter": _against_qemu(guests.counter),
        "mmio": _against_qemu(guests.uart_flag) | {"bare": _bare(guests.uart_flag)},
        "hypercall": {"harness": _ours(guests.smccc_version), "bare": _bare(guests.smccc_version)},
        "ack": {"harness": _ours(guests.rvic_ack), "bare": _bare(guests.rvic_ack)},
        "free": {
            "harness": partial(_several, _ours(guests.mixed)),
            "bare": partial(_several, _bare(guests.mixed)),
            "bare, by blocks": partial(_several, lambda: InBare(guests.mixed(), blocks=True)),
            "qemu": _qemu(guests.mixed),
            "counted": _qemu(guests.mixed, *COUNTED),
        },
        "vcpus": {"1 vCPU": _ours(guests.mixed), "8 vCPUs": _ours(partial(guests.mixed, 7), cpus=8)},
        "trace": {"JSON Lines": JsonLines, "msgspec": Msgspec},
        "trace_run": {"untraced": _ours(rvic), "traced": lambda: Traced(rvic())},
        "start": {
            "rvic run hello": partial(PythonChild, RUN_HELLO),
            "imports": partial(PythonChild, IMPORTS),
        },
        "machines": {"Machine": MachineLives, "Uc": BareLives},
        "linux": {"harness": partial(KernelInHarness, kernel), "qemu": partial(KernelInQemu, kernel)},
        **_growth(),
    }


def _growth() -> Mapping[str, Mapping[str, Maker]]:
    rvic, sgi = guests.rvic_irq, guests.gicv2_sgi
    queue = {
        "2 deliverable": partial(guests.rvic_deliverable, 2),
        "2,000 deliverable": partial(guests.rvic_deliverable, 2000),
    }
    return {
        "growth_intids": {"64 INTIDs": _ours(rvic), "2,048 INTIDs": _ours(rvic, untrusted=2016)},
        "growth_queue": {name: _ours(guest, untrusted=2016) for name, guest in queue.items()},
        "growth_lrs": {
            "1 LR": _ours(sgi, controller="vgic", list_registers=1),
            "64 LRs": _ours(sgi, controller="vgic", list_registers=64),
        },
        "growth_vcpus": {"1 vCPU": _ours(rvic), "8 vCPUs": _ours(partial(rvic, 7), cpus=8)},
        "growth_spis": {"1 pending SPI": partial(Pending, 1), "900 pending SPIs": partial(Pending, MOST)},
    }


def _ours(guest: Callable[[], guests.Guest], **options: Any) -> Maker:
    return lambda: InHarness(guest(), **options)


def _bare(guest: Callable[[], guests.Guest]) -> Maker:
    return lambda: InBare(guest())


def _qemu(guest: Callable[[], guests.Guest], *options: str) -> Maker:
    return lambda: InQemu(guest(), *options)


def _against_qemu(guest: Callable[[], guests.Guest]) -> dict[str, Maker]:
    return {"harness": _ours(guest), "qemu": _qemu(guest)}


def _several(maker: Maker) -> Subject:
    return InRotation([maker() for _ in range(INSTANCES)])
