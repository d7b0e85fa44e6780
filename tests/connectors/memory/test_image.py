"""What is the simulated cloud's own about images: it counts the bytes and keeps none."""

import hashlib
import sqlite3
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from stratiform.contract.errors import RequestRejected
from stratiform.contract.image import Images

from .conftest import Connect

PIECE = bytes(range(256)) * 256


def images_of(connect: Connect) -> Images:
    images = connect().image
    assert images is not None
    return images


def pieces(number: int) -> Iterator[bytes]:
    return (PIECE for _ in range(number))


def test_size_and_hash_of_what_went_through_are_kept(connect: Connect, tmp_path: Path) -> None:
    images_of(connect).upload("i1", "golden", "raw", 3 * len(PIECE), pieces(3))
    db = sqlite3.connect(tmp_path / "clouds" / "memory.db")
    kept = db.execute("SELECT size_bytes, sha256, min_disk_gib FROM images WHERE token = 'i1'").fetchone()
    db.close()
    assert kept == (3 * len(PIECE), hashlib.sha256(PIECE * 3).hexdigest(), 1)


def test_an_upload_needs_no_memory(connect: Connect) -> None:
    images = images_of(connect)
    images.show("memory-debian-12")
    tracemalloc.start()
    images.upload("i1", "large", "raw", 2000 * len(PIECE), pieces(2000))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2 * 1024 * 1024


def test_an_upload_that_is_there_is_not_read_again(connect: Connect) -> None:
    images = images_of(connect)
    first = images.upload("i1", "golden", "qcow2", len(PIECE), pieces(1))

    def unread() -> Iterator[bytes]:
        raise AssertionError("read again")
        yield b""

    assert images.upload("i1", "golden", "qcow2", len(PIECE), unread()) == first


@pytest.mark.parametrize(("disk_format", "announced"), [("tape", 3), ("raw", 2), ("raw", 4)])
def test_what_can_not_be_an_image_is_refused(connect: Connect, disk_format: str, announced: int) -> None:
    with pytest.raises(RequestRejected):
        images_of(connect).upload("i1", "odd", disk_format, announced * len(PIECE), pieces(3))
    assert connect().client.history("images") == {}
