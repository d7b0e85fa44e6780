"""Records: create, patch, tags, lists, delete."""

import json
from typing import Any

import pytest

from support.people import People

V2 = "/image/v2"
IMAGES = f"{V2}/images"
Thing = dict[str, Any]


def patch(api: People, image: Thing, *steps: Thing, who: str = "green") -> Any:
    headers = {"content-type": "application/openstack-images-v2.1-json-patch"}
    return api.ask("PATCH", f"{IMAGES}/{image['id']}", who, content=json.dumps(steps), headers=headers)


def step(op: str, path: str, value: Any = None) -> Thing:
    return {"op": op, "path": path} | ({} if op == "remove" else {"value": value})


def test_an_image_as_glance_shows_it(api: People) -> None:
    body = {"name": "a", "min_disk": 2, "tags": ["x", "x"], "os_distro": "debian"}
    answer = api.ask("POST", IMAGES, json=body)
    assert answer.status_code == 201
    made = answer.json()
    assert answer.headers["location"].endswith(f"/image/v2/images/{made['id']}")
    assert made == {
        "id": made["id"],
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
        "self": f"/v2/images/{made['id']}",
        "file": f"/v2/images/{made['id']}/file",
        "schema": "/v2/schemas/image",
    }
    assert api.ok("GET", f"{IMAGES}/{made['id']}") == made


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
        ({"colour": 3}, 400),
        ({"id": "x"}, 400),
        ({"status": "active"}, 403),
        ({"size": 3}, 403),
        ({"location": "x"}, 403),
        ({"locations": []}, 403),
        ({"owner": "somebody"}, 403),
        ([], 400),
    ],
)
def test_what_can_not_be(api: People, body: Any, status: int) -> None:
    answer = api.ask("POST", IMAGES, json=body)
    assert answer.status_code == status, answer.text
    assert api.ok("GET", IMAGES)["images"] == []


def test_an_id_of_ones_own(api: People) -> None:
    image_id = "11111111-2222-3333-4444-555555555555"
    assert api.ok("POST", IMAGES, json={"id": image_id})["id"] == image_id
    assert api.ask("POST", IMAGES, json={"id": image_id}).status_code == 409


def test_patch(api: People, image: Thing) -> None:
    api.of.clock.advance(1_000_000)
    steps = (
        step("replace", "/name", "b"),
        step("add", "/os_distro", "debian"),
        step("add", "/a~1b~0c".replace("~1", "."), "1"),
        step("replace", "/tags", ["t"]),
        step("replace", "/min_ram", 512),
        step("replace", "/protected", True),
    )
    after = patch(api, image, *steps).json()
    assert (after["name"], after["os_distro"], after["tags"], after["min_ram"]) == ("b", "debian", ["t"], 512)
    assert after["updated_at"] == "2026-01-01T00:00:01Z"
    assert "os_distro" not in patch(api, image, step("remove", "/os_distro")).json()


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (step("replace", "/colour", "red"), 409),
        (step("remove", "/colour"), 409),
        (step("remove", "/name"), 403),
        (step("replace", "/status", "active"), 403),
        (step("replace", "/checksum", "x"), 403),
        (step("add", "/locations/-", {}), 403),
        (step("replace", "/min_disk", "x"), 400),
        (step("move", "/name", "x"), 400),
        (step("add", "name", "x"), 400),
        (step("add", "/tags/-", "x"), 400),
    ],
)
def test_a_patch_is_taken_whole_or_not_at_all(api: People, image: Thing, change: Thing, status: int) -> None:
    answer = patch(api, image, step("replace", "/name", "b"), change)
    assert answer.status_code == status, answer.text
    assert api.ok("GET", f"{IMAGES}/{image['id']}") == image


def test_patch_media_types(api: People, image: Thing) -> None:
    path = f"{IMAGES}/{image['id']}"
    assert api.ask("PATCH", path, json=[]).status_code == 415
    old = {"content-type": "application/openstack-images-v2.0-json-patch"}
    after = api.ok("PATCH", path, content=b'[{"replace": "/name", "value": "b"}]', headers=old)
    assert after["name"] == "b"


def test_tags(api: People, image: Thing) -> None:
    path = f"{IMAGES}/{image['id']}/tags"
    assert api.ask("PUT", f"{path}/red").status_code == 204
    assert api.ask("PUT", f"{path}/red").status_code == 204
    assert api.ok("GET", f"{IMAGES}/{image['id']}")["tags"] == ["red"]
    assert [one["id"] for one in api.ok("GET", f"{IMAGES}?tag=red")["images"]] == [image["id"]]
    assert api.ok("GET", f"{IMAGES}?tag=RED")["images"] == []
    assert api.ask("DELETE", f"{path}/red").status_code == 204
    assert api.ask("DELETE", f"{path}/red").status_code == 404


def test_protected_is_not_deleted(api: People, image: Thing) -> None:
    patch(api, image, step("replace", "/protected", True))
    assert api.ask("DELETE", f"{IMAGES}/{image['id']}").status_code == 403
    patch(api, image, step("replace", "/protected", False))
    assert api.ask("DELETE", f"{IMAGES}/{image['id']}").status_code == 204
    assert api.ask("GET", f"{IMAGES}/{image['id']}").status_code == 404


def test_filters(api: People) -> None:
    for i, name in enumerate(("a", "b", "c")):
        api.of.clock.advance(1_000_000)
        api.ok("POST", IMAGES, json={"name": name, "min_ram": i, "colour": name * 2, "os_hidden": name == "c"})

    def names(query: str) -> list[str]:
        return [image["name"] for image in api.ok("GET", f"{IMAGES}?{query}")["images"]]

    assert names("") == ["b", "a"]
    assert names("os_hidden=true") == ["c"]
    assert names("name=a") == ["a"]
    assert names("name=in:a,b&sort=name:asc") == ["a", "b"]
    assert names("sort_key=name&sort_dir=desc") == ["b", "a"]
    assert names("colour=aa") == ["a"]
    assert names("status=active") == []
    assert names("status=in:active,queued&sort=min_ram:asc") == ["a", "b"]
    assert names("visibility=public") == []
    assert names("visibility=shared") == ["b", "a"]
    assert names(f"owner={api.projects['green']}") == ["b", "a"]
    assert names("size_min=1") == []
    assert names("created_at=gte:2026-01-01T00:00:02Z") == ["b"]
    assert names("protected=true") == []
    for wrong in (
        "sort=colour",
        "sort=name:up",
        "visibility=x",
        "created_at=gte:x",
        "size_min=x",
        "limit=x",
        "marker=x",
    ):
        assert api.ask("GET", f"{IMAGES}?{wrong}").status_code == 400, wrong


def test_pages(api: People) -> None:
    made = {api.ok("POST", IMAGES, json={"name": str(i % 2)})["id"] for i in range(7)}
    path, seen = f"{IMAGES}?limit=3&sort=name:asc", []
    while path:
        answer = api.ok("GET", path)
        seen += [image["id"] for image in answer["images"]]
        assert answer["first"] == "/v2/images?limit=3&sort=name%3Aasc"
        path = "/image" + answer["next"] if "next" in answer else ""
    assert len(seen) == 7
    assert set(seen) == made


def test_what_the_api_says_of_itself(api: People) -> None:
    assert api.ok("GET", f"{V2}/schemas/image")["name"] == "image"
    assert api.ok("GET", f"{V2}/schemas/members")["properties"]["members"]["type"] == "array"
    assert api.ask("GET", f"{V2}/schemas/spoon").status_code == 404
    assert api.ok("GET", f"{V2}/info/import")["import-methods"]["value"] == []
    assert api.ask("GET", f"{V2}/info/stores").status_code == 404
