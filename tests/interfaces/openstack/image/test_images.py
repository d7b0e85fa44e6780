"""Images: create, update, tags, lists, delete, and the published schemas."""

import json
from typing import Any

import pytest

from support.callers import Callers

V2 = "/image/v2"
IMAGES = f"{V2}/images"
Document = dict[str, Any]


def patch(api: Callers, image: Document, *operations: Document) -> Any:
    headers = {"content-type": "application/openstack-images-v2.1-json-patch"}
    return api.request("PATCH", f"{IMAGES}/{image['id']}", content=json.dumps(operations), headers=headers)


def operation(op: str, path: str, value: Any = None) -> Document:
    return {"op": op, "path": path} | ({} if op == "remove" else {"value": value})


def test_image_format(api: Callers) -> None:
    body = {"name": "a", "min_disk": 2, "tags": ["x", "x"], "os_distro": "debian"}
    response = api.request("POST", IMAGES, json=body)
    assert response.status_code == 201
    created = response.json()
    assert response.headers["location"].endswith(f"/image/v2/images/{created['id']}")
    assert created == {
        "id": created["id"],
        "name": "a",
        "status": "queued",
        "visibility": "shared",
        "owner": api.projects["green"],
        "protected": False,
        "os_hidden": False,
        "disk_format": None,
        "container_format": None,
        "size": None,
        "virtual_size": None,
        "checksum": None,
        "os_hash_algo": None,
        "os_hash_value": None,
        "min_disk": 2,
        "min_ram": 0,
        "tags": ["x"],
        "os_distro": "debian",
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z",
        "self": f"/v2/images/{created['id']}",
        "file": f"/v2/images/{created['id']}/file",
        "schema": "/v2/schemas/image",
    }
    assert api.ok("GET", f"{IMAGES}/{created['id']}") == created


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": 3}, 400),
        ({"name": "x" * 256}, 400),
        ({"disk_format": "floppy"}, 400),
        ({"container_format": "box"}, 400),
        ({"visibility": "secret"}, 400),
        ({"min_disk": -1}, 400),
        ({"min_ram": "1"}, 400),
        ({"protected": "yes"}, 400),
        ({"tags": "x"}, 400),
        ({"color": 3}, 400),
        ({"id": "x"}, 400),
        ({"status": "active"}, 403),
        ({"size": 3}, 403),
        ({"location": "x"}, 403),
        ({"locations": []}, 400),
        ({"owner": "other"}, 403),
        ([], 400),
    ],
)
def test_invalid_attributes(api: Callers, body: Any, status: int) -> None:
    response = api.request("POST", IMAGES, json=body)
    assert response.status_code == status, response.text
    assert api.ok("GET", IMAGES)["images"] == []


def test_create_with_id(api: Callers) -> None:
    image_id = "11111111-2222-3333-4444-555555555555"
    assert api.ok("POST", IMAGES, json={"id": image_id})["id"] == image_id
    assert api.request("POST", IMAGES, json={"id": image_id}).status_code == 409


def test_patch(api: Callers, image: Document) -> None:
    api.harness.clock.advance(1_000_000)
    operations = (
        operation("replace", "/name", "b"),
        operation("add", "/os_distro", "debian"),
        operation("add", "/a~1b~0c".replace("~1", "."), "1"),
        operation("replace", "/tags", ["t"]),
        operation("replace", "/min_ram", 512),
        operation("replace", "/protected", True),
    )
    updated = patch(api, image, *operations).json()
    assert (updated["name"], updated["os_distro"], updated["tags"], updated["min_ram"]) == ("b", "debian", ["t"], 512)
    assert updated["updated_at"] == "2026-01-01T00:00:01Z"
    assert "os_distro" not in patch(api, image, operation("remove", "/os_distro")).json()


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (operation("replace", "/color", "red"), 409),
        (operation("remove", "/color"), 409),
        (operation("remove", "/name"), 403),
        (operation("replace", "/status", "active"), 403),
        (operation("replace", "/checksum", "x"), 403),
        (operation("add", "/locations/-", {}), 400),
        (operation("add", "/locations/-", {"url": "http://h/i", "metadata": {}}), 403),
        (operation("add", "/locations", {"url": "http://h/i", "metadata": {}}), 400),
        (operation("replace", "/locations", []), 403),
        (operation("replace", "/locations", {}), 400),
        (operation("remove", "/locations/0"), 403),
        (operation("remove", "/locations"), 400),
        (operation("replace", "/min_disk", "x"), 400),
        (operation("move", "/name", "x"), 400),
        (operation("add", "name", "x"), 400),
        (operation("add", "/tags/-", "x"), 400),
    ],
)
def test_invalid_patch_changes_nothing(api: Callers, image: Document, change: Document, status: int) -> None:
    response = patch(api, image, operation("replace", "/name", "b"), change)
    assert response.status_code == status, response.text
    assert api.ok("GET", f"{IMAGES}/{image['id']}") == image


def test_patch_media_types(api: Callers, image: Document) -> None:
    path = f"{IMAGES}/{image['id']}"
    assert api.request("PATCH", path, json=[]).status_code == 415
    v20 = {"content-type": "application/openstack-images-v2.0-json-patch"}
    updated = api.ok("PATCH", path, content=b'[{"replace": "/name", "value": "b"}]', headers=v20)
    assert updated["name"] == "b"


def test_tags(api: Callers, image: Document) -> None:
    path = f"{IMAGES}/{image['id']}/tags"
    assert api.request("PUT", f"{path}/red").status_code == 204
    assert api.request("PUT", f"{path}/red").status_code == 204
    assert api.ok("GET", f"{IMAGES}/{image['id']}")["tags"] == ["red"]
    assert [image["id"] for image in api.ok("GET", f"{IMAGES}?tag=red")["images"]] == [image["id"]]
    assert api.ok("GET", f"{IMAGES}?tag=RED")["images"] == []
    assert api.request("DELETE", f"{path}/red").status_code == 204
    assert api.request("DELETE", f"{path}/red").status_code == 404


def test_protected_image_is_not_deleted(api: Callers, image: Document) -> None:
    patch(api, image, operation("replace", "/protected", True))
    assert api.request("DELETE", f"{IMAGES}/{image['id']}").status_code == 403
    patch(api, image, operation("replace", "/protected", False))
    assert api.request("DELETE", f"{IMAGES}/{image['id']}").status_code == 204
    assert api.request("GET", f"{IMAGES}/{image['id']}").status_code == 404


def test_filters(api: Callers) -> None:
    for i, name in enumerate(("a", "b", "c")):
        api.harness.clock.advance(1_000_000)
        api.ok("POST", IMAGES, json={"name": name, "min_ram": i, "color": name * 2, "os_hidden": name == "c"})

    def names(query: str) -> list[str]:
        return [image["name"] for image in api.ok("GET", f"{IMAGES}?{query}")["images"]]

    assert names("") == ["b", "a"]
    assert names("os_hidden=true") == ["c"]
    assert names("name=a") == ["a"]
    assert names("name=in:a,b&sort=name:asc") == ["a", "b"]
    assert names("sort_key=name&sort_dir=desc") == ["b", "a"]
    assert names("color=aa") == ["a"]
    assert names("status=active") == []
    assert names("status=in:active,queued&sort=min_ram:asc") == ["a", "b"]
    assert names("visibility=public") == []
    assert names("visibility=shared") == ["b", "a"]
    assert names(f"owner={api.projects['green']}") == ["b", "a"]
    assert names("size_min=1") == []
    assert names("created_at=gte:2026-01-01T00:00:02Z") == ["b"]
    assert names("protected=true") == []
    for query in (
        "sort=colour",
        "sort=name:up",
        "visibility=x",
        "created_at=gte:x",
        "size_min=x",
        "limit=x",
        "marker=x",
    ):
        assert api.request("GET", f"{IMAGES}?{query}").status_code == 400, query


def test_pages(api: Callers) -> None:
    created = {api.ok("POST", IMAGES, json={"name": str(i % 2)})["id"] for i in range(7)}
    path, listed = f"{IMAGES}?limit=3&sort=name:asc", []
    while path:
        response = api.ok("GET", path)
        listed += [image["id"] for image in response["images"]]
        assert response["first"] == "/v2/images?limit=3&sort=name%3Aasc"
        path = "/image" + response["next"] if "next" in response else ""
    assert len(listed) == 7
    assert set(listed) == created


def test_discovery(api: Callers) -> None:
    assert api.ok("GET", f"{V2}/schemas/image")["name"] == "image"
    assert api.ok("GET", f"{V2}/schemas/members")["properties"]["members"]["type"] == "array"
    assert api.request("GET", f"{V2}/schemas/unknown").status_code == 404
    assert api.ok("GET", f"{V2}/info/import")["import-methods"]["value"] == ["glance-direct", "web-download"]
    versions = api.request("GET", "/image", "").json()["versions"]
    assert [version["id"] for version in versions][:3] == ["v2.17", "v2.15", "v2.13"]
    assert [version["status"] for version in versions].count("CURRENT") == 1
    alias = api.request("GET", "/image/versions", "")
    assert (alias.status_code, alias.json()) == (200, {"versions": versions})
