# SPDX-License-Identifier: MIT
"""Limits of T, U, the vCPUs and the function bases (DEN0103, R0058; the KVM series' own checks)."""

from __future__ import annotations

from typing import Any

import pytest
from rvic_caller import hypercall, rvic

from harness.arch.rvic import RvicCall, RvidCall
from harness.errors import ConfigError
from harness.rvic import Config, Profile, VmInterrupts


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"cpus": 0}, "cpus=0"),
        ({"cpus": 9}, "cpus=9"),
        ({"trusted": 0}, "trusted=0"),
        ({"trusted": -32}, "trusted=-32"),
        ({"trusted": 31}, "trusted=31"),
        ({"trusted": 33}, "trusted=33"),
        ({"untrusted": 0}, "untrusted=0"),
        ({"untrusted": 48}, "untrusted=48"),
        ({"trusted": 1024, "untrusted": 1056}, "2048"),
        ({"rvic_base": 0xC500_0100}, "overlap"),
        ({"rvic_base": 0xC500_00F6}, "overlap"),
        ({"rvid_base": 0xC500_020A}, "overlap"),
        ({"rvic_base": 0x8500_0200}, "SMC64"),
        ({"rvic_base": 0x4500_0200}, "SMC64"),
        ({"rvid_base": 0xC501_0100}, "SMC64"),
        ({"rvid_base": 0x1_C500_0100}, "SMC64"),
        ({"rvic_base": 0xC500_FFFA}, "SMC64"),
        ({"rvid_base": 0xC400_0003}, "PSCI"),
    ],
)
def test_out_of_the_limits_is_one_clear_error(options: dict[str, Any], word: str) -> None:
    with pytest.raises(ConfigError, match=word):
        Config(**options)


@pytest.mark.parametrize(("trusted", "untrusted"), [(32, 32), (32, 2016), (2016, 32), (1024, 1024), (64, 96)])
def test_limits_are_inclusive(trusted: int, untrusted: int) -> None:
    vm = VmInterrupts(Config(trusted=trusted, untrusted=untrusted))
    assert rvic(vm, 0, RvicCall.INFO, 0)[:2] == (0, trusted)
    assert rvic(vm, 0, RvicCall.INFO, 1)[:2] == (0, untrusted)


def test_adjacent_ranges_do_not_overlap() -> None:
    config = Config(rvic_base=0xC500_0103, rvid_base=0xC500_0100)
    assert config.rvid_functions.stop == config.rvic_functions.start


def test_bases_move_every_call() -> None:
    vm = VmInterrupts(Config(rvic_base=0xC600_1000, rvid_base=0xC600_0000))
    assert hypercall(vm, 0, 0xC600_1000 + RvicCall.INFO, 0)[:2] == (0, 32)
    assert hypercall(vm, 0, 0xC600_0000 + RvidCall.VERSION)[:2] == (0, 3)
    assert hypercall(vm, 0, 0xC500_0200).x0 == 2**64 - 1


def test_profiles_differ_in_every_numbered_defect() -> None:
    assert not any(Config().defects)
    assert all(Config(profile=Profile.KVM).defects)
