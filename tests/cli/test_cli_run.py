# SPDX-License-Identifier: MIT
"""rvic run: what it prints, and its exit status."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from cli_guests import EXIT_3, FOREVER, HI, POWER_OFF, Rvic

from harness.asm import assemble
from harness.engine.backends import BACKENDS, absence

Guest = Callable[..., Path]


def test_a_guest_that_powers_off_succeeds(rvic: Rvic, hi: Path) -> None:
    result = rvic("run", hi)
    assert result.status == 0
    assert "\nhi\n" in result.out
    assert "power off" in result.out
    assert "\x1b" not in result.out, "a pipe gets no colours"
    assert result.err == ""


def test_json_is_one_object_and_nothing_else(rvic: Rvic, hi: Path) -> None:
    result = rvic("run", hi, "--json")
    assert result.status == 0
    report = json.loads(result.out)
    assert result.out.count("\n") == 1
    assert report["reason"] == "power_off"
    assert report["code"] is None
    assert report["console"] == "hi\n"
    assert report["instructions"] == 10
    assert report["ticks"] >= 10
    assert len(report["cpus"]) == 1
    assert len(report["cpus"][0]["x"]) == 31
    assert report["cpus"][0]["x"][1] == 0x0900_0000
    assert report["cpus"][0]["pc"] == report["symbols"]["done"] + 12
    assert report["ledger"]["total"] == 4
    assert report["met"] is True


REFUSED = """
_start: adr     x0, vectors
        msr     vbar_el1, x0
        movz    x1, #0x0900, lsl #16
        ldxr    w2, [x1]
        ldxr    w2, [x1]
""" + (
    POWER_OFF
    + " .balign 2048\nvectors: .skip 0x200\n mrs x0, elr_el1\n add x0, x0, #4\n msr elr_el1, x0\n eret\n"
)


def test_a_deviation_that_was_met_is_in_the_summary_and_in_the_object(rvic: Rvic, tmp_path: Path) -> None:
    path = tmp_path / "refused.S"
    path.write_text(REFUSED)
    shown = rvic("run", path).out
    assert "deviation mmio-exclusive, 2 times (DDI 0487, B2.9, D17.2.37)\n" in shown
    assert "takes an abort with DFSC 0x35" in shown
    assert json.loads(rvic("run", path, "--json").out)["deviations"] == {"mmio-exclusive": 2}
    traced = rvic("run", path, "--trace").out
    assert traced.count("DIFFER deviation mmio-exclusive") == 2


def test_a_run_without_deviations_says_nothing_of_them(rvic: Rvic, hi: Path) -> None:
    assert "deviation" not in rvic("run", hi).out
    assert json.loads(rvic("run", hi, "--json").out)["deviations"] == {}


def test_json_with_a_trace_keeps_stdout_clean(rvic: Rvic, hi: Path) -> None:
    result = rvic("run", hi, "--json", "--trace")
    assert json.loads(result.out)["console"] == "hi\n"
    assert "SYSTEM_OFF" in result.err


def test_json_has_registers_of_64_bits_exactly(rvic: Rvic, tmp_path: Path) -> None:
    path = tmp_path / "wide.S"
    path.write_text(HI.replace("_start:", "_start: mov x9, #-2\n"))
    assert json.loads(rvic("run", path, "--json").out)["cpus"][0]["x"][9] == 0xFFFF_FFFF_FFFF_FFFE


def test_a_trace_shows_events_and_the_console_between_them(rvic: Rvic, hi: Path) -> None:
    lines = rvic("run", hi, "--trace").out.splitlines()
    console = next(n for n, line in enumerate(lines) if line.endswith("| hi"))
    off = next(n for n, line in enumerate(lines) if "PSCI.SYSTEM_OFF" in line)
    assert any("DABT" in line for line in lines[:console])
    assert console < off


def test_the_trace_is_the_same_in_every_run_and_with_each_backend(rvic: Rvic, hi: Path) -> None:
    here = [backend for backend in BACKENDS if absence(backend) is None]
    traces = {rvic("run", hi, "--trace", "--backend", backend).out for backend in (*here, here[0])}
    assert len(traces) == 1


def test_an_exit_with_another_code_than_0_fails_with_it(rvic: Rvic, tmp_path: Path) -> None:
    path = tmp_path / "exit.S"
    path.write_text(EXIT_3)
    result = rvic("run", path)
    assert result.status == 3
    assert "expected power_off or exit with code 0" in result.out
    assert "got exit with code 3" in result.out
    assert json.loads(rvic("run", path, "--json").out)["code"] == 3


def test_a_guest_that_loops_for_ever_stops_at_the_limit_and_fails(rvic: Rvic, tmp_path: Path) -> None:
    path = tmp_path / "forever.S"
    path.write_text(FOREVER)
    result = rvic("run", path, "--limit", 5000, "--json")
    assert result.status == 1
    assert json.loads(result.out)["reason"] == "limit"
    assert json.loads(result.out)["instructions"] == 5000


def test_a_guest_that_stays_where_it_is_ends_long_before_its_limit(rvic: Rvic, tmp_path: Path) -> None:
    """As many first programs do: print, then branch to itself."""
    path = tmp_path / "stays.S"
    path.write_text("_start: mov x0, #0x09000000\n mov w1, #65\n str w1, [x0]\nhere: b here\n")
    result = rvic("run", path)
    assert result.status == 1
    assert "stuck  CPU0 can never leave `here`" in result.out
    report = json.loads(rvic("run", path, "--json").out)
    assert (report["reason"], report["met"], report["console"]) == ("stuck", False, "A")
    assert report["instructions"] < 1_100_000


def test_a_guest_that_restarts_itself_for_ever_is_stopped(rvic: Rvic, tmp_path: Path) -> None:
    path = tmp_path / "restarts.S"
    path.write_text("_start: ldr x0, =0x84000009\n hvc #0\n")
    result = rvic("run", path, "--restarts", 3)
    assert result.status == 1
    assert "after 3 restarts in this run" in result.out


def test_a_guest_that_jumps_into_nothing_is_told_of_and_fails(rvic: Rvic, tmp_path: Path) -> None:
    path = tmp_path / "lost.S"
    path.write_text("_start: movz x0, #0x1234, lsl #32\n br x0\n")
    result = rvic("run", path)
    assert result.status == 1
    assert "fault" in result.out
    assert "Traceback" not in result.out + result.err


MET = """
[expect]
stop = "power_off"
console = "hi\\n"
console_contains = ["h"]
[expect.symbols]
answer = 42
"""


def test_expectations_that_hold_succeed(rvic: Rvic, guest: Guest) -> None:
    result = rvic("run", guest(HI, MET))
    assert result.status == 0
    assert "all 4 expectations met" in result.out


@pytest.mark.parametrize(
    ("manifest", "unmet"),
    [
        ('[expect]\nstop = "exit"\ncode = 3\n', "end: expected exit with code 3"),
        ('[expect]\nconsole = "ho\\n"\n', "console: expected 'ho\\n'"),
        ('[expect]\nconsole_contains = ["hi", "xyzzy"]\n', "console: expected text 'xyzzy'"),
        ("[expect.symbols]\nanswer = 41\n", "`answer`: expected 41"),
        ("[expect.symbols]\nanswr = 42\n", "`answr`: expected 42"),
        ("[expect.interrupts.27]\ncount = 1\n", "interrupts with INTID 27: expected 1"),
    ],
)
def test_each_expectation_that_does_not_hold_is_named(
    rvic: Rvic, guest: Guest, manifest: str, unmet: str
) -> None:
    result = rvic("run", guest(HI, manifest))
    assert result.status == 1
    assert "FAILED" in result.out
    assert unmet in result.out


def test_a_misspelt_symbol_is_told_with_the_nearest(rvic: Rvic, guest: Guest) -> None:
    assert "did you mean `answer`?" in rvic("run", guest(HI, "[expect.symbols]\nanswr = 42\n")).out


def test_a_source_beside_its_manifest_is_run_as_that_says(rvic: Rvic, guest: Guest) -> None:
    directory = guest(HI, '[expect]\nconsole = "ho\\n"\n')
    assert rvic("run", directory / "main.S").status == 1
    assert rvic("run", directory / "guest.toml").status == 1


ECHO = """
_start: movz    x1, #0x0900, lsl #16
1:      ldr     w2, [x1, #0x18]
        tbnz    w2, #4, 1b
        ldr     w0, [x1]
        str     w0, [x1]
        cmp     w0, #0x0a
        b.ne    1b
        movz    x0, #0x8400, lsl #16
        movk    x0, #0x0008
        hvc     #0
"""


def test_stimuli_come_from_the_command_line_and_the_manifest(rvic: Rvic, guest: Guest) -> None:
    directory = guest(ECHO, '[[stimulus]]\nat = 100\ndo = "uart=one "\n')
    result = rvic("run", directory, "--at", "5000:uart=two\\n", "--json")
    assert json.loads(result.out)["console"] == "one two\n"


def test_options_reach_the_machine(rvic: Rvic, tmp_path: Path) -> None:
    path = tmp_path / "info.S"
    call = "movz x0, #0xc500, lsl #16\n movk x0, #0x0201\n"
    path.write_text(
        f"_start: mov x1, #0\n {call} hvc #0\n mov x20, x1\n mov x1, #1\n {call} hvc #0\n mov x21, x1\n"
        " movz x0, #0x8400, lsl #16\n movk x0, #0x0008\n hvc #0\n"
    )
    result = rvic("run", path, "--trusted", 96, "--untrusted", 128, "--cpus", 2, "--json")
    report = json.loads(result.out)
    assert report["cpus"][0]["x"][20:22] == [96, 128]
    assert len(report["cpus"]) == 2


@pytest.mark.parametrize("profile", ["spec", "kvm"])
@pytest.mark.parametrize("order", ["fifo", "lowest", "random"])
def test_every_profile_and_order_is_accepted(rvic: Rvic, hi: Path, profile: str, order: str) -> None:
    assert rvic("run", hi, "--profile", profile, "--ack-order", order, "--seed", 3).status == 0


def test_the_seed_of_a_random_run_is_shown(rvic: Rvic, hi: Path) -> None:
    row = "seed      7, of the random acknowledge order\n"
    assert row in rvic("run", hi, "--ack-order", "random", "--seed", 7).out
    assert "seed" not in rvic("run", hi, "--seed", 7).out
    assert json.loads(rvic("run", hi, "--seed", 7, "--json").out)["seed"] == 7


def test_a_cpu_that_was_never_started_is_off_at_0(rvic: Rvic, hi: Path) -> None:
    first, second = json.loads(rvic("run", hi, "--cpus", 2, "--json").out)["cpus"]
    assert (first["on"], second["on"], second["pc"]) == (True, False, 0)


ATOMIC = """
        .globl _start
_start: adr     x1, word
        mov     x0, #5
        .word   0xf8200022              // LDADD X0, X2, [X1]
        ldr     x19, [x1]
        ldr     x0, =0x84000008
        hvc     #0
        .ltorg
        .balign 8
word:   .quad   37
"""


def test_the_model_with_everything_has_lse(rvic: Rvic, tmp_path: Path) -> None:
    """DDI 0487, C6.2 (LDADD); ID_AA64ISAR0_EL1.Atomic. A Cortex-A72 has none, and takes an exception."""
    path = tmp_path / "atomic.S"
    path.write_text(ATOMIC)
    assert json.loads(rvic("run", path, "--cpu", "max", "--json").out)["cpus"][0]["x"][19] == 42
    assert rvic("run", path, "--limit", "100").status == 1
    result = rvic("run", path, "--cpu", "pentium")
    assert result.status == 2
    assert (
        result.err == "rvic: error: --cpu 'pentium': choose one of cortex-a53, cortex-a57, cortex-a72, max\n"
    )


def test_a_doubtful_guest_runs_with_a_warning(rvic: Rvic, tmp_path: Path) -> None:
    """Nothing is relocated, as under QEMU: a program with a PT_DYNAMIC runs where it was linked."""
    code = assemble("_start: ldr x0, =0x84000008\n hvc #0\n").segments[0].data
    head = b"\x7fELF" + bytes((2, 1, 1)) + bytes(9)
    head += struct.pack("<HHIQQQIHHHHHH", 2, 183, 1, 0x4008_0000, 64, 0, 0, 64, 56, 2, 64, 0, 0)
    for kind, size in ((1, len(code)), (2, 0)):
        head += struct.pack("<IIQQQQQQ", kind, 5, 0x1000, 0x4008_0000, 0x4008_0000, size, size, 0x1000)
    path = tmp_path / "pie.elf"
    path.write_bytes(head.ljust(0x1000, b"\0") + code)
    result = rvic("run", path, "--json")
    assert (result.status, json.loads(result.out)["reason"]) == (0, "power_off")
    assert result.err == (
        f"rvic: warning: {path}: linked as position-independent, and nothing relocates it:"
        " link it with -static -no-pie\n"
    )
