"""Upload and download of image data."""

import hashlib
import json
from collections.abc import Iterator
from itertools import repeat
from pathlib import Path
from typing import Any

from support.callers import Callers, open_callers
from support.raw_requests import BLOCK_BYTES, RawRequest
from support.stacks import build_harness

IMAGES = "/image/v2/images"
OCTETS = {"content-type": "application/octet-stream"}
Document = dict[str, Any]


def upload(api: Callers, image: Document, content: Any) -> Any:
    return api.request("PUT", f"{IMAGES}/{image['id']}/file", content=content, headers=OCTETS)


def test_upload_is_not_limited_in_size(api: Callers, image: Document) -> None:
    """Other routes accept bodies up to 16 MiB."""
    content = bytes(range(256)) * (17 * 4096)
    assert upload(api, image, content).status_code == 204
    uploaded = api.ok("GET", f"{IMAGES}/{image['id']}")
    assert (uploaded["status"], uploaded["size"], uploaded["virtual_size"]) == ("active", len(content), len(content))
    assert uploaded["checksum"] == hashlib.md5(content).hexdigest()
    assert (uploaded["os_hash_algo"], uploaded["os_hash_value"]) == ("sha512", hashlib.sha512(content).hexdigest())
    response = api.request("GET", f"{IMAGES}/{image['id']}/file")
    assert (response.status_code, response.content) == (200, content)
    assert response.headers["content-type"] == "application/octet-stream"
    assert response.headers["content-md5"] == uploaded["checksum"]
    assert response.headers["content-length"] == str(len(content))


def test_data_is_immutable(api: Callers, image: Document) -> None:
    assert upload(api, image, b"one").status_code == 204
    assert upload(api, image, b"two").status_code == 409
    assert api.request("GET", f"{IMAGES}/{image['id']}/file").content == b"one"
    response = api.request(
        "PATCH",
        f"{IMAGES}/{image['id']}",
        content=b'[{"op":"replace","path":"/disk_format","value":"qcow2"}]',
        headers={"content-type": "application/openstack-images-v2.1-json-patch"},
    )
    assert response.status_code == 403


def test_image_without_data(api: Callers, image: Document) -> None:
    assert api.request("GET", f"{IMAGES}/{image['id']}/file").status_code == 204
    assert upload(api, image, b"").status_code == 204
    assert api.ok("GET", f"{IMAGES}/{image['id']}")["size"] == 0


def test_invalid_uploads(api: Callers, image: Document) -> None:
    path = f"{IMAGES}/{image['id']}/file"
    assert api.request("PUT", path, content=b"x", headers={"content-type": "text/plain"}).status_code == 415
    blank = api.ok("POST", IMAGES, json={})
    assert upload(api, blank, b"x").status_code == 400


def test_incomplete_body_is_discarded(api: Callers, image: Document) -> None:
    def incomplete() -> Iterator[bytes]:
        yield b"half"

    headers = {**OCTETS, "content-length": "8"}
    response = api.request("PUT", f"{IMAGES}/{image['id']}/file", content=incomplete(), headers=headers)
    assert response.status_code == 400
    assert api.ok("GET", f"{IMAGES}/{image['id']}")["status"] == "queued"
    assert list(api.harness.services.image.image_data.store.folder.glob("*")) == []
    assert upload(api, image, b"complete").status_code == 204


def test_full_disk(api: Callers, image: Document) -> None:
    """Writing to /dev/full fails with "no space left on device"."""
    folder = api.harness.services.image.image_data.store.folder
    folder.mkdir(parents=True)
    last_id = int(api.harness.services.ids.hex(), 16)
    part = folder / f"{image['id']}.{last_id + 1:032x}.part"
    part.symlink_to("/dev/full")
    response = upload(api, image, b"x" * 3_000_000)
    assert (response.status_code, response.json()["message"]) == (
        413,
        "There is not enough disk space on the image storage media.",
    )
    assert list(folder.iterdir()) == []
    assert api.ok("GET", f"{IMAGES}/{image['id']}")["status"] == "queued"


def test_ranges(api: Callers, image: Document) -> None:
    upload(api, image, b"0123456789")
    path = f"{IMAGES}/{image['id']}/file"
    for header, content, content_range in (
        ("bytes=2-4", b"234", "bytes 2-4/10"),
        ("bytes=7-", b"789", "bytes 7-9/10"),
        ("bytes=-3", b"789", "bytes 7-9/10"),
        ("bytes=5-99", b"56789", "bytes 5-9/10"),
    ):
        response = api.request("GET", path, headers={"range": header})
        assert (response.status_code, response.content, response.headers["content-range"]) == (
            206,
            content,
            content_range,
        )
    for header in (f"bytes={'9' * 5000}-", "bytes=10-", "bytes=4-2", "bytes=-", "lines=1-2"):
        assert api.request("GET", path, headers={"range": header}).status_code == 416


def test_deactivated(api: Callers, image: Document) -> None:
    path = f"{IMAGES}/{image['id']}"
    assert api.request("POST", f"{path}/actions/deactivate").status_code == 403
    upload(api, image, b"x")
    assert api.request("POST", f"{path}/actions/deactivate").status_code == 204
    assert api.ok("GET", path)["status"] == "deactivated"
    assert api.request("GET", f"{path}/file").status_code == 403
    assert api.request("GET", f"{path}/file", "admin").content == b"x"
    assert api.request("POST", f"{path}/actions/reactivate").status_code == 204
    assert api.request("GET", f"{path}/file").content == b"x"


def test_an_image_has_a_limit_of_its_own(home: Path) -> None:
    """The upload is a stream, and ends at the limit."""
    home.mkdir()
    stack = build_harness(home, image_size_cap=3 * BLOCK_BYTES)
    with open_callers(stack) as api:
        image = api.ok("POST", "/image/v2/images", json={"name": "x", "disk_format": "raw", "container_format": "bare"})
        path = f"/image/v2/images/{image['id']}/file"
        headers = OCTETS | {"x-auth-token": api.tokens["green"], "accept": "application/json"}
        announced = RawRequest("PUT", path, headers | {"content-length": str(2**40)}, repeat(b" " * BLOCK_BYTES)).send(
            api
        )
        assert (announced.status, announced.received_bytes) == (413, 0)
        chunked = RawRequest("PUT", path, headers, repeat(b" " * BLOCK_BYTES)).send(api)
        assert chunked.status == 413
        assert chunked.received_bytes <= 4 * BLOCK_BYTES
        assert json.loads(chunked.response)["message"] == "The provided image is too large."
        assert api.ok("GET", f"/image/v2/images/{image['id']}")["status"] == "queued"
        assert api.request("PUT", path, content=b"x" * 3 * BLOCK_BYTES, headers=OCTETS).status_code == 204
    stack.services.database.close()
