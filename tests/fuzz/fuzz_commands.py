# SPDX-License-Identifier: MIT
"""Fuzzer of command lines and environments: an answer, a status and, for bad input, one clear line.

Most cases call the command in this process; some start a real one, with an odd environment and with odd files for
its input and output. What must not be: a traceback, a status that the guide does not have, silence about an error.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from random import Random
from typing import Final

from harness.cli import BAD_INPUT, invoke
from harness.cli.given import spelling
from harness.cli.run_options import RunOptions
from harness.declaration import Option, declared
from harness.options import MachineOptions

LIMIT: Final = "3000"
_GUEST: Final = """
        .globl _start
_start: ldr     x0, =0x84000008
        hvc     #0
"""
_MANIFEST: Final = 'description = "a guest"\n[run]\nlimit = 3000\n[expect]\nstop = "power_off"\n'
_WORDS: Final = (
    *(
        "",
        " ",
        "-",
        "--",
        "0",
        "1",
        "-1",
        "2",
        "8",
        "64",
        "9" * 30,
        "1e9",
        "0x10",
        "nan",
        "1.5",
        "None",
        "true",
    ),
    *(
        "x" * 300,
        "é",
        "\udcff",
        "\N{SNOWMAN}",
        "a b",
        "'",
        '"',
        "\n",
        "\t",
        "[bold]",
        "%s",
        "{}",
        "\\",
        "\x1b[31m",
    ),
    *(
        "rvic",
        "vgic",
        "trap",
        "gicv2",
        "max",
        "kvm",
        "fifo",
        "random",
        "hvc",
        "smc",
        "legacy",
        "qemu",
        "gcc",
        "zig",
    ),
    *(
        "64M",
        "1K",
        "4096",
        "255G",
        "1T",
        "3000:spi=1",
        "0:spi=2:high",
        "1:line=27",
        "5:uart=x",
        ":",
        "=",
        "1:",
        "spi=1",
    ),
    *("string:hello", "file:input", "file:none", "file:", "string:", "stdio", "file:/dev/null"),
    *(
        "main.S",
        "guest",
        "broken.S",
        "broken",
        "none",
        "none.S",
        "empty.bin",
        "noise.bin",
        "noise.elf",
        "guest.toml",
    ),
    *(
        ".",
        "..",
        "/",
        "/dev/null",
        "/proc/self/mem",
        "secret",
        "locked/main.S",
        "link",
        "tick",
        "hello",
        "ticks",
    ),
    *(
        "disk.img",
        "disk.img,rw",
        "disk.img,snapshot,slot=3",
        "disk.img,slot=99",
        "disk.img,slot=x",
        ",rw",
        "noise.gz",
    ),
)
_COMMANDS: Final = (
    "run",
    "run",
    "run",
    "run",
    "run",
    "run",
    "disasm",
    "list",
    "new",
    "compare",
    "version",
    "",
)
_GOOD: Final = (
    "main.S",
    "guest",
    "tick",
    "hello",
    "broken.S",
    "broken",
    "noise.bin",
    "noise.elf",
    "noise.gz",
)
_FITTING: Final = {
    "at": ("3000:spi=1", "0:spi=2:high", "1:line=27", "5:uart=x"),
    "serial": ("string:hello", "file:input"),
    "drives": ("disk.img", "disk.img,rw", "disk.img,snapshot"),
    "memory": ("64M", "4096K", "1G"),
    "append": ("quiet",),
    "initrd": ("input",),
    "dump_dtb": ("tree.dtb",),
    "semihosting_dir": (".",),
}
_OPTIONS: Final[tuple[tuple[str, Option], ...]] = tuple(
    (flag, option)
    for struct in (RunOptions, MachineOptions)
    for option in declared(struct).values()
    if option.extra("cli", True)
    for flag in spelling(option).split("/")
)


def make_files(random: Random) -> None:
    """Makes what the words above name, in the current directory."""
    Path("main.S").write_text(_GUEST)
    Path("broken.S").write_text("_start: frob x0\n" * random.randrange(1, 4))
    for name in ("guest", "broken"):
        Path(name).mkdir()
        Path(name, "main.S").write_text(_GUEST)
    Path("guest/guest.toml").write_text(_MANIFEST)
    Path("broken/guest.toml").write_text(
        _MANIFEST[: random.randrange(len(_MANIFEST))] + random.choice(_WORDS[:20]).replace("\udcff", "")
    )
    for name, head in (("noise.bin", b""), ("noise.elf", b"\x7fELF\2\1\1"), ("noise.gz", b"\x1f\x8b\x08")):
        Path(name).write_bytes(head + random.randbytes(random.choice((0, 100, 5000))))
    Path("empty.bin").touch()
    Path("disk.img").write_bytes(bytes(4096))
    Path("input").write_bytes(random.randbytes(20))
    Path("link").symlink_to("link")


def random_option(random: Random) -> list[str]:
    """Returns an option with its value, mostly one that fits."""
    flag, option = random.choice(_OPTIONS)
    if option.is_flag:
        return [flag]
    fitting = option.choices or _FITTING.get(option.name, ("1", "2", "32", "64"))
    value = random.choice(fitting if random.random() < 0.7 else _WORDS)
    return [flag, value] if random.random() < 0.8 else [f"{flag}={value}"]


def random_arguments(random: Random) -> list[str]:
    """Returns a command line; each that runs a guest has a limit, so that it ends."""
    command = random.choice(_COMMANDS)
    if command == "compare":
        return [
            "compare",
            "none",
            *random.choice(((), ("--json",), ("--markdown",))),
        ]
    arguments = [command] if command else []
    if random.random() < 0.8:
        arguments.append(random.choice(_GOOD) if random.random() < 0.7 else random.choice(_WORDS))
    if command == "run":
        for _ in range(random.choice((0, 0, 1, 1, 2, 3, 6))):
            arguments += random_option(random)
        if "--limit" not in arguments:
            arguments += ["--limit", LIMIT]
    if random.random() < 0.1:
        arguments.insert(random.randrange(len(arguments) + 1), random.choice(_WORDS))
    return arguments


def random_environment(random: Random) -> dict[str, str]:
    """Returns the variables that a program, its libraries and its interpreter look at, with odd values."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }
    for name, values in {
        "COLUMNS": ("0", "1", "20", "80", "100000", "x", "-5", ""),
        "LINES": ("0", "x"),
        "TERM": ("dumb", "xterm-256color", "", "unknown"),
        "NO_COLOR": ("", "1"),
        "FORCE_COLOR": ("1",),
        "LC_ALL": ("C", "POSIX", "C.UTF-8", "xx_YY"),
        "PYTHONIOENCODING": ("ascii", "latin-1", "utf-8:strict"),
        "PYTHONUTF8": ("0", "1"),
        "HOME": ("/nonexistent", ""),
        "TMPDIR": ("/nonexistent",),
        "PYTHONWARNINGS": ("error", "ignore"),
    }.items():
        if random.random() < 0.25:
            environment[name] = random.choice(values)
    return environment


def judge(arguments: Sequence[str], status: int, errors: str, *, readable: bool = True) -> str:
    """Says what came of a command; AssertionError for what must not."""
    assert "Traceback" not in errors, f"{arguments}: {errors}"
    assert 0 <= status <= 255, (arguments, status)
    if status == BAD_INPUT and readable:
        assert errors.strip(), f"{arguments}: status 2, and not a word"
    command = arguments[0] if arguments and arguments[0] in _COMMANDS else "other"
    return f"{command:>8} status {status if status < 3 else 'of a guest'}"


def call(arguments: Sequence[str]) -> str:
    """Runs a command line in this process."""
    output, errors = (io.TextIOWrapper(io.BytesIO(), "utf-8", errors="backslashreplace") for _ in range(2))
    with redirect_stdout(output), redirect_stderr(errors):
        status = invoke(list(arguments))
    errors.seek(0)
    return judge(arguments, status, errors.read())


def start(arguments: Sequence[str], random: Random) -> str:
    """Runs a command line in a process of its own, with files that may not be there to read or to write."""
    redirection = random.choice(
        ("", "", "", "</dev/null", "<&-", ">&-", "2>&-", ">&- 2>&-", ">/dev/full", "2>/dev/full")
    )
    done = subprocess.run(
        ["/bin/sh", "-c", f'exec "$@" {redirection}', "sh", sys.executable, "-c", _PROGRAM, *arguments],
        env=random_environment(random),
        capture_output=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    readable = "2>" not in redirection
    return "process: " + judge(
        arguments, done.returncode, done.stderr.decode(errors="replace"), readable=readable
    )


_PROGRAM: Final = "from harness.cli import main; main()"


def one(random: Random) -> str:
    """Tries one command line, in a directory of its own."""
    arguments = random_arguments(random)
    with tempfile.TemporaryDirectory() as directory, chdir(directory):
        make_files(random)
        if random.random() < 0.05 and not any("\0" in word for word in arguments):
            return start(arguments, random)
        return call(arguments)


if __name__ == "__main__":
    from campaign import main

    sys.exit(main("command lines", one, count=1000))
