# SPDX-License-Identifier: MIT
import pytest

from harness.arch.rvic import RVIC_BASE, RVID_BASE
from harness.arch.smccc import NOT_SUPPORTED
from harness.trace import Names

MINUS_2 = (1 << 64) - 2


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (0x8000_0000, "SMCCC_VERSION"),
        (0x8000_0001, "SMCCC_ARCH_FEATURES"),
        (0x8400_0000, "PSCI_VERSION"),
        (0x8400_0008, "PSCI.SYSTEM_OFF"),
        (0x8400_0003, "PSCI.CPU_ON"),
        (0xC400_0003, "PSCI.CPU_ON"),
        (0x8400_000A, "PSCI_FEATURES"),
        (0xC500_0200, "RVIC.Version"),
        (0xC500_0205, "RVIC.ClearMasked"),
        (0xC500_0209, "RVIC.Acknowledge"),
        (0xC500_020A, "RVIC.Resample"),
        (0xC500_020B, "0xc500020b"),
        (0xC500_0101, "RVID.Map"),
        (0x8400_0042, "0x84000042"),
    ],
)
def test_functions_have_the_manuals_names(function, name):
    assert Names().function(function) == name


def test_every_call_of_rvic_and_rvid_has_the_specifications_name():
    rvic = (
        "Version Info Enable Disable SetMasked ClearMasked IsPending Signal ClearPending Acknowledge Resample"
    )
    for base, component, calls in ((RVIC_BASE, "RVIC", rvic), (RVID_BASE, "RVID", "Version Map Unmap")):
        for number, call in enumerate(calls.split()):
            assert Names().function(base + number) == f"{component}.{call}"


def test_the_function_bases_are_the_machines():
    names = Names(rvic_base=0xC600_0000, rvid_base=0xC600_0100)
    assert names.function(0xC600_0009) == "RVIC.Acknowledge"
    assert names.function(0xC600_0102) == "RVID.Unmap"
    assert names.function(0xC500_0209) == "0xc5000209"


@pytest.mark.parametrize(
    ("function", "args", "text"),
    [
        (RVIC_BASE + 9, (0, 0, 0), "RVIC.Acknowledge"),
        (RVIC_BASE + 7, (1, 3, 0), "RVIC.Signal(cpu 1, INTID 3)"),
        (RVIC_BASE + 10, (27, 9, 9), "RVIC.Resample(INTID 27)"),
        (RVIC_BASE + 5, (1 << 31, 1 << 40, 0), "RVIC.ClearMasked(cpu 0x80000000, INTID 0x10000000000)"),
        (RVID_BASE + 1, (4, 1, 36), "RVID.Map(input 4, cpu 1, INTID 36)"),
        (0xC400_0003, (1, 0x4008_0000, 7), "PSCI.CPU_ON(cpu 1, entry 0x40080000)"),
        (0x8400_000A, (0xC400_0003, 0, 0), "PSCI_FEATURES(PSCI.CPU_ON)"),
    ],
)
def test_calls_show_the_arguments_they_take(function, args, text):
    assert Names().call(function, args) == text


@pytest.mark.parametrize(
    ("function", "result", "text"),
    [
        (RVIC_BASE + 9, (0, 27), "SUCCESS INTID 27"),
        (RVIC_BASE + 9, (4, 0), "NO_INTERRUPTS"),
        (RVIC_BASE + 9, (3, 0), "DISABLED"),
        (RVIC_BASE + 6, (0, 1), "SUCCESS pending 1"),
        (RVIC_BASE + 1, (0, 32), "SUCCESS value 32"),
        (RVIC_BASE + 0, (0, 3), "SUCCESS 0.3"),
        (RVIC_BASE + 5, (0, 0), "SUCCESS"),
        (RVIC_BASE + 5, (0x101, 0), "ERROR_PARAMETER in x2"),
        (RVIC_BASE + 5, (0x002, 0), "INVALID_CPU in x1"),
        (RVID_BASE + 1, (0x201, 0), "ERROR_PARAMETER in x3"),
        (RVIC_BASE + 9, (NOT_SUPPORTED, 0), "NOT_SUPPORTED"),
        (RVIC_BASE + 9, (0xFF, 0), "0xff"),
        (0x8000_0000, (0x1_0001, 0), "1.1"),
        (0x8400_0000, (0x1_0001, 0), "1.1"),
        (0x8400_0003, (0, 0), "SUCCESS"),
        (0x8400_0003, (MINUS_2, 0), "INVALID_PARAMETERS"),
        (0x8400_0003, (0xFFFF_FFFC, 0), "ALREADY_ON"),
        (0xC400_0004, (1, 0), "OFF"),
        (0xC400_0004, (MINUS_2, 0), "INVALID_PARAMETERS"),
        (0x8600_0000, (0x1234, 0), "0x1234"),
    ],
)
def test_results_are_decoded_by_their_own_standard(function, result, text):
    assert Names().result(function, result) == text


@pytest.mark.parametrize(
    ("intid", "text"),
    [
        (0, "IPI 0"),
        (15, "IPI 15"),
        (16, "trusted 16"),
        (27, "virtual timer"),
        (30, "physical timer"),
        (32, "input 0"),
        (33, "input 1"),
    ],
)
def test_guest_intids_have_names(intid, text):
    assert Names().intid(intid) == text


def test_inputs_begin_after_the_trusted_intids():
    assert Names(trusted=64).intid(40) == "trusted 40"
    assert Names(trusted=64).intid(65) == "input 1"


def test_under_a_gic_an_intid_has_the_gics_name():
    """IHI 0048B, 2.2.1: SGIs, PPIs and SPIs; the timers keep theirs."""
    names = Names(has_rvic=False)
    assert [names.intid(n) for n in (3, 20, 27, 30, 37)] == [
        "SGI 3",
        "PPI 20",
        "virtual timer",
        "physical timer",
        "SPI 5",
    ]
