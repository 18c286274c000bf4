# SPDX-License-Identifier: MIT
"""Machine that a guest's manifest asks for, ready to run; what the manifest has wrong is told with its line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.errors import ConfigError, HarnessError
from harness.machine.machine import Machine
from harness.options import ControllerKind
from harness.run.stimulus import parse_stimulus
from harness.scenario.manifest import Manifest
from harness.scenario.reading import read_manifest
from harness.scenario.tables import Ending, StimulusSpec


def prepare(manifest: Manifest, *, on_reset: str = "stop", kind: type[Machine] = Machine) -> Machine:
    """Returns the machine, with the guest loaded and its stimuli scheduled; close it after use.

    ``on_reset`` is what PSCI SYSTEM_RESET does where the manifest does not say, nor expects the run to end with
    it. ``kind`` is the class of the machine. Raises HarnessError for what the manifest or the guest has wrong.
    """
    machine = make_machine(manifest, on_reset=on_reset, kind=kind)
    try:
        _load(machine, manifest)
        for index, stimulus in enumerate(manifest.stimuli):
            try:
                _schedule(machine, stimulus)
            except ConfigError as error:
                raise manifest.error_at(("stimulus", index, "do"), str(error)) from None
        for stimulus in manifest.further_stimuli:
            _schedule(machine, stimulus)
    except BaseException:
        machine.close()
        raise
    return machine


def make_machine(manifest: Manifest, *, on_reset: str = "stop", kind: type[Machine] = Machine) -> Machine:
    """Returns the machine with no guest yet."""
    options = dict(manifest.machine.options)
    if manifest.bare_binary and options.get("controller") == ControllerKind.GICV2:
        options.setdefault("like_qemu", True)  # what it was made for: it cannot say so itself
    options.setdefault("on_reset", "stop" if manifest.expect.stop is Ending.RESET else on_reset)
    try:
        return kind(**options)
    except ConfigError as error:
        raise _placed(manifest, options, error) from None


def _placed(manifest: Manifest, options: Mapping[str, Any], error: ConfigError) -> HarnessError:
    """Returns the error with the line of the first option that makes it, if the manifest gave that."""
    if manifest.path is None:
        return error
    own = read_manifest(manifest.path).machine.options
    tried: dict[str, Any] = {}
    for name, value in options.items():
        tried[name] = value
        try:
            Machine(**tried).close()
        except ConfigError as first:
            return manifest.error_at(("machine", name), str(first)) if own.get(name) == value else first
    return error


def _load(machine: Machine, manifest: Manifest) -> None:
    start = manifest.start
    if start.bios:
        if start.initrd is not None:
            raise ConfigError("an initial RAM disk goes with a kernel; firmware (--bios) loads its own")
        machine.load_bios(manifest.source, flash=start.flash, append=start.append, dtb=start.dtb)
    elif start.flash is not None:
        raise ConfigError("a file for flash (--flash) goes with firmware (--bios)")
    else:
        machine.load(
            manifest.source,
            initrd=start.initrd,
            append=start.append,
            dtb=start.dtb,
            toolchain=manifest.toolchain,
        )


def _schedule(machine: Machine, stimulus: StimulusSpec) -> None:
    action = parse_stimulus(stimulus.do)
    action.check(machine)
    machine.at(stimulus.at, action)
