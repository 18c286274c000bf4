# SPDX-License-Identifier: MIT
"""Every firmware in C meets its ``guest.toml`` on every machine that it is written for, by every compiler."""

from __future__ import annotations

import re
from itertools import pairwise, product

import c_firmware
import pytest
from c_firmware import COMPILERS, NAMES
from thorough import every

from harness.build import disassemble

CONTROLLERS = ("rvic", "vgic", "trap", "gicv2")
DRIVEN = tuple(name for name in NAMES if name != "mmu")
SIMD = re.compile(r"\b[qdv]\d+\b")


def assert_met(name: str, compiler: str, **options: object) -> None:
    report = c_firmware.run(name, compiler, **options)
    assert report.met, [str(expectation) for expectation in report.unmet]


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize(("name", "controller", "cpus"), every([*product(NAMES, CONTROLLERS, (1, 8))], 3))
def test_meets_its_expectations(name: str, compiler: str, controller: str, cpus: int) -> None:
    assert_met(name, compiler, controller=controller, cpus=cpus)


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize(
    ("name", "profile", "order"),
    every(
        [
            (name, *kind)
            for name in DRIVEN
            for kind in (("spec", "random"), ("kvm", "fifo"), ("kvm", "lowest"))
        ],
        2,
    ),
)
def test_no_profile_or_order_of_acknowledging_matters(
    name: str, compiler: str, profile: str, order: str
) -> None:
    assert_met(name, compiler, profile=profile, ack_order=order, cpus=4)


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("name", NAMES)
def test_other_numbers_of_interrupts_do_not_matter(name: str, compiler: str) -> None:
    """INTIDs of devices start at T: nothing may take T for 32."""
    assert_met(name, compiler, trusted=64, untrusted=96, cpus=2)


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("name", NAMES)
def test_no_instruction_uses_fp_or_simd_registers(name: str, compiler: str) -> None:
    """A CPU comes out of reset with FP and SIMD trapped (CPACR_EL1.FPEN, DDI 0487 D13.2.30)."""
    program = c_firmware.built(name, compiler, "rvic")
    code = next(segment for segment in program.segments if segment.executable)
    addresses = program.symbols.addresses
    for function in ("main", "print"):  # which is variadic: a compiler would save q0 to q7
        start = program.symbols[function]
        end = addresses[addresses.index(start) + 1]
        data = code.data[start - code.address : end - code.address]
        texts = [one.text for one in disassemble(data, start, program.symbols)]
        assert texts
        assert [text for text in texts if SIMD.search(text.partition(" ")[2])] == []


@pytest.mark.parametrize("compiler", COMPILERS)
def test_code_constants_and_data_are_on_pages_of_their_own(compiler: str) -> None:
    segments = c_firmware.built("mmu", compiler, "rvic").segments
    assert sum(segment.executable for segment in segments) == 1
    pages = [range(segment.address >> 12, (segment.end - 1 >> 12) + 1) for segment in segments]
    assert all(low.stop <= high.start for low, high in pairwise(pages))


@pytest.mark.parametrize("compiler", COMPILERS)
def test_smp_boot_brings_up_every_cpu_twice_and_passes_the_baton_round(compiler: str) -> None:
    lines = c_firmware.run("smp_boot", compiler).console.splitlines()
    for cpu in range(1, 8):
        assert lines.count(f"CPU {cpu}: here, at EL1, affinity {cpu:#x}") == 2
        assert lines.count(f"CPU {cpu}: CPU_ON SUCCESS, now off") == 2
    baton = [line for line in lines if line.endswith("has the baton")]
    assert baton == [f"CPU {cpu % 8}: has the baton" for cpu in range(1, 9)]
