"""Upload and download of image data."""

import hashlib

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from stratiform.services.image.errors import InvalidImageStatus, MissingImageFormats
from support.stacks import ServiceHarness, customer

FORMATS = {"disk_format": "raw", "container_format": "bare"}


def test_upload_and_download(service_harness: ServiceHarness) -> None:
    service, database = service_harness.services.image, service_harness.services.database
    with database.transaction() as db:
        image = service.images.create(service_harness.ctx(db, customer()), {"name": "a", **FORMATS})
    with database.transaction() as db:
        upload = service.image_data.begin_upload(service_harness.ctx(db, customer()), image.id)
    upload.write(b"one ")
    upload.write(b"two")
    active = service.image_data.finish_upload(upload)
    assert (active.status, active.size) == ("active", 7)
    assert active.checksum == hashlib.md5(b"one two").hexdigest()
    assert (active.os_hash_algo, active.os_hash_value) == ("sha512", hashlib.sha512(b"one two").hexdigest())
    with database.read_transaction() as db:
        file = service.image_data.find_data(service_harness.ctx(db, customer()), image.id)
    assert file is not None
    assert b"".join(file.read_blocks()) == b"one two"
    assert b"".join(file.read_blocks(2, 3)) == b"e t"


def test_abort_discards_data(service_harness: ServiceHarness) -> None:
    service, database = service_harness.services.image, service_harness.services.database
    with database.transaction() as db:
        ctx = service_harness.ctx(db, customer())
        image = service.images.create(ctx, FORMATS)
        upload = service.image_data.begin_upload(ctx, image.id)
    upload.write(b"half of the data")
    with database.transaction() as db, pytest.raises(InvalidImageStatus):
        service.image_data.begin_upload(service_harness.ctx(db, customer()), image.id)
    service.image_data.abort_upload(upload, OSError())
    assert list(service.image_data.store.folder.iterdir()) == []
    with database.read_transaction() as db:
        assert service.images.get(service_harness.ctx(db, customer()), image.id).status == "queued"


def test_abort_discards_data_if_database_fails(service_harness: ServiceHarness) -> None:
    """Database and data may share a full disk, which the partial file must not keep full."""
    service, database = service_harness.services.image, service_harness.services.database
    with database.transaction() as db:
        ctx = service_harness.ctx(db, customer())
        upload = service.image_data.begin_upload(ctx, service.images.create(ctx, FORMATS).id)
    upload.write(b"half of the data")
    with database.transaction() as db:
        db.execute(text("ALTER TABLE image_image RENAME TO image_image_renamed"))
    with pytest.raises(ProgrammingError):
        service.image_data.abort_upload(upload, OSError())
    assert list(service.image_data.store.folder.iterdir()) == []


def test_upload_requires_formats(service_harness: ServiceHarness) -> None:
    service = service_harness.services.image
    with service_harness.services.database.transaction() as db:
        ctx = service_harness.ctx(db, customer())
        image = service.images.create(ctx, {})
        with pytest.raises(MissingImageFormats):
            service.image_data.begin_upload(ctx, image.id)
