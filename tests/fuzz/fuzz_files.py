# SPDX-License-Identifier: MIT
"""Fuzzer of damaged files: each is used, or refused in one line that begins with its name.

A binary is loaded, and some are run; a device tree is read, written and read again; a manifest is read, and its
machine made; a drive is read and written as a copy of it says. What must not be: another exception, a message of
two lines, a device tree that changes on its way.
"""

from __future__ import annotations

import sys
import tempfile
import warnings
from pathlib import Path
from random import Random
from typing import Final

from damaged_file import MAKERS, damaged

from harness import ConfigError, GuestError, HarnessError, Machine
from harness.build import load
from harness.errors import GuestWarning
from harness.files import read_file
from harness.host.drives import SECTOR, open_drive
from harness.host.typed import serial_input
from harness.image import dtb
from harness.scenario.prepare import prepare
from harness.scenario.reading import read_manifest

LIMIT: Final = 500
SOURCE: Final = "mov w0, #0x84000000\n add w0, w0, #8\n hvc #0\n"
_TYPED: Final = (
    "a",
    "\\n",
    "\\x41",
    "\\x",
    "\\q",
    "\\",
    "é",
    "\udce9",
    "\ud800",
    "\0",
    ":",
    "string:",
    "file:",
)


def use_binary(path: Path, random: Random) -> str:
    """Loads a guest, and runs one in five."""
    program = load(path)
    if random.random() < 0.8:
        return "loads"
    with Machine(memory="4M", controller=random.choice(("rvic", "gicv2"))) as machine:
        machine.load(program)
        return f"ends by {machine.run(limit=LIMIT).reason.value}"


def use_tree(path: Path, random: Random) -> str:
    """Reads a device tree, and gives it to a guest in one case of twenty."""
    data = read_file(path)
    found = dtb.unflatten(data, str(path))
    assert dtb.unflatten(dtb.flatten(found)) == found
    if random.random() < 0.95:
        return "is a tree"
    source = path.with_name("main.S")
    source.write_text(SOURCE)
    with Machine(memory="4M") as machine:
        machine.load(source, dtb=path, append="loud" if random.random() < 0.5 else None)
        return f"ends by {machine.run(limit=LIMIT).reason.value}"


def use_manifest(path: Path, random: Random) -> str:
    """Reads a manifest, and runs what it asks for in one case of five."""
    path.with_name("main.S").write_text(SOURCE)
    found = read_manifest(path)
    memory = found.machine.options.get("memory", "")
    if random.random() < 0.8 or memory != "4M":
        return "is read"
    with prepare(found) as machine:
        return f"ends by {machine.run(limit=LIMIT).reason.value}"


def use_drive(path: Path, random: Random) -> str:
    """Reads and writes a drive, and compares with a copy; what a snapshot keeps, the file does not have."""
    before = random.randbytes(random.choice((0, 1, 511, 512, 513, 4096, 5000)))
    path.write_bytes(before)
    mode = random.choice(("", ",ro", ",rw", ",snapshot", ",rx"))
    disk = open_drive(f"{path}{mode}")
    try:
        copy = bytearray(before)
        for _ in range(random.randrange(12)):
            sector, size = random.randrange(12), SECTOR * random.randrange(1, 4)
            at = sector * SECTOR
            if mode in (",rw", ",snapshot") and random.random() < 0.5:
                data = random.randbytes(size)
                disk.write(at, data)
                copy[len(copy) :] = bytes(max(0, at - len(copy)))
                copy[at : at + size] = data
            else:
                read = disk.read(at, size)
                assert read.rstrip(b"\0") == bytes(copy[at : at + size]).rstrip(b"\0")
        disk.flush()
    finally:
        disk.close()
    assert path.read_bytes() == (bytes(copy) if mode == ",rw" else before)
    return f"agrees{mode}"


def use_serial(path: Path, random: Random) -> str:
    """Gives text to type, or the name of a file with it."""
    text = "".join(random.choice(_TYPED) for _ in range(random.randrange(6)))
    path.write_bytes(b"typed")
    given = random.choice((f"string:{text}", text, f"file:{path}", f"file:{path}{text}"))
    typed = serial_input(given)
    assert given.startswith("string:") or typed == b"typed"
    return "is typed"


def one(random: Random) -> str:
    """Tries one file, in a directory of its own."""
    name = random.choice((*MAKERS, "disk.img", "typed"))
    with tempfile.TemporaryDirectory() as directory, warnings.catch_warnings():
        warnings.simplefilter("ignore", GuestWarning)
        path = Path(directory, name)
        if name in MAKERS:
            path.write_bytes(damaged(MAKERS[name](random), random))
        try:
            outcome = _use(path, random)
        except HarnessError as error:
            outcome = "is refused"
            _check(error, path)
    return f"{name:>14} {outcome}"


def _use(path: Path, random: Random) -> str:
    match path.name:
        case "board.dtb":
            return use_tree(path, random)
        case "guest.toml":
            return use_manifest(path, random)
        case "disk.img":
            return use_drive(path, random)
        case "typed":
            return use_serial(path, random)
        case _:
            return use_binary(path, random)


def _check(error: HarnessError, path: Path) -> None:
    """AssertionError unless the message is one for people: a line, and the file that it is about."""
    message = str(error)
    assert message.isprintable(), repr(message)
    if isinstance(error, GuestError):
        assert error.file is None or Path(error.file).parent == path.parent, message
        assert error.file is not None, message
    else:
        assert isinstance(error, ConfigError), message


if __name__ == "__main__":
    from campaign import main

    sys.exit(main("damaged files", one, count=5000))
