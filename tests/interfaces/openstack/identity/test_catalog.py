"""Services, endpoints and regions, and the version document at the root."""

from support.callers import Callers
from support.identity_api import V3, create


def test_services_endpoints_and_regions(api: Callers) -> None:
    service = create(api, "service", type="object-store", name="swift")
    region = create(api, "region", id="Two", description="second")
    endpoint = create(api, "endpoint", service_id=service["id"], interface="public", url="http://x", region="Two")
    assert (endpoint["region"], endpoint["region_id"]) == ("Two", "Two")
    path = f"{V3}/endpoints/{endpoint['id']}"
    assert api.ok("PATCH", path, "admin", json={"endpoint": {"url": "http://y"}})["endpoint"]["url"] == "http://y"
    assert api.ok("GET", f"{V3}/endpoints?service_id={service['id']}", "admin")["endpoints"][0]["url"] == "http://y"
    assert "object-store" in {entry["type"] for entry in api.ok("GET", f"{V3}/auth/catalog")["catalog"]}
    assert api.request("DELETE", f"{V3}/regions/Two", "admin").status_code == 403
    assert api.request("DELETE", path, "admin").status_code == 204
    updated = api.ok("PATCH", f"{V3}/regions/Two", "admin", json={"region": {"id": "x", "description": "2"}})["region"]
    assert updated == region | {"description": "2"}
    assert api.request("DELETE", f"{V3}/regions/Two", "admin").status_code == 204
    path = f"{V3}/services/{service['id']}"
    assert api.ok("PATCH", path, "admin", json={"service": {"enabled": False}})["service"]["enabled"] is False
    assert api.ok("GET", path, "admin")["service"]["enabled"] is False
    assert api.ok("GET", f"{V3}/services?type=object-store", "admin")["services"][0]["name"] == "swift"
    assert api.request("DELETE", path, "admin").status_code == 204
    assert api.request("GET", path, "admin").status_code == 404


def test_an_unknown_path_is_not_found(api: Callers) -> None:
    assert api.request("GET", f"{V3}/missing", "admin").json()["error"]["code"] == 404


def test_version_document_at_the_root(api: Callers) -> None:
    versions = {entry["service"]: entry for entry in api.ok("GET", "/", "")["versions"]}
    assert set(versions) == {"identity", "compute", "network", "volume", "image"}
    assert versions["identity"]["links"][0]["href"] == f"{api.harness.services.url}/identity/v3/"
    browser = api.request("GET", "/", "", headers={"Accept": "text/html"}, follow_redirects=False)
    assert (browser.status_code, browser.headers["location"]) == (302, "/dashboard")


def test_endpoints_create_the_region_of_the_deprecated_attribute(api: Callers) -> None:
    service = create(api, "service", type="x")
    new = {"service_id": service["id"], "interface": "public", "url": "http://x"}
    response = api.request("POST", f"{V3}/endpoints", "admin", json={"endpoint": {**new, "region_id": "Three"}})
    assert (response.status_code, "Could not find region: Three." in response.text) == (400, True)
    assert api.request("GET", f"{V3}/regions/Three", "admin").status_code == 404
    endpoint = create(api, "endpoint", **new, region="Three")
    assert api.ok("GET", f"{V3}/regions/Three", "admin")["region"]["id"] == endpoint["region_id"] == "Three"
    path = f"{V3}/endpoints/{endpoint['id']}"
    updated = api.ok("PATCH", path, "admin", json={"endpoint": {"region": "Four"}})["endpoint"]
    assert api.ok("GET", f"{V3}/regions/Four", "admin")["region"]["id"] == updated["region_id"]


def test_endpoint_groups_are_checked(api: Callers) -> None:
    group = {"endpoint_group": {"name": "g", "filters": {"interface": "public"}}}
    group_id = api.ok("POST", f"{V3}/OS-EP-FILTER/endpoint_groups", "admin", json=group)["endpoint_group"]["id"]
    for name, status in ((group_id, 200), ("missing", 404)):
        response = api.request("HEAD", f"{V3}/OS-EP-FILTER/endpoint_groups/{name}", "admin")
        assert (response.status_code, response.content) == (status, b"")


def test_regions_are_created_with_an_id(api: Callers) -> None:
    path = f"{V3}/regions/Five"
    response = api.request("PUT", path, "admin", json={"region": {"description": "d"}})
    assert (response.status_code, response.json()["region"]["id"]) == (201, "Five")
    assert api.request("PUT", path, "admin", json={"region": {}}).status_code == 409
    response = api.request("PUT", f"{V3}/regions/Six", "admin", json={"region": {"id": "Seven"}})
    assert (response.status_code, "Conflicting region IDs specified" in response.text) == (400, True)
