"""Import of image data: staging, glance-direct, web-download, tasks; and stores."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stratiform.kit.clock import HOUR_US
from stratiform.kit.work_queue import Worker
from stratiform.services.image.repository import image_tasks
from stratiform.services.image.tasks import build_handlers
from support.callers import Callers, open_callers
from support.stacks import build_harness
from support.web_images import serve_image

IMAGES = "/image/v2/images"
OCTETS = {"content-type": "application/octet-stream"}
Document = dict[str, Any]


def run_worker(api: Callers) -> None:
    services = api.harness.services
    Worker(services.database, build_handlers(services.image), name="w", clock=api.harness.clock).run_until_idle()


def stage(api: Callers, image: Document, content: bytes) -> int:
    path = f"{IMAGES}/{image['id']}/stage"
    return int(api.request("PUT", path, content=content, headers=OCTETS).status_code)


def start_import(api: Callers, image: Document, name: str, caller: str = "green", **method: str) -> Any:
    return api.request("POST", f"{IMAGES}/{image['id']}/import", caller, json={"method": {"name": name, **method}})


def show(api: Callers, image: Document) -> Document:
    return dict(api.ok("GET", f"{IMAGES}/{image['id']}"))


def import_state(api: Callers, image: Document) -> tuple[str, str]:
    """Return the stores that an image is imported to, and those for which its import has failed."""
    shown_image = show(api, image)
    return shown_image["os_glance_importing_to_stores"], shown_image["os_glance_failed_import"]


def list_files(api: Callers) -> list[Path]:
    return list(api.harness.services.image.image_data.store.folder.glob("*"))


@pytest.fixture
def image_url() -> Iterator[str]:
    with serve_image() as image:
        yield image.url


@pytest.fixture
def local_api(home: Path) -> Iterator[Callers]:
    """The API of an installation that may download from this machine, up to 100,000 bytes."""
    harness = build_harness(home, image_import_networks=("127.0.0.0/8",), image_size_cap=100_000)
    with open_callers(harness) as api:
        yield api


def test_staged_data_is_imported(api: Callers, image: Document) -> None:
    assert start_import(api, image, "glance-direct").status_code == 409
    assert stage(api, image, b"data") == 204
    staged = show(api, image)
    assert (staged["status"], staged["size"], staged["checksum"]) == ("uploading", 4, None)
    assert stage(api, image, b"again") == 409
    assert api.request("GET", f"{IMAGES}/{image['id']}/file").status_code == 204
    assert start_import(api, image, "glance-direct", "blue").status_code == 404
    response = start_import(api, image, "glance-direct")
    assert response.status_code == 202
    assert (show(api, image)["status"], import_state(api, image)) == ("importing", ("local", ""))
    assert start_import(api, image, "glance-direct").status_code == 409
    run_worker(api)
    imported = show(api, image)
    assert (imported["status"], imported["stores"]) == ("active", "local")
    assert import_state(api, image) == ("", "")
    assert imported["os_hash_value"] == hashlib.sha512(b"data").hexdigest()
    assert api.request("GET", f"{IMAGES}/{image['id']}/file").content == b"data"
    [task] = api.ok("GET", f"{IMAGES}/{image['id']}/tasks")["tasks"]
    assert (task["status"], task["result"]) == ("success", {"image_id": image["id"]})
    assert task["request_id"] == response.headers["x-openstack-request-id"]
    assert task["input"]["import_req"]["method"]["name"] == "glance-direct"


def test_import_that_is_repeated_after_a_crash(api: Callers, image: Document) -> None:
    """The image is active, but the worker stopped before it recorded the end of the task."""
    stage(api, image, b"data")
    start_import(api, image, "glance-direct")
    imports = api.harness.services.image.image_imports
    with api.harness.services.database.read_transaction() as db:
        [task] = imports.list_of_image(api.harness.ctx(db), image["id"])
    imports.import_data(task, lambda: None)
    run_worker(api)
    assert api.ok("GET", f"/image/v2/tasks/{task.id}", "admin")["status"] == "success"
    assert show(api, image)["status"] == "active"


def test_rejected_data_can_be_replaced(api: Callers) -> None:
    body = {"disk_format": "qcow2", "container_format": "bare"}
    image = api.ok("POST", IMAGES, json=body)
    stage(api, image, b"no qcow2")
    start_import(api, image, "glance-direct")
    run_worker(api)
    assert (show(api, image)["status"], show(api, image)["size"]) == ("queued", None)
    assert import_state(api, image) == ("", "local")
    patch = [{"op": "remove", "path": "/os_glance_failed_import"}]
    headers = {"content-type": "application/openstack-images-v2.1-json-patch"}
    assert api.request("PATCH", f"{IMAGES}/{image['id']}", json=patch, headers=headers).status_code == 403
    [task] = api.ok("GET", f"{IMAGES}/{image['id']}/tasks")["tasks"]
    assert task["status"] == "failure"
    assert "qcow2 does not match stream data raw" in task["message"]
    assert list_files(api) == []
    assert stage(api, image, b"other") == 204


def test_download(local_api: Callers, image_url: str) -> None:
    image = local_api.ok("POST", IMAGES, json={"disk_format": "raw", "container_format": "bare"})
    response = start_import(local_api, image, "web-download", uri=image_url)
    assert (response.status_code, response.content) == (202, b"")
    assert response.headers["content-type"].partition(";")[0] == "text/html"
    run_worker(local_api)
    assert (show(local_api, image)["status"], show(local_api, image)["size"]) == ("active", 100_000)


def test_download_is_limited_in_size(home: Path, image_url: str) -> None:
    harness = build_harness(home, image_import_networks=("127.0.0.0/8",), image_size_cap=99_999)
    with open_callers(harness) as api:
        image = api.ok("POST", IMAGES, json={"disk_format": "raw", "container_format": "bare"})
        start_import(api, image, "web-download", uri=image_url)
        run_worker(api)
        [task] = api.ok("GET", f"{IMAGES}/{image['id']}/tasks")["tasks"]
        assert (task["status"], task["message"]) == ("failure", "The provided image is too large.")
        assert (show(api, image)["status"], list_files(api)) == ("queued", [])


def test_download_from_private_address(api: Callers, image: Document, image_url: str) -> None:
    assert start_import(api, image, "web-download", uri=image_url).status_code == 202
    run_worker(api)
    [task] = api.ok("GET", f"{IMAGES}/{image['id']}/tasks")["tasks"]
    assert "address 127.0.0.1" in task["message"]
    assert show(api, image)["status"] == "queued"


@pytest.mark.parametrize(
    ("method", "status"),
    [
        ({"name": "copy-image"}, 400),
        ({"name": "glance-download"}, 400),
        ({"name": "web-download"}, 400),
        ({"name": "web-download", "uri": "file:///etc/passwd"}, 400),
        ({}, 400),
    ],
)
def test_invalid_import(api: Callers, image: Document, method: Document, status: int) -> None:
    response = api.request("POST", f"{IMAGES}/{image['id']}/import", json={"method": method})
    assert response.status_code == status
    assert show(api, image)["status"] == "queued"


def test_import_needs_formats_and_the_only_store(api: Callers, image: Document) -> None:
    blank = api.ok("POST", IMAGES, json={})
    assert start_import(api, blank, "web-download", uri="http://images.example/").status_code == 409
    stage(api, image, b"data")
    body = {"method": {"name": "glance-direct"}, "stores": ["fast"]}
    assert api.request("POST", f"{IMAGES}/{image['id']}/import", json=body).status_code == 409


def test_deleted_while_it_is_imported(api: Callers, image: Document) -> None:
    stage(api, image, b"data")
    start_import(api, image, "glance-direct")
    assert api.request("DELETE", f"{IMAGES}/{image['id']}").status_code == 204
    run_worker(api)
    [task] = api.ok("GET", "/image/v2/tasks", "admin")["tasks"]
    assert api.ok("GET", f"/image/v2/tasks/{task['id']}", "admin")["status"] == "failure"
    assert list_files(api) == []


def test_task_that_creates_an_image(local_api: Callers, image_url: str) -> None:
    values = {
        "import_from": image_url,
        "import_from_format": "raw",
        "image_properties": {"name": "a", "disk_format": "raw", "container_format": "bare"},
    }
    body = {"type": "import", "input": values}
    assert local_api.request("POST", "/image/v2/tasks", json=body).status_code == 403
    task = local_api.ok("POST", "/image/v2/tasks", "admin", json=body)
    run_worker(local_api)
    finished = local_api.ok("GET", f"/image/v2/tasks/{task['id']}", "admin")
    image = local_api.ok("GET", f"{IMAGES}/{finished['result']['image_id']}", "admin")
    assert (image["name"], image["status"]) == ("a", "active")
    for broken in ({}, {**values, "import_from": "file:///etc/passwd"}, {**values, "image_properties": {}}):
        response = local_api.request("POST", "/image/v2/tasks", "admin", json={"type": "import", "input": broken})
        assert response.status_code in (400, 409), broken
    assert len(local_api.ok("GET", "/image/v2/tasks?status=success&type=import", "admin")["tasks"]) == 1
    assert local_api.ok("GET", "/image/v2/tasks?status=failure", "admin")["tasks"] == []
    with local_api.harness.services.database.transaction() as db:
        image_tasks.delete_expired(db, local_api.harness.clock.now() + 49 * HOUR_US)
    assert local_api.ok("GET", "/image/v2/tasks", "admin")["tasks"] == []


def test_store(api: Callers, image: Document) -> None:
    assert [store["id"] for store in api.ok("GET", "/image/v2/info/stores")["stores"]] == ["local"]
    [store] = api.ok("GET", "/image/v2/info/stores/detail", "admin")["stores"]
    assert store["properties"]["data_dir"] == str(api.harness.services.image.image_data.store.folder)
    assert api.request("GET", "/image/v2/info/stores/detail").status_code == 403
    path = f"/image/v2/stores/local/{image['id']}"
    assert api.request("DELETE", path, "admin").status_code == 409
    api.request("PUT", f"{IMAGES}/{image['id']}/file", content=b"x", headers=OCTETS)
    assert api.request("DELETE", path, "admin").status_code == 403
    assert "not supported at this site" in api.request("GET", "/image/v2/cache", "admin").json()["message"]


def test_disk_keeps_a_reserve(home: Path) -> None:
    with open_callers(build_harness(home, image_store_reserve=2**60)) as api:
        image = api.ok("POST", IMAGES, json={"disk_format": "raw", "container_format": "bare"})
        assert stage(api, image, b"data") == 413
        assert show(api, image)["status"] == "queued"
