# SPDX-License-Identifier: MIT
"""rvic run of C, --toolchain, --cc, and rvic new --c."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_guests import Rvic

from harness.build import Toolchain, available_compilers, compilers
from harness.errors import GuestError
from harness.scenario.find import find_guest

needs_compiler = pytest.mark.skipif(
    not available_compilers(), reason="no C compiler for AArch64 on this computer"
)
HI = '#include "uart.h"\nint main(void) { uart_puts("hi\\n"); return 0; }\n'
GNU = "_start: b 1f\n .reloc ., R_AARCH64_NONE, 0\n1: movz x0, #0x8400, lsl #16\n movk x0, #8\n hvc #0\n"


@pytest.fixture
def hi_c(tmp_path: Path) -> Path:
    path = tmp_path / "hi.c"
    path.write_text(HI)
    return path


@needs_compiler
def test_a_c_file_runs_by_its_path(rvic: Rvic, hi_c: Path) -> None:
    result = rvic("run", hi_c)
    assert result.status == 0, result.err
    assert "hi\n" in result.out


@needs_compiler
@pytest.mark.parametrize("controller", ["rvic", "gicv2"])
def test_a_c_guest_is_told_of_its_controller(rvic: Rvic, tmp_path: Path, controller: str) -> None:
    path = tmp_path / "a.c"
    path.write_text(
        "#ifdef IRQ_GICV2\nint main(void) { return 2; }\n#else\nint main(void) { return 3; }\n#endif\n"
    )
    assert (
        f'"code": {2 if controller == "gicv2" else 3}'
        in rvic("run", path, "--controller", controller, "--json").out
    )


@needs_compiler
def test_each_error_of_a_c_file_is_a_line_with_its_place(rvic: Rvic, hi_c: Path) -> None:
    hi_c.write_text("int main(void) { return ]; }\n")
    result = rvic("run", hi_c)
    assert result.status == 2
    assert result.err.startswith(f"rvic: error: {hi_c}:1:25: expected expression")
    assert all(line.startswith(f"rvic: error: {hi_c}:1:") for line in result.err.splitlines())


def test_where_there_is_no_compiler_a_c_file_names_the_extra(
    rvic: Rvic, hi_c: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compilers, "available_compilers", dict)
    result = rvic("run", hi_c)
    assert result.status == 2
    assert result.err == (
        "rvic: error: `hi.c` needs a C compiler: pip install 'rvic-harness[toolchain]',"
        " or install aarch64-linux-gnu-gcc\n"
    )


@needs_compiler
def test_assembly_may_be_built_by_a_toolchain(rvic: Rvic, tmp_path: Path) -> None:
    path = tmp_path / "gnu.S"
    path.write_text(GNU)
    assert rvic("run", path).status == 2
    assert rvic("run", path, "--toolchain", "auto").status == 0


@needs_compiler
def test_a_manifest_may_name_its_toolchain_and_the_command_line_another(rvic: Rvic, tmp_path: Path) -> None:
    (tmp_path / "main.S").write_text(GNU)
    (tmp_path / "guest.toml").write_text('[guest]\nsource = "main.S"\ntoolchain = "auto"\n')
    assert rvic("run", tmp_path).status == 0
    assert "reloc" not in rvic("disasm", tmp_path).err
    result = rvic("run", tmp_path, "--cc", "/no/such/gcc")
    assert result.status == 2
    assert "no compiler `/no/such/gcc`" in result.err


def test_a_manifest_with_an_unknown_toolchain_is_refused(tmp_path: Path) -> None:
    (tmp_path / "main.S").write_text(GNU)
    (tmp_path / "guest.toml").write_text('[guest]\nsource = "main.S"\ntoolchain = "tcc"\n')
    with pytest.raises(GuestError, match=r"guest\.toml:3: `guest\.toolchain`"):
        find_guest(tmp_path)


def test_toolchain_and_cc_exclude_each_other(rvic: Rvic, hi_c: Path) -> None:
    result = rvic("run", hi_c, "--toolchain", "gcc", "--cc", "gcc")
    assert result.status == 2
    assert "give one of them" in result.err


@pytest.mark.skipif(Toolchain.GCC not in available_compilers(), reason="no gcc for AArch64 on this computer")
def test_cc_is_the_path_of_a_compiler(rvic: Rvic, hi_c: Path) -> None:
    gcc = available_compilers()[Toolchain.GCC].command[0]
    assert rvic("run", hi_c, "--cc", gcc).status == 0


@needs_compiler
def test_new_makes_a_guest_in_c_whose_tests_pass(rvic: Rvic, pytester: pytest.Pytester) -> None:
    assert rvic("new", pytester.path / "my-driver", "--c").status == 0
    names = sorted(path.name for path in (pytester.path / "my-driver").iterdir())
    assert names == ["README.md", "guest.toml", "main.c", "test_my_driver.py"]
    result = pytester.runpytest_inprocess("my-driver", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=4)


@needs_compiler
def test_the_fixture_builds_with_the_toolchain_it_is_given(pytester: pytest.Pytester) -> None:
    pytester.path.joinpath("main.c").write_text(HI)
    pytester.makepyfile(
        """
        import pytest

        from harness.build import available_compilers


        @pytest.mark.parametrize("toolchain", list(available_compilers()))
        def test_it(machine, toolchain):
            m = machine("main.c", toolchain=toolchain.value)
            m.run(limit=100_000)
            assert m.console.text == "hi\\n"
        """
    )
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=len(available_compilers()))
