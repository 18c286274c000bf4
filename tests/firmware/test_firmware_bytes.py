# SPDX-License-Identifier: MIT
"""The guest sources are plain AArch64 assembly: every assembler makes the same bytes of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import gnu_assemblers
import pytest

from harness.asm import assemble
from harness.library import firmware_dir, guest_asm_dir

FIRMWARE = sorted(firmware_dir().glob("*/main.S"))
NAME = re.compile(r"#define ((?:irqc|IRQC)_\w+)")
LIBRARY = sorted(guest_asm_dir().glob("*.inc"))


DRIVERS = pytest.mark.parametrize("defines", [{}, {"IRQ_GICV2": 1}], ids=["rvic", "gicv2"])


def assert_same_bytes(source: Path, scratch: Path, defines: Mapping[str, int]) -> None:
    ours = assemble(source, defines=defines)
    expected = {segment.address: segment.data for segment in ours.segments if segment.memory_size}
    for name, driver in gnu_assemblers.drivers().items():
        theirs = gnu_assemblers.build(driver, source, guest_asm_dir(), ours, scratch, defines)
        assert theirs == expected, f"{name} and our assembler differ"


@DRIVERS
@pytest.mark.parametrize("source", FIRMWARE, ids=lambda path: path.parent.name)
def test_firmware_gives_the_same_bytes_under_every_assembler(
    source: Path, defines: dict[str, int], tmp_path: Path
) -> None:
    assert_same_bytes(source, tmp_path, defines)


@pytest.mark.parametrize("part", LIBRARY, ids=lambda path: path.name)
def test_each_library_file_stands_on_its_own_and_gives_the_same_bytes(part: Path, tmp_path: Path) -> None:
    source = tmp_path / "main.S"
    source.write_text(f'#include "boot.inc"\n#include "{part.name}"\nmain: mov x0, #0\n ret\n')
    assert_same_bytes(source, tmp_path, {})


@DRIVERS
def test_every_neutral_name_stands_for_something(defines: dict[str, int], tmp_path: Path) -> None:
    names = sorted(NAME.findall((guest_asm_dir() / "irq_driver.inc").read_text(encoding="utf-8")))
    assert len(names) % 2 == 0
    assert names[::2] == names[1::2]  # each twice: once for each driver
    values = "".join(f" .quad {name}\n" for name in names[::2])
    source = tmp_path / "main.S"
    includes = '#include "boot.inc"\n#include "irq_driver.inc"\n'
    source.write_text(f"{includes}main: mov x0, #0\n ret\n .balign 8\n{values}")
    assert_same_bytes(source, tmp_path, defines)


def test_both_drivers_can_be_in_one_image(tmp_path: Path) -> None:
    source = tmp_path / "main.S"
    both = "".join(f'#include "{name}_driver.inc"\n' for name in ("rvic", "gicv2"))
    source.write_text(f'#include "boot.inc"\n{both}main: mov x0, #0\n ret\n')
    assert_same_bytes(source, tmp_path, {})


@pytest.mark.parametrize("conduit", ["hvc", "smc"])
def test_the_conduit_is_the_sources_choice(conduit: str, tmp_path: Path) -> None:
    source = tmp_path / "main.S"
    includes = '#include "boot.inc"\n#include "rvic_driver.inc"\n'
    source.write_text(f"#define SMCCC_CONDUIT {conduit}\n{includes}main: mov x0, #0\n ret\n")
    assert_same_bytes(source, tmp_path, {})
    code = assemble(source).segments[0].data
    words = {code[at : at + 4] for at in range(0, len(code) - 3, 4)}
    assert (bytes.fromhex("020000d4") in words) == (conduit == "hvc")  # HVC #0
    assert (bytes.fromhex("030000d4") in words) == (conduit == "smc")  # SMC #0
