"""`/servers/{server_id}/metadata` and `/servers/{server_id}/tags`."""

from support.compute_api import ComputeApi


def test_metadata(api: ComputeApi) -> None:
    path = f"/servers/{api.create_active(metadata={'a': '1'})}/metadata"
    assert api.ok("POST", path, {"metadata": {"b": "2"}}) == {"metadata": {"a": "1", "b": "2"}}
    assert api.ok("PUT", path, {"metadata": {"c": "3"}}) == {"metadata": {"c": "3"}}
    assert api.ok("PUT", f"{path}/d", {"meta": {"d": "4"}}) == {"meta": {"d": "4"}}
    assert api("PUT", f"{path}/d", {"meta": {"e": "4"}}).status_code == 400
    assert api.ok("GET", f"{path}/d") == {"meta": {"d": "4"}}
    assert api("DELETE", f"{path}/d").status_code == 204
    assert api("GET", f"{path}/d").json()["itemNotFound"]["message"] == "Metadata item was not found"
    assert api("DELETE", f"{path}/d").status_code == 404
    assert api.ok("GET", path) == {"metadata": {"c": "3"}}


def test_tags(api: ComputeApi) -> None:
    path = f"/servers/{api.create_active()}/tags"
    assert api("GET", path, microversion=25).status_code == 404
    added = api("PUT", f"{path}/red", microversion=26)
    assert (added.status_code, added.headers["Location"].endswith(f"/compute/v2.1{path}/red")) == (201, True)
    assert api("PUT", f"{path}/red", microversion=26).status_code == 204
    assert api("GET", f"{path}/red", microversion=26).status_code == 204
    assert api("GET", f"{path}/blue", microversion=26).status_code == 404
    assert api.ok("PUT", path, {"tags": ["b", "a"]}, microversion=26) == {"tags": ["a", "b"]}
    assert api("DELETE", f"{path}/a", microversion=26).status_code == 204
    assert api("DELETE", path, microversion=26).status_code == 204
    assert api.ok("GET", path, microversion=26) == {"tags": []}
    assert api("PUT", path, {"tags": [f"t{i}" for i in range(51)]}, microversion=26).status_code == 400
