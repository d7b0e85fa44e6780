"""The `openstack` command and openstacksdk against the Image API, and interrupted and large uploads."""

import hashlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpx
import openstack
import pytest
from openstack.connection import Connection
from openstack.exceptions import ForbiddenException, NotFoundException

from support.server import DEMO_PASSWORD, Live, live_server

MIB = 1024 * 1024
OCTETS = {"Content-Type": "application/octet-stream"}


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live_server(Path(tmp_path_factory.mktemp("live")) / "home") as live:
        yield live


def connect(url: str) -> Any:
    """Connect openstacksdk as the demo user."""
    return openstack.connect(
        auth_url=f"{url}/identity/v3",
        username="demo",
        password=DEMO_PASSWORD,
        project_name="demo",
        user_domain_name="Default",
        project_domain_name="Default",
        region_name="RegionOne",
    )


@pytest.fixture(scope="module")
def sdk(live: Live) -> Iterator[Connection]:
    connection = connect(live.url)
    yield connection
    connection.close()


def create_queued_image(sdk: Any) -> Any:
    return sdk.image.create_image("half", disk_format="raw", container_format="bare", allow_duplicates=True)


def test_command_creates_saves_and_updates(live: Live, tmp_path: Path) -> None:
    source, saved = tmp_path / "in.raw", tmp_path / "out.raw"
    source.write_bytes(os.urandom(20 * MIB + 17))
    created = live.json(
        *("image", "create", "cli", "--file", str(source), "--disk-format", "raw", "--container-format", "bare"),
        *("--property", "os_distro=debian", "--tag", "t"),
        user="demo",
    )
    image = live.json("image", "show", "cli", user="demo")
    assert (image["id"], image["status"], image["size"]) == (created["id"], "active", source.stat().st_size)
    assert image["checksum"] == hashlib.md5(source.read_bytes()).hexdigest()
    assert image["properties"]["os_hash_value"] == hashlib.sha512(source.read_bytes()).hexdigest()
    assert (image["properties"]["os_distro"], image["tags"]) == ("debian", ["t"])
    live.openstack("image", "save", "--file", str(saved), "cli", user="demo")
    assert saved.read_bytes() == source.read_bytes()
    live.openstack("image", "set", "--min-disk", "3", "--property", "a=b", "--name", "cli2", "cli", user="demo")
    live.openstack("image", "unset", "--property", "a", "--tag", "t", "cli2", user="demo")


def test_command_lists_and_deletes(live: Live) -> None:
    [listed] = live.json("image", "list", "--long", "--name", "cli2", user="demo")
    assert (listed["Status"], listed["Visibility"], listed["Tags"]) == ("active", "shared", [])
    assert live.json("image", "list", "--public", user="demo") == []
    live.openstack("image", "set", "--protected", "cli2", user="demo")
    assert "is protected" in live.refused("image", "delete", "cli2", user="demo")
    live.openstack("image", "set", "--unprotected", "cli2", user="demo")
    live.openstack("image", "delete", "cli2", user="demo")
    assert live.json("image", "list", "--name", "cli2", user="demo") == []


def test_sdk(sdk: Any) -> None:
    content = os.urandom(MIB)
    image = sdk.image.create_image("sdk", data=content, disk_format="raw", container_format="bare")
    image = sdk.image.get_image(image.id)
    assert (image.status, image.size) == ("active", MIB)
    assert sdk.image.find_image("sdk").id == image.id
    assert sdk.image.download_image(image.id).content == content
    assert sdk.image.update_image(image.id, min_ram=64).min_ram == 64
    sdk.image.add_tag(image.id, "t")
    assert [tagged.id for tagged in sdk.image.images(tag="t")] == [image.id]
    for i in range(5):
        sdk.image.create_image(f"page-{i}", disk_format="raw", container_format="bare")
    names = [listed.name for listed in sdk.image.images(limit=2, sort="name:asc")]
    assert names == [*(f"page-{i}" for i in range(5)), "sdk"]
    with pytest.raises(ForbiddenException):
        sdk.image.update_image(image.id, visibility="public")
    for listed in list(sdk.image.images()):
        sdk.image.delete_image(listed.id)
    with pytest.raises(NotFoundException):
        sdk.image.get_image(image.id)


@pytest.mark.parametrize("chunked", [False, True])
def test_interrupted_upload_is_discarded(live: Live, sdk: Any, chunked: bool) -> None:
    image = create_queued_image(sdk)
    length_header = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {10 * MIB}"
    head = (
        f"PUT /image/v2/images/{image.id}/file HTTP/1.1\r\nHost: x\r\nX-Auth-Token: {sdk.auth_token}\r\n"
        f"Content-Type: application/octet-stream\r\n{length_header}\r\n\r\n"
    )
    host, port = live.url.removeprefix("http://").split(":")
    part = b"x" * (2 * MIB)
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(head.encode())
        connection.sendall(b"%x\r\n%s\r\n" % (len(part), part) if chunked else part)
        wait_until(lambda: sdk.image.get_image(image.id).status == "saving")
    wait_until(lambda: sdk.image.get_image(image.id).status == "queued")
    assert list(live.services.image.image_data.store.folder.glob(f"{image.id}*")) == []
    sdk.image.delete_image(image.id)


def test_second_upload_is_rejected(live: Live, sdk: Any) -> None:
    image, resume = create_queued_image(sdk), Event()
    path = f"{live.url}/image/v2/images/{image.id}/file"
    headers = {**OCTETS, "X-Auth-Token": sdk.auth_token}

    def send_slowly() -> Iterator[bytes]:
        yield b"x" * MIB
        resume.wait(30)
        yield b"y"

    statuses: list[int] = []
    first = Thread(
        target=lambda: statuses.append(httpx.put(path, content=send_slowly(), headers=headers, timeout=60).status_code)
    )
    first.start()
    wait_until(lambda: sdk.image.get_image(image.id).status == "saving")
    assert httpx.put(path, content=b"z", headers=headers).status_code == 409
    resume.set()
    first.join()
    assert statuses == [204]
    assert sdk.image.get_image(image.id).size == MIB + 1


def wait_until(condition: Any) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


PROGRAM = """
import sys
from pathlib import Path
from support.server import live_server
with live_server(Path(sys.argv[1])) as live:
    print(live.url, flush=True)
    sys.stdin.read()
"""


def peak_kib(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="requires /proc/PID/clear_refs of Linux")
def test_large_images_need_constant_memory(tmp_path: Path) -> None:
    """The peak memory of a server process grows by less than 40 MiB for an image of 300 MiB."""
    tests = str(Path(__file__).parents[1])
    server = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "home")],
        env={**os.environ, "PYTHONPATH": tests},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        url = server.stdout.readline().strip()
        sdk = connect(url)
        upload_and_download(url, sdk, 8)
        Path(f"/proc/{server.pid}/clear_refs").write_text("5")
        before = peak_kib(server.pid)
        upload_and_download(url, sdk, 300)
        growth = (peak_kib(server.pid) - before) / 1024
        sdk.close()
        assert growth < 40, f"grew by {growth:.1f} MiB"
    finally:
        server.stdin.close()
        server.wait(timeout=30)
        server.stdout.close()


def upload_and_download(url: str, sdk: Any, mebibytes: int) -> None:
    image = create_queued_image(sdk)
    path = f"{url}/image/v2/images/{image.id}/file"
    headers = {**OCTETS, "X-Auth-Token": sdk.auth_token}
    block, sent, received = os.urandom(MIB), hashlib.sha512(), hashlib.sha512()

    def blocks() -> Iterator[bytes]:
        for _ in range(mebibytes):
            sent.update(block)
            yield block

    assert httpx.put(path, content=blocks(), headers=headers, timeout=90).status_code == 204
    with httpx.stream("GET", path, headers=headers, timeout=90) as response:
        for part in response.iter_bytes():
            received.update(part)
    assert received.digest() == sent.digest()
    assert sdk.image.get_image(image.id).hash_value == sent.hexdigest()
