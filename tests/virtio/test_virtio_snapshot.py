# SPDX-License-Identifier: MIT
"""Drives that keep what the guest writes in memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.host.drives import FileDisk, SnapshotDisk, open_drive


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "disk.img"
    path.write_bytes(b"a" * 512 + b"b" * 512 + b"c" * 100)
    return path


def test_a_snapshot_reads_back_what_was_written_and_leaves_the_file_alone(image: Path) -> None:
    before = image.read_bytes()
    disk = open_drive(f"{image},snapshot")
    assert isinstance(disk, SnapshotDisk)
    assert not disk.readonly
    disk.write(512, b"B" * 512)
    disk.flush()
    assert disk.read(0, 1024) == b"a" * 512 + b"B" * 512
    assert disk.read(512, 512) == b"B" * 512
    disk.close()
    assert image.read_bytes() == before


def test_the_last_sector_that_is_not_whole_reads_as_filled_up_with_zeros(image: Path) -> None:
    disk = open_drive(f"{image},snapshot")
    assert disk.read(1024, 512) == b"c" * 100 + bytes(412)
    disk.write(1024, b"C" * 512)
    assert disk.read(512, 1024) == b"b" * 512 + b"C" * 512
    disk.close()


@pytest.mark.parametrize(("mode", "readonly"), [("", True), (",ro", True), (",rw", False)])
def test_the_other_modes_are_the_file_itself(image: Path, mode: str, readonly: bool) -> None:
    disk = open_drive(f"{image}{mode}")
    assert type(disk) is FileDisk
    assert disk.readonly is readonly
    disk.close()
