"""Stores of image data: their settings, and a bucket of moto's S3."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from stratiform.kit.errors import Invalid
from stratiform.kit.work_queue import Worker
from stratiform.services.image.errors import StorageWriteDenied, StoreReadOnly, StoreUnavailable
from stratiform.services.image.model import Image, NewLocation, StoreSettings
from stratiform.services.image.stores import s3
from stratiform.services.image.stores.registry import build_stores
from stratiform.services.image.stores.s3 import S3Store
from stratiform.services.image.tasks import build_handlers
from support.moto import moto_server
from support.ports import free_port
from support.stacks import ServiceHarness, build_harness, customer

FORMATS = {"disk_format": "raw", "container_format": "bare"}
KEYS: dict[str, Any] = {"access_key": "AKIAEXAMPLE", "secret_key": "not-a-secret"}


@pytest.fixture(scope="module")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with moto_server(tmp_path_factory.mktemp("moto")) as url:
        yield url


@pytest.fixture
def bucket(moto: str, request: pytest.FixtureRequest) -> StoreSettings:
    """A store in a bucket of its own."""
    name = f"images-{abs(hash(request.node.name))}"
    settings = StoreSettings("s3", "s3", bucket=name, prefix="images/", endpoint=moto, **KEYS)
    S3Store(settings).client.create_bucket(Bucket=name)
    return settings


def list_keys(settings: StoreSettings) -> list[str]:
    client = S3Store(settings).client
    unfinished = client.list_multipart_uploads(Bucket=settings.bucket).get("Uploads", [])
    objects = client.list_objects_v2(Bucket=settings.bucket).get("Contents", [])
    return [item["Key"] for item in objects] + [f"{item['Key']}.unfinished" for item in unfinished]


def upload(harness: ServiceHarness, content: bytes, *, finish: bool = True) -> Image:
    service = harness.services.image
    with harness.services.database.transaction() as db:
        ctx = harness.ctx(db, customer())
        image = service.images.create(ctx, FORMATS)
        data = service.image_data.begin_upload(ctx, image.id)
    try:
        for start in range(0, len(content), 2**20):
            data.write(content[start : start + 2**20])
        return service.image_data.finish_upload(data) if finish else image
    except BaseException:
        service.image_data.abort_upload(data, OSError())
        raise


def delete(harness: ServiceHarness, image: Image) -> None:
    with harness.services.database.transaction() as db:
        harness.services.image.images.delete(harness.ctx(db, customer()), image.id)


def run_worker(harness: ServiceHarness) -> None:
    services = harness.services
    Worker(services.database, build_handlers(services.image), name="w", clock=harness.clock).run_until_idle()


@pytest.mark.parametrize("size", [0, 3, 20 * 2**20 + 17])
def test_bucket(home: Path, bucket: StoreSettings, size: int) -> None:
    harness = build_harness(home, image_stores=(bucket,), image_default_store="s3")
    content = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    image = upload(harness, content)
    assert (image.status, image.size, image.os_hash_value) == ("active", size, hashlib.sha512(content).hexdigest())
    assert list_keys(bucket) == [f"images/{image.data_locations[0].name}"]
    assert list((home / "images").glob("*")) == []
    with harness.services.database.read_transaction() as db:
        file = harness.services.image.image_data.find_data(harness.ctx(db, customer()), image.id)
    assert file is not None
    assert b"".join(file.open().read_blocks()) == content
    assert not size or b"".join(file.read_blocks(1, 2)) == content[1:3]
    delete(harness, image)
    run_worker(harness)
    assert list_keys(bucket) == []


def test_object_that_exists_is_registered(home: Path, bucket: StoreSettings) -> None:
    """A service registers an object: it is hashed, read, and deleted with the image."""
    harness = build_harness(home, image_stores=(bucket,))
    store, service = S3Store(bucket), harness.services.image
    store.client.put_object(Bucket=bucket.bucket, Key="images/golden/disk.raw", Body=b"golden data")
    new = NewLocation(store.build_url("golden/disk.raw"))
    with harness.services.database.transaction() as db:
        ctx = harness.ctx(db, customer("p1", "member", "service"))
        image, other, missing = (service.images.create(ctx, FORMATS) for _ in range(3))
        service.location_imports.create(ctx, image.id, new)
        service.location_imports.create(ctx, missing.id, NewLocation(store.build_url("nothing")))
    run_worker(harness)
    with harness.services.database.transaction() as db:
        service.location_imports.create(harness.ctx(db, customer("p1", "member", "service")), other.id, new)
    run_worker(harness)
    with harness.services.database.read_transaction() as db:
        ctx = harness.ctx(db, customer())
        registered, *failed = (service.images.get(ctx, item.id) for item in (image, other, missing))
        file = service.image_data.find_data(ctx, image.id)
    assert (registered.status, registered.size, registered.stored_copies) == ("active", 11, 1)
    assert registered.os_hash_value == hashlib.sha512(b"golden data").hexdigest()
    assert [item.status for item in failed] == ["queued", "queued"]
    assert file is not None
    assert b"".join(file.open().read_blocks(7)) == b"data"
    delete(harness, image)
    run_worker(harness)
    assert list_keys(bucket) == []


def test_aborted_and_abandoned_uploads_leave_nothing(home: Path, bucket: StoreSettings) -> None:
    harness = build_harness(home, image_stores=(bucket,), image_default_store="s3", image_size_cap=20 * 2**20)
    with pytest.raises(Exception, match="too large"):
        upload(harness, b"x" * 21 * 2**20)
    assert list_keys(bucket) == []
    image = upload(harness, b"x" * 9 * 2**20, finish=False)
    assert [key.rpartition(".")[2] for key in list_keys(bucket)] == ["unfinished"]
    delete(harness, image)
    run_worker(harness)
    assert list_keys(bucket) == []
    assert list((home / "images").glob("*")) == []


def test_deletion_is_retried_until_the_bucket_is_reachable(
    home: Path, bucket: StoreSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness = build_harness(home, image_stores=(bucket,), image_default_store="s3")
    image = upload(harness, b"data")
    delete(harness, image)
    with monkeypatch.context() as patch:
        patch.setattr(S3Store, "delete_prefix", _fail)
        run_worker(harness)
    assert len(list_keys(bucket)) == 1
    harness.clock.advance(3_600_000_000)
    run_worker(harness)
    assert list_keys(bucket) == []


def _fail(*_: object) -> None:
    raise StoreUnavailable("s3", "unreachable")


def test_errors_of_a_bucket(home: Path, tmp_path: Path) -> None:
    unreachable = StoreSettings("s3", "s3", bucket="b", endpoint=f"http://127.0.0.1:{free_port()}", **KEYS)
    harness = build_harness(home, image_stores=(unreachable,), image_default_store="s3")
    with pytest.raises(StoreUnavailable, match="store 's3' is not available"):
        upload(harness, b"data")
    with moto_server(tmp_path, check_keys=True) as url:
        store = S3Store(StoreSettings("s3", "s3", bucket="b", endpoint=url, **KEYS))
        with pytest.raises(StorageWriteDenied) as raised:
            s3.S3Writer(store, "name").finish()
        assert KEYS["secret_key"] not in str(raised.value)
        assert KEYS["secret_key"] not in repr(store) + repr(store.settings)


def test_credentials_of_the_environment(bucket: StoreSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAENVIRONMENT")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-a-secret-either")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    client = S3Store(StoreSettings("s3", "s3", bucket=bucket.bucket, endpoint=bucket.endpoint)).client
    credentials = boto3.session.Session().get_credentials()
    assert credentials is not None
    assert credentials.access_key == "AKIAENVIRONMENT"
    assert client.list_objects_v2(Bucket=bucket.bucket)["KeyCount"] == 0


@pytest.mark.parametrize(
    ("settings", "default", "message"),
    [
        ([StoreSettings("s", "swift")], "local", "kind 'swift' is not supported"),
        ([StoreSettings("s", "rbd")], "local", "kind 'rbd' is not one of"),
        ([StoreSettings("s")], "local", "`folder` must be set"),
        ([StoreSettings("s", "s3")], "local", "`bucket` must be set"),
        ([StoreSettings("s", "s3", bucket="b", access_key="a")], "local", "must be set together"),
        ([StoreSettings("s", "http")], "s", "to which data can be written"),
        ([], "nowhere", "to which data can be written"),
        ([StoreSettings("local", "http")], "local", "must be of kind 'file'"),
        ([StoreSettings("s", folder="a"), StoreSettings("s", folder="b")], "local", "duplicate id"),
    ],
)
def test_invalid_settings(home: Path, settings: list[StoreSettings], default: str, message: str) -> None:
    with pytest.raises(Invalid, match=message):
        build_stores(home, settings, default_id=default)


def test_local_store_and_read_only_store(home: Path) -> None:
    settings = [StoreSettings("local", folder="data", weight=3), StoreSettings("web", "http")]
    stores = build_stores(home, settings)
    assert (stores.local.folder, stores.local.weight) == (home / "data", 3)
    with pytest.raises(StoreReadOnly):
        stores.get("web").open_writer("name")
