"""Every route is closed to nobody (401), to strangers (404) and to readers who want to write (403)."""

from typing import Any

from support.people import People

V2 = "/image/v2"
Thing = dict[str, Any]

PATCH = {"content-type": "application/openstack-images-v2.1-json-patch"}
ROUTES: list[tuple[str, str, Thing]] = [
    ("GET", "/images", {}),
    ("POST", "/images", {"json": {}}),
    ("GET", "/images/{image}", {}),
    ("PATCH", "/images/{image}", {"content": b'[{"op":"replace","path":"/name","value":"x"}]', "headers": PATCH}),
    ("PUT", "/images/{image}/file", {"content": b"x", "headers": {"content-type": "application/octet-stream"}}),
    ("GET", "/images/{image}/file", {}),
    ("PUT", "/images/{image}/tags/t", {}),
    ("DELETE", "/images/{image}/tags/t", {}),
    ("POST", "/images/{image}/actions/deactivate", {}),
    ("POST", "/images/{image}/actions/reactivate", {}),
    ("GET", "/images/{image}/members", {}),
    ("POST", "/images/{image}/members", {"json": {"member": "p"}}),
    ("GET", "/images/{image}/members/p", {}),
    ("PUT", "/images/{image}/members/p", {"json": {"status": "accepted"}}),
    ("DELETE", "/images/{image}/members/p", {}),
    ("DELETE", "/images/{image}", {}),
    ("GET", "/schemas/image", {}),
    ("GET", "/info/import", {}),
    ("GET", "/info/stores", {}),
]


def test_no_token_is_401_everywhere(api: People, image: Thing) -> None:
    for method, route, more in ROUTES:
        answer = api.ask(method, V2 + route.format(image=image["id"]), "", **more)
        assert (answer.status_code, answer.json()["code"]) == (401, "401 Unauthorized"), (method, route)


def test_a_strangers_image_is_404(api: People, image: Thing) -> None:
    for method, route, more in ROUTES:
        if "{image}" in route:
            answer = api.ask(method, V2 + route.format(image=image["id"]), "blue", **more)
            assert (answer.status_code, answer.json()["title"]) == (404, "Not Found"), (method, route)
    assert api.ok("GET", f"{V2}/images", "blue")["images"] == []


def test_a_reader_reads_and_writes_nothing(api: People, image: Thing) -> None:
    for method, route, more in ROUTES:
        answer = api.ask(method, V2 + route.format(image=image["id"]), "green-reader", **more)
        if route.endswith(("/members/p", "/stores")):
            assert answer.status_code in (403, 404), (method, route)
        elif method == "GET":
            assert answer.status_code in (200, 204), (method, route, answer.text)
        else:
            assert answer.status_code == 403, (method, route, answer.text)
    assert api.ok("GET", f"{V2}/images/{image['id']}") == image


def test_public_is_the_operators_word(api: People, image: Thing) -> None:
    steps = b'[{"op":"replace","path":"/visibility","value":"public"}]'
    path = f"{V2}/images/{image['id']}"
    assert api.ask("PATCH", path, content=steps, headers=PATCH).status_code == 403
    assert api.ask("POST", f"{V2}/images", json={"visibility": "public"}).status_code == 403
    assert api.ok("PATCH", path, "admin", content=steps, headers=PATCH)["visibility"] == "public"
    assert api.ok("GET", path, "blue")["id"] == image["id"]
    assert [one["id"] for one in api.ok("GET", f"{V2}/images", "blue")["images"]] == [image["id"]]
    assert api.ask("DELETE", path, "blue").status_code == 403
    assert api.ask("PATCH", path, "blue", content=steps, headers=PATCH).status_code == 403


def test_sharing(api: People, image: Thing) -> None:
    blue, path = api.projects["blue"], f"{V2}/images/{image['id']}"
    made = api.ok("POST", f"{path}/members", json={"member": blue})
    assert made == made | {"member_id": blue, "status": "pending", "schema": "/v2/schemas/member"}
    assert api.ask("POST", f"{path}/members", json={"member": blue}).status_code == 409
    assert api.ok("GET", path, "blue")["id"] == image["id"]
    assert api.ok("GET", f"{V2}/images", "blue")["images"] == []
    query = "visibility=shared&member_status=pending"
    assert len(api.ok("GET", f"{V2}/images?{query}", "blue")["images"]) == 1
    assert api.ask("PUT", f"{path}/members/{blue}", json={"status": "accepted"}).status_code == 403
    assert api.ask("PUT", f"{path}/members/{blue}", "blue", json={"status": "x"}).status_code == 400
    assert api.ok("PUT", f"{path}/members/{blue}", "blue", json={"status": "accepted"})["status"] == "accepted"
    assert len(api.ok("GET", f"{V2}/images", "blue")["images"]) == 1
    assert [one["member_id"] for one in api.ok("GET", f"{path}/members")["members"]] == [blue]
    assert api.ask("DELETE", path, "blue").status_code == 403
    assert api.ask("DELETE", f"{path}/members/{blue}").status_code == 204
    assert api.ask("GET", path, "blue").status_code == 404
