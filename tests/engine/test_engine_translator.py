# SPDX-License-Identifier: MIT
"""No word of memory ends the process when it is executed: not those at which Unicorn's translator gives up, either.

Those were found by running every word whose bits 9:0 are zero, and as many others, on each CPU model: all are
unallocated encodings of Advanced SIMD in half precision (DDI 0487, C4.1.96), at which only the model ``max`` looks.
"""

from __future__ import annotations

from random import Random

import pytest
from engine_rig import RAM, Rig

VBAR = RAM + 0x1_0000
UNKNOWN = 0x0200_0000  # ESR_EL1: EC 0, IL

THREE_SAME = tuple(
    0x0E40_0400 | u << 29 | a << 23 | opcode << 11 for u in (0, 1) for a in (0, 1) for opcode in range(8)
)
TWO_MISC = tuple(
    0x0E78_0800 | u << 29 | a << 23 | opcode << 12 for u in (0, 1) for a in (0, 1) for opcode in range(32)
)
SCALAR = tuple(word | 1 << 30 | 1 << 28 for word in TWO_MISC)


@pytest.mark.parametrize("words", [THREE_SAME, TWO_MISC, SCALAR], ids=["three-same", "two-misc", "scalar"])
def test_all_of_half_precision_is_undefined_on_the_model_max(make_max: Rig, words: tuple[int, ...]) -> None:
    """ID_AA64PFR0_EL1 says that there is no FEAT_FP16 (D17.2.64); what is not there is UNDEFINED (C4.1)."""
    rig, random = make_max, Random(1)
    rig.pe.sysreg["VBAR_EL1"] = VBAR
    rig.pe.sysreg["CPACR_EL1"] = 3 << 20
    rig.load("mrs x0, elr_el1\nmrs x1, esr_el1\nhvc #1\nadd x0, x0, #4\nmsr elr_el1, x0\neret", VBAR + 0x200)
    tried = [word | q << 30 | random.getrandbits(10) for word in words for q in (0, 1)]
    for n, word in enumerate(tried):
        rig.memory.write_u32(RAM + 4 * n, word)
    rig.load("hvc #0", RAM + 4 * len(tried))
    rig.pe.run(20 * len(tried))
    undefined = [where for _, imm, where, _ in rig.calls if imm == 1]
    assert undefined == [RAM + 4 * n for n in range(len(tried))]
    assert rig.pe.x[1] == UNKNOWN
    assert rig.pe.mrs("ID_AA64PFR0_EL1") >> 16 & 0xFF == 0
    assert not rig.pe.mrs("ID_AA64ISAR0_EL1") >> 48 & 0xF
