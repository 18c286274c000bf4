# SPDX-License-Identifier: MIT
"""The same guest under QEMU's virt board with a GICv2 and here, and what each printed."""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
import tempfile
import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from harness import Machine, Stop
from harness.arch.virt import RAM_BASE, TEXT_OFFSET
from harness.build import load
from harness.image import Program

HERE = Path(__file__).parent
PROBES = HERE / "probes"
QEMU = shutil.which("qemu-system-aarch64")
TIMEOUT = 30  # seconds; a run takes a tenth of one
LIMIT = 100_000_000

needs_qemu = pytest.mark.skipif(QEMU is None, reason="qemu-system-aarch64 is not installed")


class Run(NamedTuple):
    """One guest on one machine."""

    name: str
    cpus: int = 1
    cpu: str = "cortex-a72"

    def __str__(self) -> str:
        return f"{self.name}-{self.cpu}"


RUNS = (
    Run("exceptions"),
    Run("exceptions", cpu="max"),
    Run("mmu"),
    Run("mmu", cpu="max"),
    Run("features", cpu="cortex-a53"),
    Run("features", cpu="cortex-a57"),
    Run("features"),
    Run("features", cpu="max"),
    Run("granules"),
    Run("state"),
    Run("state", cpu="max"),
    Run("code", cpus=2),
    Run("tlb", cpus=2),
    Run("debug"),
    Run("identification"),
    Run("implementation", cpus=2),
    Run("implementation", cpus=2, cpu="cortex-a53"),
    Run("implementation", cpus=2, cpu="cortex-a57"),
    Run("implementation", cpus=2, cpu="max"),
    Run("sysregs"),
    Run("timer"),
    Run("psci", cpus=2),
    Run("devices"),
    Run("gic", cpus=2),
    Run("gic_corners", cpus=2),
)


class Difference(NamedTuple):
    """A probe that the two answer differently: under which name docs/deviations.md says who is right."""

    deviation: str
    ours: str
    qemu: str
    cpu: str | None = None  # on this model alone


def probe_names(name: str) -> list[str]:
    """The probes of a source, in the order in which they run."""
    source = (PROBES / f"{name}.S").read_text(encoding="utf-8")
    return re.findall(r'^ *(?:at_el1|at_el0|show) +"([^"]+)"', source, re.MULTILINE)


@cache
def differences() -> dict[str, Difference]:
    """The probes that are known to differ, by name."""
    tables = tomllib.loads((HERE / "differences.toml").read_text(encoding="utf-8"))
    return {
        probe: Difference(deviation, **answers)
        for deviation, probes in tables.items()
        for probe, answers in probes.items()
    }


@cache
def build(name: str) -> Program:
    """The guest of a source, assembled once for both."""
    return load(PROBES / f"{name}.S", include=(PROBES,))


def flat(program: Program) -> bytes:
    """The guest as the flat binary that it was linked to be."""
    base = RAM_BASE + TEXT_OFFSET
    assert program.entry == base
    image = bytearray(max(s.address + len(s.data) for s in program.segments) - base)
    for segment in program.segments:
        start = segment.address - base
        image[start : start + len(segment.data)] = segment.data
    return bytes(image)


def elf(program: Program) -> bytes:
    """The guest as a static ELF file: a program header for each segment."""
    header = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 2, 183, 1, program.entry, 64, 0, 0, 64, 56,
                         len(program.segments), 64, 0, 0)  # fmt: skip
    at = 64 + 56 * len(program.segments)
    table, contents = b"", b""
    for segment in program.segments:
        place, size = segment.address, len(segment.data)
        table += struct.pack("<IIQQQQQQ", 1, 7, at, place, place, size, segment.memory_size, 1)
        contents += segment.data
        at += size
    return header + table + contents


def run_under_qemu(
    kernel: bytes, cpus: int, cpu: str = "cortex-a72", *, options: Sequence[str] = (), typed: str = ""
) -> tuple[str, int]:
    """Console and exit code."""
    assert QEMU is not None
    with tempfile.NamedTemporaryFile() as file:
        file.write(kernel)
        file.flush()
        command = [QEMU, "-M", "virt,gic-version=2", "-cpu", cpu, "-smp", str(cpus), "-m", "128M"]
        command += [
            "-nographic",
            "-nodefaults",
            "-serial",
            "stdio",
            "-semihosting",
            "-kernel",
            file.name,
            *options,
        ]
        done = subprocess.run(
            command, capture_output=True, input=typed.encode(), timeout=TIMEOUT, check=False
        )
    return done.stdout.decode("latin-1").replace("\r\n", "\n"), done.returncode


def run_here(program: Program, cpus: int, cpu: str = "cortex-a72") -> tuple[str, Stop]:
    """Console, and how the run ended."""
    with Machine(cpus=cpus, controller="gicv2", cpu=cpu) as machine:
        machine.load(program)
        stop = machine.run(limit=LIMIT)
        return machine.console.text, stop


def answers(run: Run, console: str) -> dict[str, str]:
    """What each probe said; AssertionError if one is missing or says something else's name."""
    names, lines = probe_names(run.name), console.splitlines()
    for name, line in zip(names, lines, strict=False):
        assert line.startswith(f"{name}: "), f"expected the probe {name!r}, got {line!r}"
    assert len(lines) == len(names), f"{len(names)} probes, {len(lines)} lines; the last: {lines[-1:]}"
    return {name: line.removeprefix(f"{name}: ") for name, line in zip(names, lines, strict=True)}


@cache
def ours(run: Run) -> dict[str, str]:
    """What each probe says here."""
    console, stop = run_here(build(run.name), run.cpus, run.cpu)
    assert stop.ok, stop
    return answers(run, console)


@cache
def qemus(run: Run) -> dict[str, str]:
    """What each probe says under QEMU."""
    console, code = run_under_qemu(flat(build(run.name)), run.cpus, run.cpu)
    assert code == 0
    return answers(run, console)
