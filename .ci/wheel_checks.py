# SPDX-License-Identifier: MIT
"""Check a wheel: its tag promises no more than what is compiled in it keeps.

A manylinux tag promises glibc 2.17 and no other library (PEP 599, PEP 600), ``abi3`` the limited API of Python
alone (PEP 384). Nothing may be linked to Python, which brings its symbols itself, or to Unicorn, whose licence is
not ours.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path

from abi3info import DATAS, FUNCTIONS
from abi3info.models import PyVersion, Symbol
from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection

CORE = "harness/engine/native/_cpu.abi3.so"
WHY_NOT = "harness/engine/native/why_not.txt"
LOWEST_GLIBC = (2, 17)
LOWEST_PYTHON = PyVersion(3, 11)
LIBRARIES = {
    "manylinux": {
        "libc.so.6",
        "libm.so.6",
        "libpthread.so.0",
        "ld-linux-x86-64.so.2",
        "ld-linux-aarch64.so.1",
    },
    "musllinux": {"libc.so", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"},
    "macosx": {"/usr/lib/libSystem.B.dylib"},
}
_BEFORE_IT_WAS_STABLE = {
    "PyObject_Vectorcall"
}  # 3.11 has it, documented and the same; the limited API since 3.12
_OF_LINKERS = {"", "_init", "_fini", "__bss_start", "_edata", "_end"}
_MACH_O_64 = 0xFEEDFACF
_CPU_TYPES = {0x01000007: "x86_64", 0x0100000C: "arm64"}
_LC_LOAD_DYLIB = 0xC


def faults(wheel: Path) -> list[str]:
    """Returns what is wrong with a wheel, a line each."""
    python, abi, platforms = wheel.stem.split("-")[2:]
    with zipfile.ZipFile(wheel) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    compiled = {name: content for name, content in files.items() if name.endswith((".so", ".dylib", ".pyd"))}
    return list(_faults(python, abi, platforms, files, compiled))


def _faults(
    python: str, abi: str, platforms: str, files: dict[str, bytes], compiled: dict[str, bytes]
) -> Iterator[str]:
    (told,) = (content.decode() for name, content in files.items() if name.endswith(".dist-info/WHEEL"))
    tags = {f"{python}-{abi}-{platform}" for platform in platforms.split(".")}
    if set(re.findall(r"^Tag: (.+)$", told, re.MULTILINE)) != tags:
        yield f"its name and its WHEEL file have different tags: {sorted(tags)}"
    if platforms == "any":
        if compiled or WHY_NOT not in files:
            yield "a wheel for any platform has nothing compiled, and says so"
        return
    if CORE not in compiled or WHY_NOT in files:
        yield f"it has no {CORE}"
    others = compiled.keys() - {CORE}
    if abi == "abi3" and others:
        yield f"it is for every Python, and has modules for one: {sorted(others)}"
    if abi != "abi3" and not others:
        yield "it is for one Python, and has nothing compiled for it"
    suffix = f".cpython-{python[2:]}-"
    yield from (f"{name} is not for {python}" for name in others if suffix not in name)
    yield from (f"{name} has no source beside it" for name in others if not _has_source(name, files))
    for name, content in compiled.items():
        inside = _mach_o(content, platforms) if platforms.startswith("macosx") else _elf(content, platforms)
        yield from (f"{name}: {fault}" for fault in inside)


def _has_source(name: str, files: dict[str, bytes]) -> bool:
    module = name.split(".")[0]
    return module.endswith("__mypyc") or f"{module}.py" in files


def _elf(content: bytes, platforms: str) -> Iterator[str]:
    file = ELFFile(io.BytesIO(content))
    machine = {"EM_X86_64": "x86_64", "EM_AARCH64": "aarch64"}.get(file["e_machine"], file["e_machine"])
    yield from (
        f"it is for {machine}, not {tag}" for tag in platforms.split(".") if not tag.endswith(machine)
    )
    kind = "manylinux" if "manylinux" in platforms else "musllinux"
    for section in file.iter_sections():
        if isinstance(section, DynamicSection):
            needed = {tag.needed for tag in section.iter_tags("DT_NEEDED")}
            yield from (f"it needs {library}" for library in sorted(needed - LIBRARIES[kind]))
            for kind_of_path in ("DT_RPATH", "DT_RUNPATH"):
                yield from (f"it has a {kind_of_path}" for _ in section.iter_tags(kind_of_path))
        if isinstance(section, GNUVerNeedSection):
            versions = {one.name for _, auxiliary in section.iter_versions() for one in auxiliary}
            yield from (f"it needs {version}" for version in sorted(versions) if not _is_old(version))
    symbols = file.get_section_by_name(".dynsym")
    wanted = {one.name for one in symbols.iter_symbols() if one["st_shndx"] == "SHN_UNDEF" and one.name}
    offered = {one.name for one in symbols.iter_symbols() if one["st_shndx"] != "SHN_UNDEF"}
    yield from _symbols(wanted, offered, limited="PyInit__cpu" in offered)


def _is_old(version: str) -> bool:
    number = re.fullmatch(r"GLIBC_(\d+)\.(\d+)(\.\d+)?", version)
    return number is not None and (int(number[1]), int(number[2])) <= LOWEST_GLIBC


def _symbols(wanted: set[str], offered: set[str], *, limited: bool) -> Iterator[str]:
    yield from (f"it wants {name}, which is Unicorn's" for name in sorted(wanted) if name.startswith("uc_"))
    if not limited:
        return
    if offered - _OF_LINKERS != {"PyInit__cpu"}:
        yield f"it offers {sorted(offered)}"
    of_python = sorted(name for name in wanted if name.startswith(("Py", "_Py")))
    if not of_python:
        yield "it wants nothing of Python: what could it do?"
    for name in of_python:
        entry = FUNCTIONS.get(Symbol(name)) or DATAS.get(Symbol(name))
        if entry is None or (entry.added > LOWEST_PYTHON and name not in _BEFORE_IT_WAS_STABLE):
            yield f"it wants {name}, which is not in the limited API of Python {LOWEST_PYTHON}"


def _mach_o(content: bytes, platforms: str) -> Iterator[str]:
    magic, cpu, _, _, commands, _, _, _ = struct.unpack_from("<8I", content)
    if magic != _MACH_O_64 or not platforms.endswith(_CPU_TYPES.get(cpu, "?")):
        yield f"it is no Mach-O file for {platforms}"
        return
    position = 32
    for _ in range(commands):
        command, size, name_at = struct.unpack_from("<3I", content, position)
        if command == _LC_LOAD_DYLIB:
            library = content[position + name_at : position + size].split(b"\0")[0].decode()
            if library not in LIBRARIES["macosx"]:
                yield f"it needs {library}"
        position += size
