"""Locations of image data: in responses, JSON patches of `/locations`, and their list for services."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stratiform.services.image.stores.http import HttpStore
from stratiform.services.image.stores.s3 import S3Store
from support.callers import Callers
from support.image_locations import BUCKET, IMAGES, add, create, open_api, patch, run_worker, show
from support.web_images import WebImage, serve_image

V21 = {"content-type": "application/openstack-images-v2.1-json-patch"}
OCTETS = {"content-type": "application/octet-stream"}


@pytest.fixture
def api(home: Path) -> Iterator[Callers]:
    with open_api(home, show_image_direct_url=True) as api:
        yield api


@pytest.fixture
def web() -> Iterator[WebImage]:
    with serve_image() as web:
        yield web


def test_settings_are_off_by_default(home: Path, web: WebImage) -> None:
    with open_api(home, show_multiple_locations=False) as api:
        image = create(api)
        api.request("PUT", f"{IMAGES}/{image['id']}/file", content=b"data", headers=OCTETS)
        active = show(api, image)
        assert "direct_url" not in active
        assert "locations" not in active
        assert add(api, image, web.url) == 403
        assert web.requests == []
        response = patch(api, image, "replace", "/locations", [{"url": "http://a/b", "metadata": {}}])
        assert response.status_code == 403
        assert "It's not allowed to update locations if locations are invisible." in response.text


def test_locations_in_responses(api: Callers, home: Path) -> None:
    image = create(api)
    assert (image["locations"], "direct_url" in image) == ([], False)
    api.request("PUT", f"{IMAGES}/{image['id']}/file", content=b"data", headers=OCTETS)
    active = show(api, image)
    [location] = active["locations"]
    assert location["url"] == active["direct_url"]
    assert location["url"].startswith(f"file://{home}/images/{image['id']}.")
    assert location["metadata"] == {"store": "local"}
    assert api.ok("GET", IMAGES)["images"][0]["locations"] == [location]
    properties = api.ok("GET", "/image/v2/schemas/image")["properties"]
    assert {"locations", "direct_url"} <= set(properties)


def test_policy_hides_locations(home: Path) -> None:
    home.mkdir(parents=True)
    (home / "policy.yaml").write_text("get_image_location: role:admin\n")
    with open_api(home, policy_file="policy.yaml", show_image_direct_url=True) as api:
        image = create(api)
        api.request("PUT", f"{IMAGES}/{image['id']}/file", content=b"data", headers=OCTETS)
        assert (show(api, image)["locations"], "direct_url" in show(api, image)) == ([], False)
        assert len(show(api, image, "admin")["locations"]) == 1


def test_add_locations(api: Callers, web: WebImage) -> None:
    image = create(api)
    location = {"url": web.url, "metadata": {"foo": "bar"}}
    active = patch(api, image, "add", "/locations/-", location).json()
    assert active["locations"] == [{"url": web.url, "metadata": {"foo": "bar", "store": "web"}}]
    assert (active["status"], active["size"], active["direct_url"]) == ("active", 100_000, web.url)
    assert (active["checksum"], active["os_hash_algo"], active["os_hash_value"]) == (None, None, None)
    assert patch(api, image, "add", "/locations/-", location).status_code == 400
    assert add(api, image, f"{web.url}#first") == 200
    assert patch(api, image, "add", "/locations/0", {"url": f"{web.url}#0", "metadata": {}}).status_code == 200
    urls = [location["url"] for location in show(api, image)["locations"]]
    assert urls == [f"{web.url}#0", web.url, f"{web.url}#first"]
    assert patch(api, image, "add", "/locations/x", location).status_code == 400
    assert [add(api, image, f"{web.url}#{number}") for number in range(10, 18)] == [200] * 7 + [413]
    content = api.request("GET", f"{IMAGES}/{image['id']}/file").content
    assert content == web.content
    part = api.request("GET", f"{IMAGES}/{image['id']}/file", headers={"Range": "bytes=99990-"})
    assert (part.status_code, part.content) == (206, b"x" * 10)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "filesystem:///etc/passwd",
        "gopher://h/i",
        "ftp://h/i",
        "http://user@127.0.0.1/i",
        "http://169.254.169.254/latest",
        "http://10.0.0.1/i",
        "s3+https://s3.amazonaws.com/other/p/i",
        f"{BUCKET}victim",
        "",
    ],
)
def test_invalid_addresses(api: Callers, url: str) -> None:
    image = create(api)
    response = patch(api, image, "add", "/locations/-", {"url": url, "metadata": {}})
    assert (response.status_code, "Invalid location" in response.text) == (400, True)
    assert show(api, image) == image


def test_servers_without_the_data(api: Callers, web: WebImage) -> None:
    image = create(api)
    assert add(api, image, web.url.replace("/image", "/missing")) == 400
    web.content = b""
    assert add(api, image, web.url) == 400
    assert add(api, image, "http://127.0.0.1:1/image") == 400


def test_refused_requests_contact_no_server(api: Callers, web: WebImage) -> None:
    image = create(api)
    location = {"url": web.url, "metadata": {}}
    assert patch(api, image, "add", "/locations/-", location, "green-reader").status_code == 403
    assert patch(api, image, "add", "/locations/-", location, "blue").status_code == 404
    assert patch(api, image, "add", "/locations/-", location, "").status_code == 401
    patch(api, image, "replace", "/visibility", "shared")
    api.ok("POST", f"{IMAGES}/{image['id']}/members", json={"member": api.projects["blue"]})
    assert patch(api, image, "add", "/locations/-", location, "blue").status_code == 403
    assert web.requests == []


def test_formats_are_required(api: Callers, web: WebImage) -> None:
    image = create(api, disk_format=None)
    assert add(api, image, web.url) == 400
    body = [
        {"op": "replace", "path": "/disk_format", "value": "qcow2"},
        {"op": "add", "path": "/locations/-", "value": {"url": web.url, "metadata": {}}},
    ]
    assert api.ok("PATCH", f"{IMAGES}/{image['id']}", json=body, headers=V21)["status"] == "active"


def test_stated_hashes(api: Callers, web: WebImage) -> None:
    image = create(api)
    stated = {"checksum": "1" * 32, "os_hash_algo": "sha512", "os_hash_value": "deadbeef" * 16}
    for name, value in {"checksum": "z" * 32, "os_hash_algo": "sha256", "os_hash_value": "11"}.items():
        assert add(api, image, web.url, validation_data={**stated, name: value}) == 409
    assert add(api, image, web.url, validation_data={"os_hash_algo": "sha512"}) == 400
    assert add(api, image, web.url, validation_data=stated) == 200
    active = show(api, image)
    assert {name: active[name] for name in stated} == stated
    assert "validation_data" not in active["locations"][0]
    assert add(api, image, f"{web.url}#1", validation_data=stated) == 200
    for name, value in {"checksum": "2" * 32, "os_hash_algo": "sha256", "os_hash_value": "beefdead" * 16}.items():
        assert add(api, image, f"{web.url}#2", validation_data={**stated, name: value}) == 409
    other = create(api)
    assert add(api, other, web.url) == 200
    assert add(api, other, f"{web.url}#1", validation_data=stated) == 409


def test_replace_locations(api: Callers, web: WebImage) -> None:
    image = create(api)
    locations = [{"url": web.url, "metadata": {"a": 1}}, {"url": f"{web.url}#1", "metadata": {}}]
    assert patch(api, image, "replace", "/locations", []).status_code == 403
    assert patch(api, image, "replace", "/locations", [locations[0]] * 2).status_code == 400
    active = patch(api, image, "replace", "/locations", locations).json()
    assert (active["status"], len(active["locations"])) == ("active", 2)
    web.requests.clear()
    assert patch(api, image, "replace", "/locations", active["locations"]).json()["locations"] == active["locations"]
    locations[0]["metadata"] = {"a": 2}
    reordered = patch(api, image, "replace", "/locations", locations[::-1]).json()["locations"]
    assert [item["metadata"] for item in reordered] == [{"store": "web"}, {"a": 2, "store": "web"}]
    assert web.requests == []
    assert patch(api, image, "replace", "/locations", [locations[0]]).status_code == 400
    assert patch(api, image, "replace", "/locations", [{"url": f"{web.url}#2", "metadata": {}}]).status_code == 400


def test_remove_locations(api: Callers, web: WebImage, home: Path) -> None:
    image = create(api)
    assert patch(api, image, "remove", "/locations/0", caller="admin").status_code == 409
    api.request("PUT", f"{IMAGES}/{image['id']}/file", content=b"x" * 100_000, headers=OCTETS)
    assert patch(api, image, "remove", "/locations/0", caller="admin").status_code == 403
    assert add(api, image, web.url) == 200
    assert patch(api, image, "remove", "/locations/0").status_code == 403
    for position, status in (("2", 400), ("x", 400), ("0", 200)):
        assert patch(api, image, "remove", f"/locations/{position}", caller="admin").status_code == status
    assert [location["url"] for location in show(api, image)["locations"]] == [web.url]
    run_worker(api)
    assert list((home / "images").iterdir()) == []
    assert api.request("GET", f"{IMAGES}/{image['id']}/file").content == web.content


def test_unreachable_server(api: Callers, web: WebImage) -> None:
    image = create(api)
    add(api, image, web.url)
    api.harness.services.image.image_data.stores.stores["web"] = HttpStore("web")
    assert api.request("GET", f"{IMAGES}/{image['id']}/file").status_code == 503


def test_objects_of_a_bucket(api: Callers, monkeypatch: pytest.MonkeyPatch) -> None:
    """Users register only data of the image itself; an operator registers any object that no image has."""
    monkeypatch.setattr(S3Store, "get_size", lambda *_: 5)
    deleted: list[str] = []
    monkeypatch.setattr(S3Store, "delete", lambda _, name: deleted.append(name))
    monkeypatch.setattr(S3Store, "delete_prefix", lambda *_: None)
    image, other = create(api), create(api)
    assert add(api, image, f"{BUCKET}{other['id']}.1") == 400
    assert add(api, image, f"{BUCKET}{image['id']}.1") == 200
    location = {"url": f"{BUCKET}golden", "metadata": {}}
    assert patch(api, other, "add", "/locations/-", location).status_code == 400
    active = patch(api, other, "add", "/locations/-", location, "admin").json()
    assert (active["stores"], active["size"]) == ("objects", 5)
    again = {"url": f"{BUCKET}golden", "metadata": {"a": "b"}}
    assert patch(api, other, "add", "/locations/-", again, "admin").status_code == 400
    assert patch(api, image, "add", "/locations/-", location, "admin").status_code == 400
    assert patch(api, image, "add", "/locations/-", {"url": f"{BUCKET}{'n' * 120}", "metadata": {}}, "admin")
    assert api.request("DELETE", f"{IMAGES}/{other['id']}").status_code == 204
    run_worker(api)
    assert deleted == ["golden"]


def test_list_locations(api: Callers, web: WebImage) -> None:
    image = create(api)
    path = f"{IMAGES}/{image['id']}/locations"
    assert api.ok("GET", path, "admin") == []
    add(api, image, web.url)
    assert api.ok("GET", path, "admin") == [{"url": web.url, "metadata": {"store": "web"}}]
    assert [api.request("GET", path, caller).status_code for caller in ("green", "")] == [403, 401]
