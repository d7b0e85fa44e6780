"""Sharing: visibility and members. Access to every endpoint is tested in tests/interfaces/test_authorization.py."""

from typing import Any

import pytest

from support.callers import Callers

IMAGES = "/image/v2/images"
PATCH = {"content-type": "application/openstack-images-v2.1-json-patch"}
Document = dict[str, Any]


def test_only_operators_publicize(api: Callers, image: Document) -> None:
    patch = b'[{"op":"replace","path":"/visibility","value":"public"}]'
    path = f"{IMAGES}/{image['id']}"
    assert api.request("PATCH", path, content=patch, headers=PATCH).status_code == 403
    assert api.request("POST", IMAGES, json={"visibility": "public"}).status_code == 403
    assert api.ok("PATCH", path, "admin", content=patch, headers=PATCH)["visibility"] == "public"
    assert api.ok("GET", path, "blue")["id"] == image["id"]
    assert [image["id"] for image in api.ok("GET", IMAGES, "blue")["images"]] == [image["id"]]
    assert api.request("DELETE", path, "blue").status_code == 403
    assert api.request("PATCH", path, "blue", content=patch, headers=PATCH).status_code == 403


def test_share_with_project(api: Callers, image: Document) -> None:
    blue, path = api.projects["blue"], f"{IMAGES}/{image['id']}"
    member = api.ok("POST", f"{path}/members", json={"member": blue})
    assert member == member | {"member_id": blue, "status": "pending", "schema": "/v2/schemas/member"}
    assert api.request("POST", f"{path}/members", json={"member": blue}).status_code == 409
    assert api.ok("GET", path, "blue")["id"] == image["id"]
    assert api.ok("GET", IMAGES, "blue")["images"] == []
    query = "visibility=shared&member_status=pending"
    assert len(api.ok("GET", f"{IMAGES}?{query}", "blue")["images"]) == 1
    assert api.request("PUT", f"{path}/members/{blue}", json={"status": "accepted"}).status_code == 403
    assert api.request("PUT", f"{path}/members/{blue}", "blue", json={"status": "x"}).status_code == 400
    assert api.ok("PUT", f"{path}/members/{blue}", "blue", json={"status": "accepted"})["status"] == "accepted"
    assert len(api.ok("GET", IMAGES, "blue")["images"]) == 1
    assert [member["member_id"] for member in api.ok("GET", f"{path}/members")["members"]] == [blue]
    assert api.ok("GET", f"{path}/members/{blue}", "blue")["status"] == "accepted"
    assert api.request("DELETE", path, "blue").status_code == 403
    assert api.request("DELETE", f"{path}/members/{blue}").status_code == 204
    assert api.request("GET", path, "blue").status_code == 404


def test_member_requests_need_values(api: Callers, image: Document) -> None:
    path = f"{IMAGES}/{image['id']}/members"
    bodies: list[Any] = [{}, {"member": 5}, {"member": ""}, []]
    for body in bodies:
        assert api.request("POST", path, json=body).status_code == 400, body
    api.ok("POST", path, json={"member": api.projects["blue"]})
    for body in ({}, {"status": None}, {"status": "x"}):
        assert api.request("PUT", f"{path}/{api.projects['blue']}", "blue", json=body).status_code == 400, body


def test_errors_have_the_format_of_glance(api: Callers, image: Document) -> None:
    response = api.request("GET", f"{IMAGES}/{image['id']}", "blue")
    assert (response.status_code, response.json()) == (
        404,
        {"message": f"No image found with ID {image['id']}", "code": "404 Not Found", "title": "Not Found"},
    )
    assert api.request("GET", IMAGES, "").json()["code"] == "401 Unauthorized"


@pytest.mark.parametrize(
    ("accept", "media_type"), [("*/*", "text/html"), ("application/json, */*", "application/json")]
)
def test_clients_that_accept_everything_receive_errors_as_html(
    api: Callers, image: Document, accept: str, media_type: str
) -> None:
    response = api.request("GET", f"{IMAGES}/{image['id']}", "blue", headers={"Accept": accept})
    assert response.headers["content-type"].partition(";")[0] == media_type
    assert f"No image found with ID {image['id']}" in response.text
    assert ("<title>404 Not Found</title>" in response.text) == (media_type == "text/html")


def test_html_errors_are_escaped(api: Callers) -> None:
    response = api.request("GET", f"{IMAGES}/%3Cb%3E", headers={"Accept": "text/html"})
    assert (response.status_code, "<b>" in response.text, "&lt;b&gt;" in response.text) == (404, False, True)
