"""Uploaded data is inspected: its format must be the declared one, and it must not refer to other files."""

import struct
from pathlib import Path
from typing import Any

import pytest

from support.callers import Callers, open_callers
from support.stacks import build_harness

IMAGES = "/image/v2/images"


def qcow2(*, backing_file_offset: int = 0, features: int = 0) -> bytes:
    """A header of version 3 and 1 GiB. `features`: incompatible ones; bit 2 is an external data file."""
    head = struct.pack(">4sIQIIQ", b"QFI\xfb", 3, backing_file_offset, 0, 16, 2**30)
    return (head.ljust(72, b"\0") + struct.pack(">QQQII", features, 0, 0, 4, 104)).ljust(65536, b"\0")


def vmdk(create_type: str, extent: str) -> bytes:
    descriptor = f'# Disk DescriptorFile\nversion=1\ncreateType="{create_type}"\n\n{extent}\n'.encode()
    head = struct.pack("<4sIIQQQQ", b"KDMV", 1, 3, 2048, 128, 1, 20).ljust(512, b"\0")
    return (head + descriptor.ljust(20 * 512, b"\0")).ljust(65536, b"\0")


def upload(api: Callers, disk_format: str, content: bytes, container_format: str = "bare") -> Any:
    image = api.ok("POST", IMAGES, json={"disk_format": disk_format, "container_format": container_format})
    headers = {"content-type": "application/octet-stream"}
    response = api.request("PUT", f"{IMAGES}/{image['id']}/file", content=content, headers=headers)
    return response, api.ok("GET", f"{IMAGES}/{image['id']}")


@pytest.mark.parametrize(
    ("disk_format", "content", "virtual_size"),
    [
        ("qcow2", qcow2(), 2**30),
        ("raw", b"x" * 1000, 1000),
        ("raw", qcow2(), 65536),
        ("ami", b"x" * 1000, None),
        ("vmdk", vmdk("monolithicSparse", 'RW 2048 SPARSE "disk.vmdk"'), 2048 * 512),
    ],
)
def test_accepted(api: Callers, disk_format: str, content: bytes, virtual_size: int | None) -> None:
    response, image = upload(api, disk_format, content)
    assert response.status_code == 204, response.text
    assert (image["status"], image["virtual_size"]) == ("active", virtual_size)


@pytest.mark.parametrize(
    ("disk_format", "content"),
    [
        ("qcow2", b"x" * 100_000),
        ("vmdk", qcow2()),
        ("iso", b""),
        ("vhd", b"x"),
        ("ami", qcow2()),
        ("qcow2", qcow2(backing_file_offset=1024)),
        ("qcow2", qcow2(features=4)),
        ("raw", qcow2(backing_file_offset=1024)),
        ("vmdk", vmdk("monolithicFlat", 'RW 2048 FLAT "/etc/passwd" 0')),
        ("vmdk", vmdk("monolithicSparse", 'RW 2048 SPARSE "/etc/passwd"')),
    ],
)
def test_rejected(api: Callers, disk_format: str, content: bytes) -> None:
    response, image = upload(api, disk_format, content)
    assert (response.status_code, image["status"]) == (400, "queued")
    assert list(api.harness.services.image.image_data.store.folder.glob("*")) == []


def test_containers_are_not_inspected(api: Callers) -> None:
    assert upload(api, "vmdk", b"x" * 100, "ova")[0].status_code == 204


def test_inspection_can_be_switched_off(home: Path) -> None:
    with open_callers(build_harness(home, image_require_format_match=False)) as api:
        response, image = upload(api, "qcow2", b"x")
        assert (response.status_code, image["virtual_size"]) == (204, None)
