"""Several stores of image data: uploads, imports and copies to them, and deletion from them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stratiform.kit.work_queue import Worker
from stratiform.services.image.model import StoreSettings
from stratiform.services.image.repository.quotas import sum_usage
from stratiform.services.image.tasks import build_handlers
from support.callers import Callers, open_callers
from support.stacks import build_harness

IMAGES = "/image/v2/images"
OCTETS = {"content-type": "application/octet-stream"}
Document = dict[str, Any]

STORES = (
    StoreSettings("fast", folder="fast", description="Fast disks", weight=10),
    StoreSettings("slow", folder="slow"),
    StoreSettings("web", kind="http"),
)


@pytest.fixture
def stores(home: Path) -> Iterator[Callers]:
    """The API of an installation with the stores local, fast, slow, and web, which is read-only."""
    with open_callers(build_harness(home, image_stores=STORES, image_default_store="slow")) as api:
        yield api


def run_worker(api: Callers) -> None:
    services = api.harness.services
    Worker(services.database, build_handlers(services.image), name="w", clock=api.harness.clock).run_until_idle()


def create(api: Callers) -> Document:
    return dict(api.ok("POST", IMAGES, json={"disk_format": "raw", "container_format": "bare"}))


def show(api: Callers, image: Document) -> Document:
    return dict(api.ok("GET", f"{IMAGES}/{image['id']}"))


def upload(api: Callers, image: Document, content: bytes = b"data", store: str = "", target: str = "file") -> int:
    headers = OCTETS | ({"x-image-meta-store": store} if store else {})
    return int(api.request("PUT", f"{IMAGES}/{image['id']}/{target}", content=content, headers=headers).status_code)


def start_import(api: Callers, image: Document, method: str, caller: str = "green", **values: Any) -> Any:
    body = {"method": {"name": method}, **values}
    return api.request("POST", f"{IMAGES}/{image['id']}/import", caller, json=body)


def list_files(home: Path, *stores: str) -> list[str]:
    """Return the names of files in the folders of stores, without the ids."""
    return [f"{store}:{path.read_text()}" for store in stores for path in sorted((home / store).glob("*"))]


def test_stores_are_listed(stores: Callers, home: Path) -> None:
    listed = stores.ok("GET", "/image/v2/info/stores")["stores"]
    assert [store["id"] for store in listed] == ["local", "fast", "slow", "web"]
    assert listed[1] == {"id": "fast", "description": "Fast disks"}
    assert (listed[2]["default"], listed[3]["read-only"]) == ("true", "true")
    assert stores.request("GET", "/image/v2/info/stores/detail").status_code == 403
    detail = stores.ok("GET", "/image/v2/info/stores/detail", "admin")["stores"][1]
    assert (detail["type"], detail["weight"], detail["properties"]["data_dir"]) == ("file", 10, str(home / "fast"))
    response = stores.request("POST", IMAGES, json={})
    assert response.headers["openstack-image-store-ids"] == "local,fast,slow"
    assert response.headers["openstack-image-import-methods"] == "glance-direct,web-download,copy-image"
    assert stores.ok("GET", "/image/v2/info/import")["import-methods"]["value"][-1] == "copy-image"


def test_upload_to_a_store(stores: Callers, home: Path) -> None:
    image = create(stores)
    assert upload(stores, image, store="nowhere") == 400
    assert upload(stores, image, store="web") == 410
    assert show(stores, image)["status"] == "queued"
    assert upload(stores, image, store="fast") == 204
    assert (show(stores, image)["stores"], list_files(home, "fast", "images")) == ("fast", ["fast:data"])
    other = create(stores)
    upload(stores, other)
    assert show(stores, other)["stores"] == "slow"
    assert stores.request("GET", f"{IMAGES}/{other['id']}/file").content == b"data"
    for deleted in (image, other):
        assert stores.request("DELETE", f"{IMAGES}/{deleted['id']}").status_code == 204
    run_worker(stores)
    assert list_files(home, "fast", "slow", "images") == []


def test_import_to_several_stores(stores: Callers, home: Path) -> None:
    image = create(stores)
    upload(stores, image, target="stage")
    assert start_import(stores, image, "glance-direct", stores=["nowhere"]).status_code == 409
    assert start_import(stores, image, "glance-direct", stores=["web"]).status_code == 409
    assert start_import(stores, image, "glance-direct", stores=[]).status_code == 400
    assert start_import(stores, image, "glance-direct", stores=["fast"], all_stores=True).status_code == 400
    assert start_import(stores, image, "glance-direct", stores=["fast", "slow"]).status_code == 202
    assert show(stores, image)["os_glance_importing_to_stores"] == "fast,slow"
    run_worker(stores)
    imported = show(stores, image)
    assert (imported["status"], imported["stores"]) == ("active", "fast,slow")
    assert (imported["os_glance_importing_to_stores"], imported["os_glance_failed_import"]) == ("", "")
    assert list_files(home, "images", "fast", "slow") == ["fast:data", "slow:data"]
    with stores.harness.services.database.read_transaction() as db:
        assert sum_usage(db, imported["owner"])["image_size_total"] == 8


def test_import_to_all_stores(stores: Callers, home: Path) -> None:
    image = create(stores)
    upload(stores, image, target="stage")
    assert start_import(stores, image, "glance-direct", all_stores=True).status_code == 202
    run_worker(stores)
    assert show(stores, image)["stores"] == "local,fast,slow"
    assert list_files(home, "images", "fast", "slow") == ["images:data", "fast:data", "slow:data"]


@pytest.mark.parametrize("all_must_succeed", [True, False])
def test_import_with_a_full_store(stores: Callers, home: Path, all_must_succeed: bool) -> None:
    object.__setattr__(stores.harness.services.image.image_data.stores.get("slow"), "reserve", 2**62)
    image = create(stores)
    upload(stores, image, target="stage")
    values: dict[str, Any] = {"stores": ["fast", "slow"], "all_stores_must_succeed": all_must_succeed}
    start_import(stores, image, "glance-direct", **values)
    run_worker(stores)
    imported = show(stores, image)
    [task] = stores.ok("GET", f"{IMAGES}/{image['id']}/tasks")["tasks"]
    if all_must_succeed:
        assert (imported["status"], imported["os_glance_failed_import"]) == ("queued", "fast,slow")
        assert (task["status"], "not enough disk space" in task["message"]) == ("failure", True)
        assert list_files(home, "images", "fast", "slow") == []
    else:
        assert (imported["status"], imported["stores"]) == ("active", "fast")
        assert (imported["os_glance_failed_import"], task["status"]) == ("slow", "success")
        assert list_files(home, "images", "fast", "slow") == ["fast:data"]


def test_copy_to_other_stores(stores: Callers, home: Path) -> None:
    image = create(stores)
    assert start_import(stores, image, "copy-image", "admin", stores=["fast"]).status_code == 409
    upload(stores, image)
    assert start_import(stores, image, "copy-image", stores=["fast"]).status_code == 403
    assert start_import(stores, image, "copy-image", "admin", stores=["slow"]).status_code == 400
    assert start_import(stores, image, "copy-image", "admin", stores=["fast"]).status_code == 202
    assert start_import(stores, image, "copy-image", "admin", stores=["local"]).status_code == 409
    assert show(stores, image)["status"] == "active"
    run_worker(stores)
    assert show(stores, image)["stores"] == "slow,fast"
    assert start_import(stores, image, "copy-image", "admin", all_stores=True).status_code == 202
    run_worker(stores)
    assert show(stores, image)["stores"] == "slow,fast,local"
    assert start_import(stores, image, "copy-image", "admin", all_stores=True).status_code == 202
    run_worker(stores)
    assert list_files(home, "slow", "fast", "images") == ["slow:data", "fast:data", "images:data"]


@pytest.mark.parametrize("all_must_succeed", [True, False])
def test_copy_to_a_full_store(stores: Callers, home: Path, all_must_succeed: bool) -> None:
    object.__setattr__(stores.harness.services.image.image_data.stores.get("fast"), "reserve", 2**62)
    image = create(stores)
    upload(stores, image)
    values: dict[str, Any] = {"stores": ["local", "fast"], "all_stores_must_succeed": all_must_succeed}
    start_import(stores, image, "copy-image", "admin", **values)
    run_worker(stores)
    copied = show(stores, image)
    assert copied["status"] == "active"
    assert copied["stores"] == ("slow" if all_must_succeed else "slow,local")
    assert copied["os_glance_failed_import"] == ("local,fast" if all_must_succeed else "fast")
    expected = ["slow:data"] if all_must_succeed else ["slow:data", "images:data"]
    assert list_files(home, "slow", "images", "fast") == expected


def test_copy_counts_against_the_quota(home: Path) -> None:
    harness = build_harness(home, image_stores=STORES, quota_image_size_total=1)
    with open_callers(harness) as api:
        image = create(api)
        upload(api, image, b"x" * 600_000)
        response = start_import(api, image, "copy-image", "admin", stores=["fast"])
        assert (response.status_code, "image_size_total" in response.text) == (413, True)


def test_image_deleted_while_it_is_copied(stores: Callers, home: Path) -> None:
    image = create(stores)
    upload(stores, image)
    start_import(stores, image, "copy-image", "admin", stores=["fast"])
    stores.request("DELETE", f"{IMAGES}/{image['id']}")
    run_worker(stores)
    assert list_files(home, "slow", "fast", "images") == []


def test_deletion_from_a_store(stores: Callers, home: Path) -> None:
    image = create(stores)
    path = f"/image/v2/stores/slow/{image['id']}"
    assert stores.request("DELETE", path).status_code == 403  # for operators, as in Glance
    assert stores.request("DELETE", path, "admin").status_code == 409
    upload(stores, image)
    assert stores.request("DELETE", path, "admin").status_code == 403
    start_import(stores, image, "copy-image", "admin", stores=["fast"])
    run_worker(stores)
    assert stores.request("DELETE", f"/image/v2/stores/local/{image['id']}", "admin").status_code == 404
    assert stores.request("DELETE", f"/image/v2/stores/nowhere/{image['id']}", "admin").status_code == 409
    assert stores.request("DELETE", path, "blue").status_code == 403
    assert stores.request("DELETE", path, "admin").status_code == 204
    run_worker(stores)
    assert (show(stores, image)["stores"], list_files(home, "slow", "fast")) == ("fast", ["fast:data"])
    assert stores.request("GET", f"{IMAGES}/{image['id']}/file").content == b"data"


def test_data_is_read_from_the_store_that_has_it(stores: Callers, home: Path) -> None:
    image = create(stores)
    upload(stores, image)
    start_import(stores, image, "copy-image", "admin", stores=["fast"])
    run_worker(stores)
    [preferred] = (home / "fast").glob("*")
    preferred.write_bytes(b"fast")
    assert stores.request("GET", f"{IMAGES}/{image['id']}/file").content == b"fast"
    preferred.unlink()
    assert stores.request("GET", f"{IMAGES}/{image['id']}/file").content == b"data"
