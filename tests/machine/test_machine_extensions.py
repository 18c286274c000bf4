# SPDX-License-Identifier: MIT
"""Instructions of later versions of the architecture do what the manual says on `max`, and a Cortex-A72 is told."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness import Machine, StopReason

Make = Callable[..., Machine]
FP_ON = """
        mov x0, #3 << 20
        msr cpacr_el1, x0
        isb
"""
# What runs, and x9 after it.
CASES = {
    "LDADDAL": (
        "adr x1, word\nmov w2, #5\nldaddal w2, w9, [x1]\nldr w3, [x1]\norr x9, x9, x3, lsl #32",
        47 << 32 | 42,
    ),
    "STSET": ("adr x1, word\nmov w2, #1\nstset w2, [x1]\nldr w9, [x1]", 43),
    "SWPB": ("adr x1, word\nmov w2, #1\nswpb w2, w9, [x1]", 42),
    "CASP": (
        "adr x1, word\nldp x2, x3, [x1]\nmov x4, #7\nmov x5, #8\ncasp x2, x3, x4, x5, [x1]\nldr x9, [x1]",
        7,
    ),
    "LDAPUR": ("adr x1, word + 8\nldapur w9, [x1, #-8]", 42),
    "CFINV": ("subs x9, x0, x0\ncfinv\ncset x9, cs", 0),
    "SETF8": ("mov w1, #0x80\nsetf8 w1\ncset x9, mi", 1),
    "RMIF": ("mov x1, #4\nrmif x1, #0, #4\ncset x9, eq", 1),
    "CRC32CX": ("mov x1, #1\nmov w2, wzr\ncrc32cx w9, w2, x1", 0x493C7D27),
    "FJCVTZS": ("mov x1, #-3\nscvtf d0, x1\nfjcvtzs w9, d0", 0xFFFF_FFFD),
    "UDOT": ("movi v0.2s, #1\nmovi v1.8b, #2\nmovi v2.8b, #3\nudot v0.2s, v1.8b, v2.8b\nfmov w9, s0", 25),
    "SQRDMLAH": (
        "movi v0.4h, #1\nmovi v1.4h, #0x40, lsl #8\nsqrdmlah v0.4h, v1.4h, v1.4h\numov w9, v0.h[0]",
        0x2001,
    ),
    "EOR3": (
        "movi v0.16b, #1\nmovi v1.16b, #2\nmovi v2.16b, #4\neor3 v3.16b, v0.16b, v1.16b, v2.16b\numov w9, v3.b[0]",
        7,
    ),
    "FRINT32Z": ("fmov s0, #2.5\nfrint32z s1, s0\nfcvtzs w9, s1", 2),
    "PAN": ("msr pan, #1\nmrs x9, pan", 1 << 22),
    "UAO": ("msr uao, #1\nmrs x9, uao", 1 << 23),
    "BTI and PACIASP": ("bti jc\nmov x30, #64\npaciasp\nautiasp\nmov x9, x30", 64),
    "XPACI": (
        f"mov x1, #{1 << 31}\nmsr sctlr_el1, x1\nisb\nmov x9, #0x1234\nmovk x9, #0x40, lsl #48\nxpaci x9",
        0x1234,
    ),
}
EPILOGUE = "\nb psci_system_off\n.balign 16\nword: .quad 42, 0\n"


@pytest.mark.parametrize(("body", "expected"), CASES.values(), ids=CASES.keys())
def test_max_runs_it(guest: Make, body: str, expected: int) -> None:
    machine = guest(f".arch armv8.5-a+fp16+sha3\nmain:{FP_ON}{body}{EPILOGUE}", cpu="max")
    stop = machine.run(limit=1000)
    assert stop.reason is StopReason.POWER_OFF, stop.detail
    assert machine.cpus[0].x[9] == expected


@pytest.mark.parametrize(
    "body", ["ldadd w1, w2, [x0]", "swpal x1, x2, [sp]", "retaa", "ldapr x1, [sp]", "sb"]
)
def test_a_cortex_a72_is_told_which_model_has_it(guest: Make, body: str) -> None:
    stop = guest(f".arch armv8.5-a\nmain: {body}\n").run(limit=1000)
    assert stop.reason is StopReason.FAULT
    assert "which this CPU model does not have; `--cpu max` has it" in stop.detail


@pytest.mark.parametrize("word", ["udf #0", ".word 0xffffffff", "mrs x0, s3_4_c1_c1_0", "fadd h0, h1, h2"])
def test_of_what_no_model_has_nothing_is_promised(guest: Make, word: str) -> None:
    stop = guest(f".arch armv8.5-a+fp16\nmain: {word}\n").run(limit=1000)
    assert stop.reason is StopReason.FAULT
    assert "--cpu max" not in stop.detail
