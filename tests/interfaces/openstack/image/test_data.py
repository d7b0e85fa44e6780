"""Bytes in and out over HTTP."""

import hashlib
from collections.abc import Iterator
from typing import Any

from support.people import People

IMAGES = "/image/v2/images"
OCTETS = {"content-type": "application/octet-stream"}
Thing = dict[str, Any]


def upload(api: People, image: Thing, content: Any) -> Any:
    return api.ask("PUT", f"{IMAGES}/{image['id']}/file", content=content, headers=OCTETS)


def test_larger_than_any_other_body(api: People, image: Thing) -> None:
    """The application takes bodies of 16 MiB; this route takes any."""
    content = bytes(range(256)) * (17 * 4096)
    assert upload(api, image, content).status_code == 204
    shown = api.ok("GET", f"{IMAGES}/{image['id']}")
    assert (shown["status"], shown["size"], shown["virtual_size"]) == ("active", len(content), None)
    assert shown["checksum"] == hashlib.md5(content).hexdigest()
    assert (shown["os_hash_algo"], shown["os_hash_value"]) == ("sha512", hashlib.sha512(content).hexdigest())
    answer = api.ask("GET", f"{IMAGES}/{image['id']}/file")
    assert (answer.status_code, answer.content) == (200, content)
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-md5"] == shown["checksum"]
    assert answer.headers["content-length"] == str(len(content))


def test_bytes_come_once(api: People, image: Thing) -> None:
    assert upload(api, image, b"one").status_code == 204
    assert upload(api, image, b"two").status_code == 409
    assert api.ask("GET", f"{IMAGES}/{image['id']}/file").content == b"one"
    changed = api.ask(
        "PATCH",
        f"{IMAGES}/{image['id']}",
        content=b'[{"op":"replace","path":"/disk_format","value":"qcow2"}]',
        headers={"content-type": "application/openstack-images-v2.1-json-patch"},
    )
    assert changed.status_code == 403


def test_no_bytes_yet(api: People, image: Thing) -> None:
    assert api.ask("GET", f"{IMAGES}/{image['id']}/file").status_code == 204
    assert upload(api, image, b"").status_code == 204
    assert api.ok("GET", f"{IMAGES}/{image['id']}")["size"] == 0


def test_wrong_uploads(api: People, image: Thing) -> None:
    path = f"{IMAGES}/{image['id']}/file"
    assert api.ask("PUT", path, content=b"x", headers={"content-type": "text/plain"}).status_code == 415
    blank = api.ok("POST", IMAGES, json={})
    assert upload(api, blank, b"x").status_code == 400


def test_a_short_body_leaves_nothing(api: People, image: Thing) -> None:
    def short() -> Iterator[bytes]:
        yield b"half"

    headers = {**OCTETS, "content-length": "8"}
    answer = api.ask("PUT", f"{IMAGES}/{image['id']}/file", content=short(), headers=headers)
    assert answer.status_code == 400
    assert api.ok("GET", f"{IMAGES}/{image['id']}")["status"] == "queued"
    assert list(api.of.services.image.image_data.store.folder.glob("*")) == []
    assert upload(api, image, b"whole").status_code == 204


def test_a_full_disk(api: People, image: Thing) -> None:
    """/dev/full takes no byte; the store says so, and nothing is left."""
    folder = api.of.services.image.image_data.store.folder
    folder.mkdir(parents=True)
    incoming = api.of.services.ids.hex()
    part = folder / f"{image['id']}.{int(incoming, 16) + 1:032x}.part"
    part.symlink_to("/dev/full")
    answer = upload(api, image, b"x" * 3_000_000)
    assert (answer.status_code, answer.json()["message"]) == (
        413,
        "There is not enough disk space on the image storage media.",
    )
    assert list(folder.iterdir()) == []
    assert api.ok("GET", f"{IMAGES}/{image['id']}")["status"] == "queued"


def test_ranges(api: People, image: Thing) -> None:
    upload(api, image, b"0123456789")
    path = f"{IMAGES}/{image['id']}/file"
    for asked, part, said in (
        ("bytes=2-4", b"234", "bytes 2-4/10"),
        ("bytes=7-", b"789", "bytes 7-9/10"),
        ("bytes=-3", b"789", "bytes 7-9/10"),
        ("bytes=5-99", b"56789", "bytes 5-9/10"),
    ):
        answer = api.ask("GET", path, headers={"range": asked})
        assert (answer.status_code, answer.content, answer.headers["content-range"]) == (206, part, said)
    for wrong in ("bytes=10-", "bytes=4-2", "bytes=-", "lines=1-2"):
        assert api.ask("GET", path, headers={"range": wrong}).status_code == 416


def test_deactivated(api: People, image: Thing) -> None:
    path = f"{IMAGES}/{image['id']}"
    assert api.ask("POST", f"{path}/actions/deactivate").status_code == 403
    upload(api, image, b"x")
    assert api.ask("POST", f"{path}/actions/deactivate").status_code == 204
    assert api.ok("GET", path)["status"] == "deactivated"
    assert api.ask("GET", f"{path}/file").status_code == 403
    assert api.ask("GET", f"{path}/file", "admin").content == b"x"
    assert api.ask("POST", f"{path}/actions/reactivate").status_code == 204
    assert api.ask("GET", f"{path}/file").content == b"x"
