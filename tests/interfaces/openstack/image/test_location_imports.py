"""Registration of existing data: `POST /images/{image_id}/locations`."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stratiform.kit.policy import SYSTEM
from stratiform.services.image.model import NewLocation
from stratiform.services.image.stores.s3 import S3Store
from support.callers import Callers
from support.image_locations import BUCKET, IMAGES, SHA512, Document, create, open_api, run_worker, show
from support.stacks import customer
from support.web_images import WebImage, serve_image


@pytest.fixture
def api(home: Path) -> Iterator[Callers]:
    with open_api(home) as api:
        yield api


@pytest.fixture
def web() -> Iterator[WebImage]:
    with serve_image() as web:
        yield web


def register(api: Callers, image: Document, caller: str = "green", **body: Any) -> Any:
    return api.request("POST", f"{IMAGES}/{image['id']}/locations", caller, json=body)


def get_task(api: Callers, image: Document) -> Document:
    return dict(api.ok("GET", f"{IMAGES}/{image['id']}/tasks")["tasks"][-1])


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"url": "file:///etc/passwd"}, 403),
        ({"url": f"{BUCKET}i"}, 403),
        ({"url": "http://user@h/i"}, 400),
        ({}, 400),
        ({"url": "http://h/i", "validation_data": {"os_hash_algo": "sha512"}}, 400),
        ({"url": "http://h/i", "validation_data": {"os_hash_value": SHA512}}, 400),
        ({"url": "http://h/i", "validation_data": {"os_hash_algo": "sha123", "os_hash_value": SHA512}}, 400),
        ({"url": "http://h/i", "validation_data": {"os_hash_algo": "sha256", "os_hash_value": SHA512}}, 400),
        ({"url": "http://h/i", "validation_data": {"os_hash_algo": "sha256", "os_hash_value": "z"}}, 400),
    ],
)
def test_invalid_registrations(api: Callers, body: Document, status: int) -> None:
    image = create(api)
    assert register(api, image, **body).status_code == status
    assert api.ok("GET", f"{IMAGES}/{image['id']}/tasks")["tasks"] == []


def test_register(home: Path, web: WebImage) -> None:
    with open_api(home, show_multiple_locations=False) as api:
        image = create(api)
        assert register(api, image, "green-reader", url=web.url).status_code == 403
        assert register(api, image, "blue", url=web.url).status_code == 404
        response = register(api, image, url=web.url)
        assert (response.status_code, response.content) == (202, b"")
        assert register(api, image, url=web.url).status_code == 409
        assert show(api, image)["status"] == "queued"
        assert web.requests == []
        run_worker(api)
        active, task = show(api, image), get_task(api, image)
        assert (active["status"], active["size"], active["os_hash_value"]) == ("active", 100_000, SHA512)
        assert (active["os_hash_algo"], active["checksum"]) == ("sha512", hashlib.md5(web.content).hexdigest())
        assert (task["type"], task["status"]) == ("location_import", "success")
        assert task["input"]["loc_url"] == web.url
        assert register(api, image, url=web.url).status_code == 409
        assert [location["url"] for location in api.ok("GET", f"{IMAGES}/{image['id']}/locations", "admin")] == [
            web.url
        ]


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256", "sha512"])
def test_register_with_a_hash(api: Callers, web: WebImage, algorithm: str) -> None:
    image = create(api)
    stated = {"os_hash_algo": algorithm, "os_hash_value": hashlib.new(algorithm, web.content).hexdigest()}
    assert register(api, image, url=web.url, validation_data=stated).status_code == 202
    run_worker(api)
    active = show(api, image)
    assert {name: active[name] for name in stated} == stated
    assert active["status"] == "active"


def test_register_with_a_wrong_hash(api: Callers, web: WebImage) -> None:
    image = create(api)
    stated = {"os_hash_algo": "sha512", "os_hash_value": "beefdead" * 16}
    register(api, image, url=web.url, validation_data=stated)
    run_worker(api)
    failed, task = show(api, image), get_task(api, image)
    assert (failed["status"], failed["locations"], failed["size"]) == ("queued", [], None)
    assert (failed["os_hash_algo"], failed["os_hash_value"], failed["checksum"]) == (None, None, None)
    assert (task["status"], "not matched with actual os_hash_value" in task["message"]) == ("failure", True)
    assert register(api, image, url=web.url).status_code == 202  # again, without a hash
    run_worker(api)
    assert show(api, image)["status"] == "active"


def test_register_without_hashing(home: Path, web: WebImage) -> None:
    with open_api(home, do_secure_hash=False) as api:
        stated = {"os_hash_algo": "sha512", "os_hash_value": "beefdead" * 16}
        trusted, unknown = create(api), create(api)
        register(api, trusted, url=web.url, validation_data=stated)
        register(api, unknown, url=web.url)
        run_worker(api)
        assert (show(api, trusted)["status"], show(api, trusted)["os_hash_value"]) == ("active", "beefdead" * 16)
        assert (show(api, unknown)["status"], show(api, unknown)["os_hash_value"]) == ("active", None)
        assert "GET" not in web.requests


def test_register_data_that_cannot_be_read(api: Callers, web: WebImage) -> None:
    """An image without a stated hash is active although its data cannot be hashed, as in Glance."""
    missing, liar, verified = create(api), create(api), create(api)
    register(api, missing, url=web.url.replace("/image", "/missing"))
    run_worker(api)
    assert (show(api, missing)["status"], get_task(api, missing)["message"]) == ("queued", "Invalid location")
    web.stated_size = 10
    register(api, liar, url=web.url)
    register(api, verified, url=web.url, validation_data={"os_hash_algo": "sha512", "os_hash_value": SHA512})
    run_worker(api)
    assert (show(api, liar)["status"], show(api, liar)["os_hash_value"]) == ("active", None)
    assert (show(api, verified)["status"], get_task(api, verified)["status"]) == ("queued", "failure")


def test_services_register_objects(api: Callers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(S3Store, "get_size", lambda *_: 4)
    monkeypatch.setattr(S3Store, "read_blocks", lambda *_: iter([b"data"]))
    image, file = create(api), create(api)
    services = api.harness.services
    with services.database.transaction() as db:
        ctx = api.harness.ctx(db, customer(api.projects["green"], "service"))
        golden = NewLocation(f"{BUCKET}golden")
        services.image.location_imports.create(ctx, image["id"], golden)
        services.image.location_imports.create(ctx, file["id"], NewLocation("file:///etc/passwd"))
    run_worker(api)
    assert (show(api, image)["status"], show(api, image)["stores"]) == ("active", "objects")
    assert (show(api, file)["status"], get_task(api, file)["message"]) == ("queued", "Invalid location")


def test_changed_data_is_not_copied(api: Callers, web: WebImage) -> None:
    """Data on a web server is checked when it is copied to another store: others may have changed it."""
    image, other = create(api), create(api, disk_format="qcow2")
    register(api, image, url=web.url)
    register(api, other, url=web.url)
    run_worker(api)
    body = {"method": {"name": "copy-image"}, "stores": ["local"]}
    web.content = b"y" * 100_000
    assert api.request("POST", f"{IMAGES}/{image['id']}/import", "admin", json=body).status_code == 202
    run_worker(api)
    assert "has changed" in get_task(api, image)["message"]
    assert show(api, image)["stores"] == "web"
    web.content = b"x" * 100_000
    api.ok("POST", f"{IMAGES}/{other['id']}/import", "admin", json=body)
    api.ok("POST", f"{IMAGES}/{image['id']}/import", "admin", json=body)
    run_worker(api)
    assert "disk_format" in get_task(api, other)["message"]
    assert show(api, image)["stores"] == "web,local"


def test_a_repeated_attempt_continues(api: Callers, web: WebImage) -> None:
    services = api.harness.services
    image = create(api)
    register(api, image, url=web.url, validation_data={"os_hash_algo": "sha512", "os_hash_value": SHA512})
    task_id = get_task(api, image)["id"]
    with services.database.read_transaction() as db:
        task = services.image.image_imports.get(api.harness.ctx(db, SYSTEM), task_id)
    services.image.location_imports.import_data(task, lambda: None)
    assert services.image.location_imports.import_data(task, lambda: None).status == "active"
    assert len(show(api, image)["locations"]) == 1
