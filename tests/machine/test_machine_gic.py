# SPDX-License-Identifier: MIT
"""How much of everything a machine's physical GICv2 has, and what a guest sees of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness import ConfigError, Machine, StopReason
from harness.cli import invoke
from harness.gic import Frame
from harness.scenario.find import find_guest
from harness.scenario.reading import read_manifest
from harness.scenario.report import run

Make = Callable[..., Machine]
GICH_VTR, VTR_LIST_REGS = 0x004, 0x3F
LOOK = """
main:   mov w1, #0xff
        ldr x0, =0x08000428     // GICD_IPRIORITYR of INTID 40
        strb w1, [x0]
        ldrb w19, [x0]
        ldr x0, =0x08010004     // GICC_PMR
        str w1, [x0]
        ldr w20, [x0]
        b psci_system_off
"""


@pytest.mark.parametrize("count", [1, 4, 16, 64])
def test_a_cpu_has_as_many_list_registers_as_asked_for(count: int) -> None:
    """IHI 0048B, 5.3.2: GICH_VTR.ListRegs is one less."""
    with Machine(memory="2M", list_registers=count) as machine:
        assert machine.board.gic.read(Frame.GICH, 0, GICH_VTR, 4) & VTR_LIST_REGS == count - 1


@pytest.mark.parametrize(("bits", "mask"), [(4, 0xF0), (5, 0xF8), (6, 0xFC), (7, 0xFE), (8, 0xFF)])
@pytest.mark.parametrize("controller", ["gicv2", "trap", "vgic"])
def test_a_guest_sees_the_bits_of_a_priority(guest: Make, controller: str, bits: int, mask: int) -> None:
    """3.3. A virtual CPU interface has five, whatever the physical one has, and so has its distributor (5.3.2)."""
    machine = guest(LOOK, controller=controller, priority_bits=bits)
    assert machine.run(limit=100).reason is StopReason.POWER_OFF
    seen = 0xF8 if controller == "vgic" else mask
    assert list(machine.cpus[0].x[19:21]) == [seen, seen]


@pytest.mark.parametrize(
    ("controller", "options"),
    [
        ("rvic", {"priority_bits": 4}),
        ("vgic", {"priority_bits": 4}),
        ("vgic", {"list_registers": 1}),
        ("trap", {"priority_bits": 8}),
        ("gicv2", {"priority_bits": 8}),
    ],
)
def test_a_firmware_works_with_any_gic(controller: str, options: dict[str, int]) -> None:
    """What EL2 itself uses of the physical one does not depend on its size."""
    report = run(find_guest("ipi").with_machine(controller=controller, **options))
    assert report.met, report.unmet


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"list_registers": 0}, "list_registers=0: 1 to 64"),
        ({"list_registers": 65}, "list_registers=65: 1 to 64"),
        ({"priority_bits": 3}, "priority_bits=3: 4 to 8"),
        ({"priority_bits": 9}, "priority_bits=9: 4 to 8"),
    ],
)
def test_what_no_gicv2_has_is_refused(
    options: dict[str, int], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ConfigError, match=message):
        Machine(**options)
    words = [word for name, n in options.items() for word in (f"--{name.replace('_', '-')}", str(n))]
    assert invoke(["run", "ipi", *words]) == 2
    error = capsys.readouterr().err
    assert f"--{message.replace('_', '-')}" in error
    assert error.count("\n") == 1


def test_a_manifest_and_the_command_line_can_ask_for_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = "_start: ldr x0, =0x84000008\n hvc #0\n"
    (tmp_path / "main.S").write_text(source)
    path = tmp_path / "guest.toml"
    path.write_text('[guest]\nsource = "main.S"\n[machine]\nlist_registers = 2\npriority_bits = 6\n')
    assert read_manifest(path).machine.options == {"list_registers": 2, "priority_bits": 6}
    words = ["--list-registers", "16", "--priority-bits", "8"]
    assert invoke(["run", str(tmp_path / "main.S"), *words]) == 0
    path.write_text('[guest]\nsource = "main.S"\n[machine]\nlist_register = 2\n')
    assert invoke(["run", str(path)]) == 2
    assert "did you mean `list_registers`?" in capsys.readouterr().err


def test_a_manifest_with_an_unknown_kind_of_uart_is_told_the_known_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "main.S").write_text("nop\n")
    path = tmp_path / "guest.toml"
    path.write_text('[guest]\nsource = "main.S"\n[machine]\nuart = "8250"\n')
    assert invoke(["run", str(path)]) == 2
    assert "guest.toml:4: `machine.uart`: uart '8250': choose one of pl011, qemu" in capsys.readouterr().err


@pytest.mark.parametrize(
    "name",
    [
        *("cpus", "trusted", "untrusted", "seed", "ticks_per_instruction"),
        *("priority_bits", "list_registers", "quantum", "rvic_base"),
    ],
)
@pytest.mark.parametrize("value", [2.5, "2"])
def test_what_is_a_number_has_to_be_whole(name: str, value: object) -> None:
    with pytest.raises(ConfigError, match=rf"^{name}=.*whole number"):
        Machine(**{name: value})  # type: ignore[arg-type]  # that is the mistake
