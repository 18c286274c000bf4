# SPDX-License-Identifier: MIT
"""``.ci/wheel_checks.py``: a wheel whose tag promises what its files do not keep is found out."""

from __future__ import annotations

import platform
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("abi3info", reason="it comes with the tools of a developer: pip install -e '.[dev]'")
ROOT = Path(__file__).resolve().parents[2]
CORE = "harness/engine/native/_cpu.abi3.so"
WHY_NOT = {"harness/engine/native/why_not.txt": b"no compiler"}
X86_64 = "manylinux2014_x86_64.manylinux_2_17_x86_64"
Faults = Callable[[str, dict[str, bytes]], list[str]]


@pytest.fixture
def faults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Faults:
    """The faults of a wheel with a tag and files."""
    monkeypatch.syspath_prepend(str(ROOT / ".ci"))
    import wheel_checks

    def of(tag: str, files: dict[str, bytes]) -> list[str]:
        path = tmp_path / f"rvic_harness-1-{tag}.whl"
        python, abi, platforms = tag.split("-")
        tags = "".join(f"Tag: {python}-{abi}-{platform}\n" for platform in platforms.split("."))
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("rvic_harness-1.dist-info/WHEEL", tags)
            for name, content in files.items():
                archive.writestr(name, content)
        return wheel_checks.faults(path)

    return of


@pytest.fixture(scope="session")
def extension() -> bytes:
    """An extension module of another package: linked to the C library, and to much of Python."""
    import msgspec._core

    return Path(msgspec._core.__file__).read_bytes()


def test_a_wheel_for_any_platform_has_nothing_compiled_and_says_why(faults: Faults, extension: bytes) -> None:
    assert faults("py3-none-any", WHY_NOT) == []
    assert len(faults("py3-none-any", {})) == 1
    assert len(faults("py3-none-any", WHY_NOT | {CORE: extension})) == 1


def test_a_wheel_for_one_platform_has_the_core(faults: Faults) -> None:
    assert faults(f"cp311-abi3-{X86_64}", {}) == [f"it has no {CORE}"]


def test_a_wheel_for_every_python_has_no_module_for_one(faults: Faults, extension: bytes) -> None:
    module = "harness/gic/gic.cpython-311-x86_64-linux-gnu.so"
    found = faults(f"cp311-abi3-{X86_64}", {CORE: extension, module: extension, "harness/gic/gic.py": b""})
    assert f"it is for every Python, and has modules for one: ['{module}']" in found


def test_a_compiled_module_is_for_the_python_of_its_wheel_and_has_its_source(
    faults: Faults, extension: bytes
) -> None:
    module = "harness/gic/gic.cpython-313-x86_64-linux-gnu.so"
    found = faults(f"cp311-cp311-{X86_64}", {CORE: extension, module: extension})
    assert f"{module} is not for cp311" in found
    assert f"{module} has no source beside it" in found


def test_a_file_of_another_kind_of_computer(faults: Faults, extension: bytes) -> None:
    here, other = ("x86_64", "aarch64") if platform.machine() == "x86_64" else ("aarch64", "x86_64")
    found = faults(f"cp311-abi3-musllinux_1_1_{other}", {CORE: extension})
    assert f"{CORE}: it is for {here}, not musllinux_1_1_{other}" in found
    assert faults("cp311-abi3-macosx_11_0_arm64", {CORE: extension}) == [
        f"{CORE}: it is no Mach-O file for macosx_11_0_arm64"
    ]
