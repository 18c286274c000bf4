# SPDX-License-Identifier: MIT
"""Build of what a wheel has compiled: the C core of the engine and, where asked for, modules compiled by mypyc.

hatchling calls :class:`CompiledBuildHook` (pyproject.toml). By itself it compiles the C core with the C compiler
that is here, or else with PyPI's ``ziglang``, which it asks for only then; where neither does it, the wheel is pure
Python and says why. The environment may say otherwise:

- ``RVIC_CORE=0``: no C core.
- ``RVIC_TARGET=x86_64-linux``, or another of TARGETS: the C core for that platform, by ziglang.
- ``RVIC_MYPYC=1``: the modules that pyproject.toml lists are compiled as well.

What was asked for in this way and cannot be had ends the build.
"""

from __future__ import annotations

import importlib.util
import os
import shlex
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ZIGLANG = "ziglang>=0.13"
MYPYC = (
    "mypy>=1.18",
    "setuptools>=70",
    "msgspec>=0.19",
)  # mypyc, its way to a C compiler, a module that it must see
NATIVE = "harness/engine/native"
WHY_NOT = f"{NATIVE}/why_not.txt"  # what `rvic version` says where there is no core
_WRONG_CODE = ("int-conversion", "incompatible-pointer-types")


class Target(NamedTuple):
    """Platform that a wheel can be made for on another: zig's name of it, and pip's (PEP 600, PEP 656)."""

    zig: str
    pip: str

    def compiler(self) -> list[str]:
        """Returns the command of zig's C compiler, for any CPU of the platform."""
        return [sys.executable, "-m", "ziglang", "cc", "-target", self.zig, "-mcpu=baseline"]


TARGETS = {
    "x86_64-linux": Target("x86_64-linux-gnu.2.17", "manylinux2014_x86_64.manylinux_2_17_x86_64"),
    "aarch64-linux": Target("aarch64-linux-gnu.2.17", "manylinux2014_aarch64.manylinux_2_17_aarch64"),
    "x86_64-linux-musl": Target("x86_64-linux-musl", "musllinux_1_1_x86_64"),
    "aarch64-linux-musl": Target("aarch64-linux-musl", "musllinux_1_1_aarch64"),
    "x86_64-macos": Target("x86_64-macos.10.14", "macosx_10_14_x86_64"),
    "aarch64-macos": Target("aarch64-macos.11.0", "macosx_11_0_arm64"),
}


class CompiledBuildHook(BuildHookInterface):  # type: ignore[type-arg] # hatchling loads the one subclass in this file
    """Compiles before a wheel is put together, and gives it the tag that follows."""

    def dependencies(self) -> list[str]:
        """Returns what the build needs besides: ziglang only where no compiler of this computer makes the core."""
        wanted = [*MYPYC] if _mypyc_is_asked_for() else []
        if _target() is not None:
            wanted.append(ZIGLANG)
        elif os.environ.get("RVIC_CORE") != "0" and sys.platform != "win32":
            with tempfile.TemporaryDirectory() as scratch:
                if self._core_for_here(Path(scratch)) is not None and _to_be_had("ziglang"):
                    wanted.append(ZIGLANG)
        return wanted

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compiles; what an editable install has compiled is in the checkout itself."""
        editable = version == "editable"
        self._scratch = tempfile.TemporaryDirectory(prefix="rvic-build-")
        made = Path(self._scratch.name, "made")
        os.environ.setdefault("ZIG_GLOBAL_CACHE_DIR", str(made.with_name("zig")))  # 50 MB for one build
        target = _target()
        why_not = self._core(made, target)
        if why_not is not None:
            self.app.display_warning(f"no C core, so slower: {why_not}")
            (made / WHY_NOT).write_text(why_not + "\n", encoding="utf-8")
        of_python = "cp311-abi3"
        if _mypyc_is_asked_for():
            if editable:
                raise SystemExit(
                    "RVIC_MYPYC=1: compiled modules would hide the sources of an editable install"
                )
            _compile_by_mypyc(Path(self.root), made, self._modules_for_mypyc(), target)
            of_python = "cp{0}{1}-cp{0}{1}".format(*sys.version_info)
        files = {str(path.relative_to(made)): path for path in made.rglob("*") if path.is_file()}
        if editable:
            for old in (*Path(self.root, NATIVE).glob("*.so"), Path(self.root, WHY_NOT)):
                old.unlink(missing_ok=True)
            for name, path in files.items():
                Path(self.root, name).write_bytes(path.read_bytes())
        else:
            build_data["force_include"].update({str(path): name for name, path in files.items()})
        if any(name.endswith(".so") for name in files):
            build_data["pure_python"] = False
            build_data["tag"] = f"{of_python}-{target.pip if target is not None else _platform_tag()}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Removes what has been copied into the wheel."""
        self._scratch.cleanup()

    def _core(self, made: Path, target: Target | None) -> str | None:
        """Makes the C core below ``made``; returns why it could not, in one line."""
        directory = made / NATIVE
        directory.mkdir(parents=True)
        if target is not None:
            self._native_compiler().build(directory, target.compiler())
            return None
        if os.environ.get("RVIC_CORE") == "0":
            return "the build was told not to make it (RVIC_CORE=0)"
        if sys.platform == "win32":
            return "it is for Linux and macOS"
        return self._core_for_here(directory)

    def _core_for_here(self, directory: Path) -> str | None:
        """Makes the C core by the first compiler whose module loads; returns what each one said if none does."""
        compile_module = self._native_compiler()
        tried = []
        for command in compile_module.compilers():
            if "ziglang" in command:
                command = [*command, "-mcpu=baseline"]  # a wheel goes to other computers
            try:
                made = compile_module.build(directory, command)
            except compile_module.CompilerError as error:
                tried.append(str(error))
                continue
            load = f"import sys; sys.path.insert(0, {str(directory)!r}); import _cpu"
            loaded = subprocess.run(
                [sys.executable, "-I", "-c", load], capture_output=True, text=True, check=False
            )
            if loaded.returncode == 0:
                return None
            made.unlink()
            said = loaded.stderr.strip().splitlines() or [f"its module ends Python with {loaded.returncode}"]
            tried.append(f"{command[0]}: {said[-1]}")
        return (
            "; ".join(tried)
            or "neither cc, gcc nor clang was here when it was installed, and ziglang could not be had"
        )

    def _native_compiler(self) -> Any:
        """Returns the module harness/engine/native/compile.py, loaded by its path: nothing is installed yet."""
        spec = importlib.util.spec_from_file_location(
            "rvic_native_compile", Path(self.root, NATIVE, "compile.py")
        )
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    def _modules_for_mypyc(self) -> list[Path]:
        """Returns the modules that pyproject.toml lists, in order; a package's own file stays plain."""
        root = Path(self.root)
        plain = {root / name for name in self.config["plain"]}
        found = {path for pattern in self.config["mypyc"] for path in root.glob(pattern)} - plain
        return sorted(path for path in found if path.name != "__init__.py")


def _target() -> Target | None:
    """Returns the platform that RVIC_TARGET names; None: this computer's."""
    name = os.environ.get("RVIC_TARGET")
    if name is None:
        return None
    if name not in TARGETS:
        raise SystemExit(f"RVIC_TARGET={name}: it is one of {', '.join(TARGETS)}")
    return TARGETS[name]


def _mypyc_is_asked_for() -> bool:
    return os.environ.get("RVIC_MYPYC", "0") != "0"


def _to_be_had(name: str) -> bool:
    """Returns whether pip knows of a wheel: a requirement that it cannot get would end the whole install.

    A frontend that is not pip cannot be asked; then the answer is yes, as PyPI has ziglang for Linux and macOS.
    """
    # -I: not the frontend's environment for the build, which has no pip
    pip = [sys.executable, "-I", "-m", "pip"]
    if subprocess.run([*pip, "--version"], capture_output=True, check=False).returncode != 0:
        return True
    query = [*pip, "index", "versions", "--only-binary=:all:", "--retries=1", name]
    return subprocess.run(query, capture_output=True, check=False).returncode == 0


def _platform_tag() -> str:
    """Returns the tag of this computer alone, which promises nothing of others: linux_x86_64, not manylinux."""
    from packaging.tags import platform_tags

    return next(tag for tag in platform_tags() if not tag.startswith(("manylinux", "musllinux")))


def _compile_by_mypyc(root: Path, made: Path, modules: list[Path], target: Target | None) -> None:
    """Compiles modules, from the very sources that the wheel has, below ``made``."""
    from mypyc.build import mypycify
    from setuptools import Distribution  # type: ignore[import-untyped] # its stubs are a package of their own
    from setuptools.command.build_ext import build_ext  # type: ignore[import-untyped]

    sources = [str(path.relative_to(root)) for path in modules]
    if target is not None:
        os.environ["CC"] = shlex.join(target.compiler())
        os.environ["LDSHARED"] = f"{os.environ['CC']} -shared"
    with tempfile.TemporaryDirectory(prefix="rvic-mypyc-") as scratch:
        extensions = mypycify(
            ["--strict", *sources], debug_level="0", group_name="harness.compiled", target_dir=scratch
        )
        # Of the warnings about mypyc's C, those that tell of wrong code end the build.
        errors = [f"-Werror={warning}" for warning in _WRONG_CODE]
        # Debian's pyconfig.h includes another of /usr/include, where a compiler for a target does not look.
        after = [] if target is None else ["-idirafter", str(Path(sysconfig.get_path("include")).parent)]
        for extension in extensions:
            flags = (flag for flag in extension.extra_compile_args if flag != "-Werror")
            extension.extra_compile_args = [*flags, *errors, *after]
        command = build_ext(Distribution({"ext_modules": extensions}))
        command.build_lib, command.build_temp = str(made), scratch
        command.ensure_finalized()
        command.run()
