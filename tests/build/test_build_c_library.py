# SPDX-License-Identifier: MIT
"""The C library says of the machine what the assembly library says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness import Machine
from harness.build import available_compilers, compile_guest
from harness.library import guest_asm_dir

_DEFINE = re.compile(r"^#define\s+(\w+)\s+(.+?)\s*(?://.*)?$", re.MULTILINE)
PAIRS = {
    "exit.h": "exit.inc",
    "gic.h": "gicv2.inc",
    "psci.h": "psci.inc",
    "rvic.h": "rvic.inc",
    "smccc.h": "smccc.inc",
    "testdev.h": "testdev.inc",
    "timer.h": "timer.inc",
    "uart.h": "uart.inc",
    "vectors.h": "vectors.inc",
    "cpu.h": "cpu.inc",
    "gicv2_driver.h": "gicv2_driver.inc",
    "rvic_driver.h": "rvic_driver.inc",
    "smp.h": "smp.inc",
}
BIT_NUMBERS = {"CNTV_CTL_ISTATUS"}  # a bit number there, for TBZ; a mask in C


def constants(path: Path) -> dict[str, int]:
    found = {}
    for name, value in _DEFINE.findall(path.read_text(encoding="utf-8")):
        text = value.strip().strip("()")
        if re.fullmatch(r"-?(0x[0-9a-fA-F]+|\d+)u?", text):
            found[name] = int(text.rstrip("u"), 0)
    return found


@pytest.mark.parametrize(("header", "assembly"), PAIRS.items())
def test_constants_are_those_of_the_assembly_library(header: str, assembly: str) -> None:
    ours = constants(guest_asm_dir() / "include" / header)
    theirs = constants(guest_asm_dir() / assembly)
    shared = ours.keys() & theirs.keys() - BIT_NUMBERS
    assert {name: ours[name] for name in shared} == {name: theirs[name] for name in shared}


def test_the_headers_share_most_of_what_they_define() -> None:
    """So that the test above compares something."""
    for header, least in (("gic.h", 30), ("psci.h", 18), ("rvic.h", 22), ("vectors.h", 16)):
        ours = constants(guest_asm_dir() / "include" / header)
        assert len(ours.keys() & constants(guest_asm_dir() / PAIRS[header]).keys()) >= least


@pytest.mark.skipif(not available_compilers(), reason="no C compiler for AArch64 on this computer")
@pytest.mark.parametrize("header", sorted(path.name for path in (guest_asm_dir() / "include").glob("*.h")))
def test_each_header_stands_on_its_own(header: str, tmp_path: Path) -> None:
    source = tmp_path / "a.c"
    source.write_text(f'#include "{header}"\n#include "{header}"\nint main(void) {{ return 0; }}\n')
    compile_guest(source)


@pytest.mark.skipif(not available_compilers(), reason="no C compiler for AArch64 on this computer")
def test_strings_and_print(tmp_path: Path) -> None:
    source = tmp_path / "a.c"
    source.write_text(
        r"""
        #include "string.h"
        #include "uart.h"
        char text[64] = "abcdefghijklmnopqrstuvwxyz";
        int main(void)
        {
            print("%s|%c|%d|%ld|%u|%lu|%x|%#lx|%%|%q|\n", "s", 'c', -5, -6l, 7u, ~0ul, 0xabcu, 0x123456789aul);
            memmove(text + 3, text, 20);
            uart_puts(text);
            memmove(text, text + 3, 20);
            memset(text + 20, '.', 6);
            print("\n%s\n", text);
            memcpy(text + 1, "12345678", 8);
            print("%s %d %d %d\n", text, strlen(text) == 26, memcmp("ab", "ac", 2) < 0, strcmp("a", "a"));
            return 0;
        }
        """
    )
    with Machine() as machine:
        machine.load(compile_guest(source))
        machine.run(limit=100_000)
        assert machine.console.text.splitlines() == [
            "s|c|-5|-6|7|18446744073709551615|abc|0x123456789a|%|q|",
            "abcabcdefghijklmnopqrstxyz",
            "abcdefghijklmnopqrst......",
            "a12345678jklmnopqrst...... 1 1 0",
        ]


README = (guest_asm_dir() / "README.md").read_text(encoding="utf-8")


def test_the_readme_names_every_header() -> None:
    named = set(re.findall(r"`(\w+\.h)`", README))
    assert named == {path.name for path in (guest_asm_dir() / "include").glob("*.h")}


@pytest.mark.skipif(not available_compilers(), reason="no C compiler for AArch64 on this computer")
@pytest.mark.parametrize("controller", ["rvic", "gicv2"])
def test_the_example_of_the_readme_runs(controller: str, tmp_path: Path) -> None:
    example = re.search(r"^```c\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    assert example is not None
    source = tmp_path / "main.c"
    source.write_text(example[1], encoding="utf-8")
    with Machine(controller=controller) as machine:
        machine.load(source)
        stop = machine.run(limit=2_000_000)
        assert (stop.ok, machine.console.text) == (True, "3 ticks\n"), stop.detail
