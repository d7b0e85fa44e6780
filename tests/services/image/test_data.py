"""Bytes in and out."""

import hashlib

import pytest
from sqlalchemy import text

from stratiform.kit.errors import Unavailable
from stratiform.services.image.errors import FormatsMissing, WrongState
from support.stacks import Bench, customer

FORMATS = {"disk_format": "raw", "container_format": "bare"}


def test_bytes_come_back_as_they_came_with_their_hashes(stack_bench: Bench) -> None:
    service, database = stack_bench.services.image, stack_bench.services.database
    with database.transaction() as db:
        image = service.create(stack_bench.ctx(db, customer()), {"name": "a", **FORMATS})
    with database.transaction() as db:
        incoming = service.begin_upload(stack_bench.ctx(db, customer()), image.id)
    incoming.write(b"one ")
    incoming.write(b"two")
    active = service.finish_upload(incoming)
    assert (active.status, active.size) == ("active", 7)
    assert active.checksum == hashlib.md5(b"one two").hexdigest()
    assert (active.os_hash_algo, active.os_hash_value) == ("sha512", hashlib.sha512(b"one two").hexdigest())
    with database.snapshot() as db:
        data = service.data(stack_bench.ctx(db, customer()), image.id)
    assert data is not None
    assert b"".join(data.blocks()) == b"one two"
    assert b"".join(data.blocks(2, 3)) == b"e t"


def test_a_broken_upload_leaves_nothing(stack_bench: Bench) -> None:
    service, database = stack_bench.services.image, stack_bench.services.database
    with database.transaction() as db:
        ctx = stack_bench.ctx(db, customer())
        image = service.create(ctx, FORMATS)
        incoming = service.begin_upload(ctx, image.id)
    incoming.write(b"half of it")
    with database.transaction() as db, pytest.raises(WrongState):
        service.begin_upload(stack_bench.ctx(db, customer()), image.id)
    service.abort_upload(incoming)
    assert list(service.folder.iterdir()) == []
    with database.snapshot() as db:
        assert service.image(stack_bench.ctx(db, customer()), image.id).status == "queued"


def test_a_broken_upload_leaves_no_bytes_where_the_database_refuses_too(stack_bench: Bench) -> None:
    """Both may be on one full disk, which the bytes must not keep full."""
    service, database = stack_bench.services.image, stack_bench.services.database
    with database.transaction() as db:
        ctx = stack_bench.ctx(db, customer())
        incoming = service.begin_upload(ctx, service.create(ctx, FORMATS).id)
    incoming.write(b"half of it")
    with database.transaction() as db:
        db.execute(text("ALTER TABLE image_image RENAME TO gone"))
    with pytest.raises(Unavailable):
        service.abort_upload(incoming)
    assert list(service.folder.iterdir()) == []


def test_an_upload_needs_formats(stack_bench: Bench) -> None:
    with stack_bench.services.database.transaction() as db:
        ctx = stack_bench.ctx(db, customer())
        image = stack_bench.services.image.create(ctx, {})
        with pytest.raises(FormatsMissing):
            stack_bench.services.image.begin_upload(ctx, image.id)
