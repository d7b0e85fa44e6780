"""Metadata definitions: namespaces, objects, properties, tags and resource types."""

from typing import Any

import pytest

from support.callers import Callers

NAMESPACES = "/image/v2/metadefs/namespaces"
COLOR = {"title": "Color", "type": "string", "enum": ["red", "blue"], "maxLength": 8}


def create(api: Callers, name: str = "Acme::Disk", **attributes: Any) -> Any:
    return api.ok("POST", NAMESPACES, "admin", json={"namespace": name, **attributes})


def test_namespace_with_items(api: Callers) -> None:
    items: dict[str, Any] = {
        "resource_type_associations": [{"name": "OS::Acme::Disk", "prefix": "hw:"}],
        "properties": {"color": COLOR},
        "objects": [{"name": "disk", "required": ["color"], "properties": {"color": COLOR}}],
        "tags": [{"name": "fast"}],
    }
    created = create(api, description="d", visibility="public", **items)
    detail = api.ok("GET", f"{NAMESPACES}/Acme::Disk")
    assert detail == created
    assert detail["properties"] == {"color": COLOR}
    assert detail["objects"][0]["self"] == "/v2/metadefs/namespaces/Acme%3A%3ADisk/objects/disk"
    assert detail["tags"] == [{"name": "fast"}]
    prefixed = api.ok("GET", f"{NAMESPACES}/Acme::Disk?resource_type=OS::Acme::Disk")
    assert list(prefixed["properties"]) == ["hw:color"]
    assert prefixed["objects"][0]["required"] == ["hw:color"]
    [listed] = api.ok("GET", f"{NAMESPACES}?resource_types=OS::Acme::Disk,OS::X")["namespaces"]
    assert [item["name"] for item in listed["resource_type_associations"]] == ["OS::Acme::Disk"]
    assert "properties" not in listed
    assert api.ok("GET", f"{NAMESPACES}?resource_types=OS::X")["namespaces"] == []
    types = [item["name"] for item in api.ok("GET", "/image/v2/metadefs/resource_types")["resource_types"]]
    assert {"OS::Nova::Flavor", "OS::Acme::Disk"} <= set(types)


@pytest.mark.parametrize("name", ["Acme::Disk", "日本", "a?b#c", "a%b"])
def test_address_of_new_namespace(api: Callers, name: str) -> None:
    response = api.request("POST", NAMESPACES, "admin", json={"namespace": name})
    assert response.status_code == 201
    path = response.headers["Location"].removeprefix("http://127.0.0.1:8780")
    assert api.ok("GET", path, "admin")["namespace"] == name


def test_visibility(api: Callers) -> None:
    create(api, "private", owner=api.projects["green"])
    create(api, "public", visibility="public")
    assert api.request("GET", f"{NAMESPACES}/private", "blue").status_code == 404
    assert api.ok("GET", f"{NAMESPACES}/private")["owner"] == api.projects["green"]
    assert [item["namespace"] for item in api.ok("GET", NAMESPACES, "blue")["namespaces"]] == ["public"]
    assert len(api.ok("GET", NAMESPACES)["namespaces"]) == 2
    assert len(api.ok("GET", f"{NAMESPACES}?visibility=private", "admin")["namespaces"]) == 1
    assert api.request("GET", f"{NAMESPACES}/private/objects", "blue").status_code == 404
    assert api.request("POST", f"{NAMESPACES}/private/tags/x").status_code == 403
    assert api.request("GET", f"{NAMESPACES}?visibility=x").status_code == 400


def test_replace_and_delete_namespace(api: Callers) -> None:
    create(api, "a", description="d", protected=True)
    create(api, "b")
    path = f"{NAMESPACES}/a"
    assert api.request("DELETE", path, "admin").status_code == 403
    assert api.request("PUT", path, "admin", json={"namespace": "b"}).status_code == 409
    assert api.request("POST", NAMESPACES, "admin", json={"namespace": "b"}).status_code == 409
    renamed = api.ok("PUT", path, "admin", json={"namespace": "c"})
    assert (renamed["namespace"], renamed["protected"], renamed["visibility"]) == ("c", False, "private")
    assert "description" not in renamed
    api.ok("POST", f"{NAMESPACES}/c/tags/t", "admin")
    assert api.request("DELETE", f"{NAMESPACES}/c", "admin").status_code == 204
    assert api.request("GET", f"{NAMESPACES}/c", "admin").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"namespace": ""},
        {"namespace": "x" * 81},
        {"namespace": "x", "visibility": "shared"},
        {"namespace": "x", "protected": "yes"},
        {"namespace": "x", "properties": {"p": {"title": "no type"}}},
        {"namespace": "x", "properties": {"p": {"title": "t", "type": "text"}}},
        {"namespace": "x", "description": "d" * 501},
    ],
)
def test_invalid_namespace(api: Callers, body: Any) -> None:
    assert api.request("POST", NAMESPACES, "admin", json=body).status_code == 400
    assert api.ok("GET", NAMESPACES, "admin")["namespaces"] == []


@pytest.mark.parametrize(
    ("collection", "body"),
    [("objects", {"name": "a", "description": "d"}), ("properties", {"name": "a", **COLOR}), ("tags", {"name": "a"})],
)
def test_items(api: Callers, collection: str, body: dict[str, Any]) -> None:
    create(api, "n", visibility="public")
    path = f"{NAMESPACES}/n/{collection}"
    create_path = f"{path}/a" if collection == "tags" else path
    created = api.ok("POST", create_path, "admin", json=body)
    assert created == created | body
    assert api.request("POST", create_path, "admin", json=body).status_code == 409
    assert api.ok("GET", f"{path}/a", "blue") == created
    assert len(api.ok("GET", path, "blue")[collection]) == 1
    assert api.ok("PUT", f"{path}/a", "admin", json={**body, "name": "b"})["name"] == "b"
    assert api.request("GET", f"{path}/a").status_code == 404
    assert api.request("DELETE", f"{path}/a", "admin").status_code == 404
    assert api.request("DELETE", f"{path}/b", "admin").status_code == 204
    api.ok("POST", create_path, "admin", json=body)
    api.ok("PUT", f"{NAMESPACES}/n", "admin", json={"namespace": "n", "protected": True})
    assert api.request("DELETE", f"{path}/a", "admin").status_code == 403
    assert api.request("DELETE", path, "admin").status_code == 403
    api.ok("PUT", f"{NAMESPACES}/n", "admin", json={"namespace": "n"})
    assert api.request("DELETE", path, "admin").status_code == 204
    assert not api.ok("GET", path, "admin")[collection]


def test_tags_are_replaced_or_appended(api: Callers) -> None:
    create(api, "n")
    path = f"{NAMESPACES}/n/tags"

    def create_tags(*names: str, append: str = "false", status: int = 201) -> set[str]:
        body = {"tags": [{"name": name} for name in names]}
        response = api.request("POST", path, "admin", json=body, headers={"X-Openstack-Append": append})
        assert response.status_code == status
        return {tag["name"] for tag in api.ok("GET", path, "admin")["tags"]}

    assert create_tags("a", "b") == {"a", "b"}
    assert create_tags("c", append="true") == {"a", "b", "c"}
    assert create_tags("A", append="true", status=409) == {"a", "b", "c"}
    assert create_tags("d") == {"d"}
    assert api.request("POST", f"{path}/{'x' * 81}", "admin").status_code == 400


def test_property_of_resource_type(api: Callers) -> None:
    create(api, "n", resource_type_associations=[{"name": "t", "prefix": "hw_"}], properties={"color": COLOR})
    path = f"{NAMESPACES}/n/properties"
    assert api.ok("GET", f"{path}/hw_color?resource_type=t", "admin")["title"] == "Color"
    assert api.request("GET", f"{path}/color?resource_type=t", "admin").status_code == 404
    assert api.request("GET", f"{path}/color?resource_type=u", "admin").status_code == 404


def test_associations(api: Callers) -> None:
    create(api, "n")
    path = f"{NAMESPACES}/n/resource_types"
    assert api.ok("POST", path, "admin", json={"name": "OS::Nova::Flavor"})["name"] == "OS::Nova::Flavor"
    assert len(api.ok("GET", path, "admin")["resource_type_associations"]) == 1
    assert api.request("DELETE", f"{path}/OS::Nova::Flavor", "admin").status_code == 204
    assert api.request("DELETE", f"{path}/OS::Nova::Flavor", "admin").status_code == 404


def test_pages(api: Callers) -> None:
    for name in "abc":
        create(api, name)
    first = api.ok("GET", f"{NAMESPACES}?limit=2&sort_key=namespace&sort_dir=asc", "admin")
    assert [item["namespace"] for item in first["namespaces"]] == ["a", "b"]
    second = api.ok("GET", "/image" + first["next"], "admin")
    assert [item["namespace"] for item in second["namespaces"]] == ["c"]
    assert api.request("GET", f"{NAMESPACES}?sort_key=id", "admin").status_code == 400


@pytest.mark.parametrize("name", ["namespace", "namespaces", "object", "property", "tags", "resource_type"])
def test_schemas(api: Callers, name: str) -> None:
    assert api.ok("GET", f"/image/v2/schemas/metadefs/{name}")["properties"]
    assert api.request("GET", "/image/v2/schemas/metadefs/x").status_code == 404
