"""Image capability of the simulated cloud: uploads are counted and hashed, not stored."""

import hashlib
import sqlite3
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from stratiform.contract.errors import RequestRejected
from stratiform.contract.image import ImageDriver

from .conftest import Connect

CHUNK = bytes(range(256)) * 256


def images_of(connect: Connect) -> ImageDriver:
    images = connect().image
    assert images is not None
    return images


def chunks(count: int) -> Iterator[bytes]:
    return (CHUNK for _ in range(count))


def test_upload_stores_size_and_hash(connect: Connect, tmp_path: Path) -> None:
    images_of(connect).upload("i1", "golden", "raw", 3 * len(CHUNK), chunks(3))
    db = sqlite3.connect(tmp_path / "clouds" / "memory.db")
    row = db.execute("SELECT size_bytes, sha256, min_disk_gib FROM images WHERE token = 'i1'").fetchone()
    db.close()
    assert row == (3 * len(CHUNK), hashlib.sha256(CHUNK * 3).hexdigest(), 1)


def test_upload_uses_constant_memory(connect: Connect) -> None:
    images = images_of(connect)
    images.get("memory-debian-12")
    tracemalloc.start()
    images.upload("i1", "large", "raw", 2000 * len(CHUNK), chunks(2000))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2 * 1024 * 1024


def test_repeated_upload_does_not_read_the_data(connect: Connect) -> None:
    images = images_of(connect)
    first = images.upload("i1", "golden", "qcow2", len(CHUNK), chunks(1))

    def unreadable() -> Iterator[bytes]:
        raise AssertionError("the data was read")
        yield b""

    assert images.upload("i1", "golden", "qcow2", len(CHUNK), unreadable()) == first


@pytest.mark.parametrize(("disk_format", "size_chunks"), [("tape", 3), ("raw", 2), ("raw", 4)])
def test_upload_with_invalid_format_or_size_is_rejected(connect: Connect, disk_format: str, size_chunks: int) -> None:
    with pytest.raises(RequestRejected):
        images_of(connect).upload("i1", "odd", disk_format, size_chunks * len(CHUNK), chunks(3))
    assert connect().client.count_created("images") == {}


def test_built_in_image_cannot_be_deleted(connect: Connect) -> None:
    images = images_of(connect)
    with pytest.raises(RequestRejected, match="built-in"):
        images.delete("memory-debian-12")
    assert images.get("memory-debian-12").min_disk_gib == 1
