# SPDX-License-Identifier: MIT
"""Deviations of this PE from the Arm ARM, by name. docs/deviations.md mirrors the list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple


class Deviation(NamedTuple):
    """One simplification: its name, what differs for a guest, and the section of DDI 0487."""

    name: str
    what: str
    section: str


MMIO_EXCLUSIVE: Final = Deviation(
    "mmio-exclusive",
    "A load or store exclusive, or an LSE atomic, to a device address takes an abort with DFSC 0x35"
    " (unsupported exclusive or atomic access).",
    "B2.9, D17.2.37",
)
MMIO_CROSSING: Final = Deviation(
    "mmio-crossing",
    "An access that reaches a device address only with its second page takes an alignment fault.",
    "B2.5.2",
)
MMIO_STRUCTURE: Final = Deviation(
    "mmio-structure",
    "A SIMD structure access (LD1 to LD4, ST1 to ST4), or any form unknown to the decoder, to a device"
    " address takes an external abort.",
    "C7.2",
)
WALK_OUTSIDE_RAM: Final = Deviation(
    "walk-outside-ram",
    "A stage-1 table walk that reads outside RAM takes an external abort on the walk, devices or not.",
    "D8.2",
)
TRAPPED_CACHE_MAINTENANCE: Final = Deviation(
    "code-by-page",
    "Code written by another PE or by the host is seen at once where its page was execute-only or data; only"
    " pages that hold both need IC IVAU or IC IALLU, and until then run the old code or the new, which may depend"
    " on where a run was stopped and continued.",
    "B2.7.4",
)
NO_ALIGNMENT_CHECK: Final = Deviation(
    "no-alignment-check",
    "SCTLR_EL1.A and SP alignment checks (SA, SA0) have no effect; unaligned accesses to RAM succeed with the"
    " MMU off and where a page is Device memory, and so do unaligned LDAR and STLR; exclusives are checked.",
    "D1.3.7, D17.2.118",
)
ADDRESS_SIZE: Final = Deviation(
    "address-size",
    "An output address above TCR_EL1.IPS but below 2^39 is used as it is, with no address size fault; told"
    " if a descriptor of RAM has one when the MMU is turned on. Above, an Access flag fault comes first.",
    "D8.2.2",
)
BLOCK_ADDRESS_BITS: Final = Deviation(
    "block-address-bits",
    "Address bits of a block descriptor below the block's size, which are RES0, are ORed into the output address;"
    " told if one is there when the MMU is turned on.",
    "D8.3.1",
)
LATE_RESERVED_BLOCK: Final = Deviation(
    "late-reserved-block",
    "A block descriptor at a level that has none (level 0 of the 4 KiB granule, level 1 of the 64 KiB granule) is a"
    " translation fault if it is there when SCTLR_EL1, TCR_EL1 or TTBRn_EL1 is written; one that is stored into a"
    " table in use translates.",
    "D8.3.1",
)
AARCH64_ONLY: Final = Deviation(
    "aarch64-only",
    "EL0 has no AArch32, on CPU models that have it too: ID_AA64PFR0_EL1 says so, and a return to it is illegal.",
    "D1.3.4, D17.2.64",
)
CYCLES: Final = Deviation(
    "cycles-are-instructions",
    "PMCCNTR_EL0 counts instructions retired, unfiltered and undivided; event counters count software increments"
    " alone.",
    "D13.4, D17.5",
)
ERET_EVENT: Final = Deviation(
    "eret-no-event",
    "An ERET sets the event register if an exception led to it, not if software made up the state it returns to.",
    "D1.6.1",
)
MONITOR_EVENT: Final = Deviation(
    "monitor-no-event",
    "A WFE with the exclusive monitor armed ends when another PE has run, whether it wrote there or not.",
    "D1.6.1",
)
MONITOR_BY_VALUE: Final = Deviation(
    "monitor-by-value",
    "The exclusive monitor compares values: a store exclusive succeeds if the location holds what the load"
    " exclusive read, even if it was written in between.",
    "B2.9.2",
)
STALE_BLOCK: Final = Deviation(
    "stale-block",
    "Code that changes an instruction a few words ahead without IC and ISB may still run the old one.",
    "B2.3.6",
)
EXCEPTION_COUNTS: Final = Deviation(
    "exceptions-count",
    "An instruction that takes a synchronous exception counts as one retired, except one that"
    " cannot be fetched.",
    "D13.12 (INST_RETIRED)",
)
LDRAA_MODIFIER: Final = Deviation(
    "ldraa-modifier",
    "LDRAA and LDRAB, which only the CPU model `max` has, authenticate with SP as the modifier instead of zero.",
    "C6.2 (LDRAA, LDRAB)",
)
XPAC_WITHOUT_KEYS: Final = Deviation(
    "xpac-without-keys",
    "XPACI, XPACD and XPACLRI strip nothing while SCTLR_EL1 enables none of the keys.",
    "C6.2 (XPACD, XPACI, XPACLRI)",
)
NO_BIG_ENDIAN: Final = Deviation(
    "no-big-endian-mmio",
    "SCTLR_EL1.EE and E0E do not swap the bytes of an access to a device.",
    "D17.2.118",
)

DEVIATIONS: Final[tuple[Deviation, ...]] = (
    MMIO_EXCLUSIVE,
    MMIO_CROSSING,
    MMIO_STRUCTURE,
    WALK_OUTSIDE_RAM,
    TRAPPED_CACHE_MAINTENANCE,
    NO_ALIGNMENT_CHECK,
    ADDRESS_SIZE,
    BLOCK_ADDRESS_BITS,
    LATE_RESERVED_BLOCK,
    AARCH64_ONLY,
    CYCLES,
    ERET_EVENT,
    MONITOR_EVENT,
    MONITOR_BY_VALUE,
    STALE_BLOCK,
    EXCEPTION_COUNTS,
    LDRAA_MODIFIER,
    XPAC_WITHOUT_KEYS,
    NO_BIG_ENDIAN,
)


def total(met: Iterable[Mapping[Deviation, int]]) -> dict[str, int]:
    """Returns how often several PEs together have met each deviation, by its name, in the order of the list."""
    counts = list(met)
    sums = {deviation.name: sum(each.get(deviation, 0) for each in counts) for deviation in DEVIATIONS}
    return {name: count for name, count in sums.items() if count}
