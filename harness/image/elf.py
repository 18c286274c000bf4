# SPDX-License-Identifier: MIT
"""Static AArch64 ELF programs: segments at physical addresses, symbols, and the DWARF line table."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.arch.virt import GICD_BASE, RAM_BASE
from harness.errors import GuestError, GuestWarning
from harness.image.elf_code import code_ranges
from harness.image.program import LineMap, Program, Segment, SourceLine, Symbols
from harness.wording import plural

MAGIC = b"\x7fELF"
_HEADER_SIZE = 64
_AARCH64 = 183
_RELOCATABLE, _STATIC, _SHARED = 1, 2, 3
_EXECUTABLE, _WRITABLE = 1, 2
_ADDRESS_END = 1 << 48
_LARGEST = 4 << 30


def is_elf(data: bytes) -> bool:
    """Tells whether data starts as an ELF does."""
    return data.startswith(MAGIC)


def load_elf(data: bytes, path: Path) -> Program:
    """Loads an ELF at its physical addresses; GuestError says why a file cannot be loaded.

    Nothing is relocated: a GuestWarning says so of a program that counts on it, and of variables in flash.
    """
    from elftools.elf.elffile import ELFFile  # here, since it takes a tenth of a second

    _check_header(data, str(path))
    try:
        elf = ELFFile(io.BytesIO(data))
        segments = tuple(_segments(elf, data, str(path)))
        symbols = _symbols(elf)
        dynamic = any(header["p_type"] in ("PT_INTERP", "PT_DYNAMIC") for header in _headers(elf))
        entry = int(elf.header["e_entry"])
    except GuestError:
        raise
    except Exception as error:
        # pyelftools lets whatever a nonsensical table leads to escape: KeyError, AttributeError, struct.error...
        raise GuestError(f"malformed ELF: {error or type(error).__name__}", file=str(path)) from error
    if not segments:
        raise GuestError("an ELF with nothing to load: it has no PT_LOAD segment", file=str(path))
    entry = _physical_entry(elf, entry)
    if dynamic and elf.header["e_type"] == "ET_DYN" and entry < RAM_BASE:
        raise GuestError("a position-independent program: link it with -static -no-pie", file=str(path))
    if not any(segment.address <= entry < segment.end for segment in segments):
        hint = "" if entry else "; has it a global `_start`?"
        raise GuestError(
            f"the ELF's entry point, {entry:#x}, lies in none of its segments{hint}", file=str(path)
        )
    if entry & 3:
        raise GuestError(f"the ELF's entry point, {entry:#x}, is not a multiple of 4", file=str(path))
    if dynamic:
        message = (
            f"{path}: linked as position-independent, and nothing relocates it: link it with -static -no-pie"
        )
        warnings.warn(message, GuestWarning, stacklevel=2)
    ranges = ((segment.address, segment.end) for segment in segments)
    names = Symbols(symbols, ranges)
    return Program(entry, segments, names, "elf", _lines(elf), path, code_ranges(elf))


def _check_header(data: bytes, file: str) -> None:
    """Refuses what is no little-endian 64-bit static AArch64 program, saying what it is instead."""
    if not is_elf(data):
        raise GuestError("not an ELF file", file=file)
    if data[4:5] == b"\x01":  # whose header is shorter
        raise GuestError("a 32-bit ELF: guests are 64-bit AArch64", file=file)
    if len(data) < _HEADER_SIZE:
        raise GuestError(f"truncated ELF: no header fits into {plural(len(data), 'byte')}", file=file)
    if data[4] != 2:
        raise GuestError(f"malformed ELF: class {data[4]} is neither 32-bit nor 64-bit", file=file)
    if data[5] != 1:
        raise GuestError("a big-endian ELF: guests are little-endian AArch64", file=file)
    kind, machine = (int.from_bytes(data[at : at + 2], "little") for at in (16, 18))
    if machine != _AARCH64:
        from elftools.elf.enums import ENUM_E_MACHINE

        names = {number: name for name, number in ENUM_E_MACHINE.items() if isinstance(number, int)}
        name = names.get(machine, f"machine {machine}").removeprefix("EM_")
        raise GuestError(f"an ELF for {name}: guests are AArch64", file=file)
    if kind == _RELOCATABLE:
        raise GuestError(
            "a relocatable object, not a program: link it first (ld -Ttext=0x40080000)", file=file
        )
    if kind not in (_STATIC, _SHARED):
        raise GuestError(f"an ELF of type {kind}: a guest is a static program (ET_EXEC)", file=file)
    offset, size, count = (int.from_bytes(data[a:b], "little") for a, b in ((32, 40), (54, 56), (56, 58)))
    if offset + size * count > len(data):
        raise GuestError("truncated ELF: the program headers lie beyond its end", file=file)


def _segments(elf: Any, data: bytes, file: str) -> Iterator[Segment]:
    for header in _headers(elf):
        if header["p_type"] != "PT_LOAD" or not header["p_memsz"]:
            continue
        address, offset = header["p_paddr"], header["p_offset"]
        size, memory = header["p_filesz"], header["p_memsz"]
        if offset + size > len(data):
            raise GuestError(
                f"truncated ELF: the segment at {address:#x} needs {offset + size} bytes, the file has {len(data)}",
                file=file,
            )
        if size > memory or memory > _LARGEST:
            raise GuestError(
                f"malformed ELF: the segment at {address:#x} is {memory:#x} bytes long", file=file
            )
        if address + memory > _ADDRESS_END:
            raise GuestError(
                f"the ELF's segment at {header['p_vaddr']:#x} is to be loaded to the physical address {address:#x},"
                f" where nothing is: give its sections a load address in RAM, from {RAM_BASE:#x} on (AT() in the"
                " linker script), and map them with the MMU",
                file=file,
            )
        _check_writable(header, file)
        cut = 0 if offset else _only_headers_below_ram(elf, data[:size], address, memory)
        if cut < memory:
            contents = data[offset + cut : offset + size]
            yield Segment(address + cut, contents, memory - cut, bool(header["p_flags"] & _EXECUTABLE))


def _check_writable(header: Any, file: str) -> None:
    """Warns of variables in flash. Those that start-up code copies to RAM have their virtual address there."""
    if not header["p_flags"] & _WRITABLE or max(header["p_paddr"], header["p_vaddr"]) >= GICD_BASE:
        return
    message = (
        f"{file}: the segment at {header['p_paddr']:#x} is writable and lies in flash, where a store is a command"
        f" to the flash and changes no byte: link .data and .bss to RAM, from {RAM_BASE:#x} on"
    )
    warnings.warn(message, GuestWarning, stacklevel=2)


def _headers(elf: Any) -> Iterator[Any]:
    return (segment.header for segment in elf.iter_segments())


def _only_headers_below_ram(elf: Any, contents: bytes, address: int, size: int) -> int:
    """Returns how many bytes of the file's first segment to leave out.

    Linkers map whole pages of the file, its own headers with the first of them: of a program at the start of
    RAM they come to lie below it, where nothing is and nobody looks.
    """
    below = min(RAM_BASE - address, size)
    if below <= 0 or address < GICD_BASE:  # up to there is flash
        return 0
    table = elf.header["e_phoff"]
    end = table + elf.header["e_phentsize"] * elf.header["e_phnum"] if table == _HEADER_SIZE else _HEADER_SIZE
    return 0 if any(contents[end:below]) else below


def _physical_entry(elf: Any, entry: int) -> int:
    """Returns the physical entry point: guests that are linked high start there, with the MMU off."""
    for header in _headers(elf):
        offset = entry - header["p_vaddr"]
        if header["p_type"] == "PT_LOAD" and 0 <= offset < header["p_memsz"]:
            return int(header["p_paddr"] + offset)
    return entry


def _symbols(elf: Any) -> dict[str, int]:
    """Returns names of functions, objects and labels; of two that are alike the global one, else the first."""
    names: dict[str, int] = {}
    local: set[str] = set()
    table = elf.get_section_by_name(".symtab")
    if table is None:
        return names
    for symbol in table.iter_symbols():
        info, name = symbol.entry["st_info"], symbol.name
        if not name or name.startswith(("$", ".L")) or symbol.entry["st_shndx"] in ("SHN_UNDEF", "SHN_ABS"):
            continue
        if info["type"] not in ("STT_NOTYPE", "STT_FUNC", "STT_OBJECT"):
            continue
        is_local = info["bind"] == "STB_LOCAL"
        if name not in names or (name in local and not is_local):
            names[name] = int(symbol.entry["st_value"])
            (local.add if is_local else local.discard)(name)
    return names


def _lines(elf: Any) -> LineMap:
    """Returns the DWARF line table; empty where there is none or it cannot be read, for a guest runs without."""
    try:
        if not elf.has_dwarf_info():
            return LineMap()
        dwarf = elf.get_dwarf_info()
        return LineMap.from_rows(row for unit in dwarf.iter_CUs() for row in _unit_rows(dwarf, unit))
    except Exception:  # a damaged line table costs the line numbers only; pyelftools raises anything
        return LineMap()


def _unit_rows(dwarf: Any, unit: Any) -> Iterator[tuple[int, int, SourceLine]]:
    program = dwarf.line_program_for_CU(unit)
    if program is None:
        return
    entries = program.header["file_entry"]
    first = 0 if program.header["version"] >= 5 else 1  # DWARF 5, 6.2.4: file numbers start at 0
    previous = None
    for entry in program.get_entries():
        state = entry.state
        if state is None:
            continue
        if previous is not None and previous.line:
            name = entries[previous.file - first].name.decode(errors="replace")
            yield previous.address, state.address, SourceLine(name, previous.line)
        previous = None if state.end_sequence else state
