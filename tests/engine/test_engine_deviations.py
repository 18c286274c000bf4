# SPDX-License-Identifier: MIT
"""docs/deviations.md is the engine's list of deviations, word for word, and each of its sentences has a test."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from harness.engine import DEVIATIONS

TESTS = Path(__file__).parents[1]
DOCUMENT = TESTS.parent / "docs" / "deviations.md"

_SENTENCES = "engine/test_engine_deviation_sentences.py::test_"
_STAGE1 = "engine/test_engine_stage1_controls.py::test_"
# Name of a deviation -> the test of each of its sentences (or parts of one between semicolons), in their order.
SHOWN: Final[dict[str, tuple[str, ...]]] = {
    "mmio-exclusive": ("engine/test_engine_mmio.py::test_lse_atomic_to_a_device",),
    "mmio-crossing": ("engine/test_engine_mmio.py::test_crossing_from_ram_into_nothing",),
    "mmio-structure": ("engine/test_engine_mmio.py::test_refused_by_name",),
    "walk-outside-ram": ("engine/test_engine_mmu.py::test_a_walk_that_leaves_ram",),
    "code-by-page": (
        "engine/test_engine_code.py::test_another_pe_changes_code",
        "engine/test_engine_code.py::test_another_pe_changes_a_page_of_code_and_data",
    ),
    "no-alignment-check": (
        _SENTENCES + "alignment_checks_have_no_effect",
        _SENTENCES + "unaligned_accesses_succeed",
        "engine/test_engine_exceptions.py::test_unaligned_exclusive",
    ),
    "address-size": (
        _STAGE1 + "ram_beyond_the_size_of_output_addresses_is_told",
        _STAGE1 + "ram_beyond_the_size_of_output_addresses_is_told",
        "engine/test_engine_walk.py::test_the_walk_in_software_agrees_with_the_cpu",
    ),
    "block-address-bits": (
        _SENTENCES + "address_bits_of_a_block_are_ored_in",
        _STAGE1 + "address_bits_of_a_block_below_its_size_are_told",
    ),
    "late-reserved-block": (
        _STAGE1 + "reserved_blocks_fault_wherever_they_are",
        _SENTENCES + "a_late_reserved_block_translates",
    ),
    "aarch64-only": (_SENTENCES + "no_aarch32",),
    "cycles-are-instructions": (
        _SENTENCES + "cycles_are_neither_filtered_nor_divided",
        "engine/test_engine_event_counters.py::test_it_does_not_count",
    ),
    "eret-no-event": (_SENTENCES + "a_made_up_return_is_no_event",),
    "monitor-no-event": ("engine/test_engine_events.py::test_who_waits_with_the_monitor_armed_polls",),
    "monitor-by-value": (_SENTENCES + "the_monitor_compares_values",),
    "stale-block": (_SENTENCES + "code_changed_a_few_words_ahead",),
    "exceptions-count": (_SENTENCES + "what_excepts_counts_as_retired",),
    "ldraa-modifier": (_SENTENCES + "ldraa_authenticates_with_sp",),
    "xpac-without-keys": (_SENTENCES + "xpac_strips_while_a_key_is_enabled",),
    "no-big-endian-mmio": (_SENTENCES + "a_device_access_is_never_swapped",),
}


def test_the_table_mirrors_the_list() -> None:
    text, _, _ = DOCUMENT.read_text(encoding="utf-8").partition("\n## ")
    lines = text.splitlines()
    rows = [line for line in lines if line.startswith("| `")]
    assert rows == [f"| `{d.name}` | {d.what} | {d.section} |" for d in DEVIATIONS]


def test_names_are_unique() -> None:
    assert len({d.name for d in DEVIATIONS}) == len(DEVIATIONS)


def test_every_sentence_has_a_test() -> None:
    sentences = {d.name: len(re.split(r"; |\. ", d.what)) for d in DEVIATIONS}
    assert {name: len(tests) for name, tests in SHOWN.items()} == sentences


def test_the_tests_exist() -> None:
    for place in (test for tests in SHOWN.values() for test in tests):
        file, _, name = place.partition("::")
        assert re.search(rf"^ *def {name}\(", (TESTS / file).read_text(encoding="utf-8"), re.MULTILINE), place
