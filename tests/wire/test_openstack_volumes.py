"""The unmodified `openstack` client and openstacksdk with volumes: a server, a worker and the simulated cloud."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openstack
import pytest
from openstack.exceptions import BadRequestException, ConflictException, NotFoundException

from stratiform.kit.context import RequestContext
from stratiform.kit.policy import SYSTEM
from stratiform.kit.work_queue import Worker
from stratiform.services.volume.tasks import build_handlers
from support.processes import WAIT_S
from support.server import DEMO_PASSWORD, Live, live_server

SERVER_ID = "11111111-2222-3333-4444-555555555555"


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live_server(Path(tmp_path_factory.mktemp("volumes"))) as live:
        services = live.services
        with services.database.transaction() as db:
            ctx = RequestContext(db, SYSTEM, services.clock.now())
            project = services.identity.ensure_demo_project(ctx, DEMO_PASSWORD)
            cloud = services.clouds.accounts.ensure_default_cloud(ctx, "memory", "memory")
            assert cloud is not None
            services.clouds.bindings.create(ctx, project.id, cloud.id, "zone-a")
            services.volume.volume_types.ensure_initial_types(ctx)
        worker = Worker(
            services.database, build_handlers(services.volume), name="wire", clock=services.clock, idle_us=20_000
        )
        thread = threading.Thread(target=worker.run)
        thread.start()
        try:
            yield live
        finally:
            worker.stop()
            thread.join(WAIT_S)


@pytest.fixture
def sdk(live: Live) -> Iterator[Any]:
    with connected(live, "demo") as connection:
        yield connection.block_storage


def connected(live: Live, user: str) -> Any:
    settings: dict[str, Any] = {key.removeprefix("OS_").lower(): text for key, text in live.environment(user).items()}
    return openstack.connect(load_envvars=False, **settings)


def wait_available(sdk: Any, name: str) -> Any:
    """Wait until a volume is available, and return it."""
    volume = sdk.get_volume(sdk.find_volume(name, ignore_missing=False))
    return sdk.wait_for_status(volume, "available", failures=["error"], interval=0.1, wait=WAIT_S)


def delete(sdk: Any, volume: Any) -> None:
    sdk.delete_volume(volume)
    sdk.wait_for_delete(volume, interval=0.1, wait=WAIT_S)


def test_volume_lifecycle_with_the_client(live: Live, sdk: Any) -> None:
    created = live.json(
        "volume", "create", "--size", "2", "--property", "k=v", "--description", "d", "data", user="demo"
    )
    assert (created["status"], created["size"], created["type"]) == ("creating", 2, "standard")
    wait_available(sdk, "data")
    live.openstack("volume", "set", "--size", "3", "--property", "l=w", "--name", "renamed", "data", user="demo")
    wait_available(sdk, "renamed")
    live.openstack("volume", "set", "--type", "fast", "--bootable", "--read-only", "renamed", user="demo")
    (listed,) = live.json("volume", "list", "--long", user="demo")
    assert (listed["Name"], listed["Size"], listed["Type"], listed["Bootable"]) == ("renamed", 3, "fast", True)
    assert listed["Properties"] == {"k": "v", "l": "w", "readonly": "True"}
    volume = sdk.find_volume("renamed")
    live.openstack("volume", "delete", "renamed", user="demo")
    sdk.wait_for_delete(volume, interval=0.1, wait=WAIT_S)
    assert "No Volume found" in live.refused("volume", "show", "renamed", user="demo")


def test_commands_of_an_operator(live: Live) -> None:
    created = live.json("volume", "type", "create", "--private", "--property", "a=b", "gold")
    assert (created["name"], created["is_public"], created["properties"]) == ("gold", False, {"a": "b"})
    live.openstack("volume", "type", "set", "--description", "shiny", "--property", "c=d", "--project", "demo", "gold")
    gold = live.json("volume", "type", "show", "gold")
    assert (gold["description"], gold["properties"]) == ("shiny", {"a": "b", "c": "d"})
    assert len(gold["access_project_ids"]) == 1
    assert {volume_type["Name"] for volume_type in live.json("volume", "type", "list", user="demo")} == {
        "standard",
        "fast",
        "gold",
    }
    live.openstack("volume", "type", "delete", "gold")


def test_snapshots_and_availability_zones(live: Live) -> None:
    assert live.json("volume", "snapshot", "list", user="demo") == []
    zones = live.json("availability", "zone", "list", "--volume", user="demo")
    assert zones == [{"Zone Name": "zone-a", "Zone Status": "available"}]


def test_volume_lifecycle_with_the_library(sdk: Any) -> None:
    volume = sdk.create_volume(name="by-sdk", size=1, metadata={"a": "b"})
    wait_available(sdk, "by-sdk")
    assert [match.id for match in sdk.volumes(name="by-sdk")] == [volume.id]
    sdk.extend_volume(volume, 2)
    assert wait_available(sdk, "by-sdk").size == 2
    assert sdk.summary(False).total_size == 2
    assert sdk.get_limits().absolute.total_volumes_used == 1
    assert sdk.get_quota_set(sdk.session.get_project_id(), usage=True).usage["gigabytes"] == 2
    assert list(sdk.attachments()) == list(sdk.backups()) == []
    with pytest.raises(BadRequestException, match="must be greater than current size"):
        sdk.extend_volume(volume, 1)
    snapshot = sdk.wait_for_status(
        sdk.create_snapshot(volume_id=volume.id, name="s"), "available", interval=0.1, wait=WAIT_S
    )
    sdk.delete_snapshot(snapshot)
    sdk.wait_for_delete(snapshot, interval=0.1, wait=WAIT_S)
    sdk.attach_volume(volume, "/dev/vdb", instance=SERVER_ID)
    [attachment] = sdk.get_volume(volume.id).attachments
    assert (attachment["server_id"], attachment["device"]) == (SERVER_ID, "/dev/vdb")
    sdk.detach_volume(volume, attachment["attachment_id"])
    wait_available(sdk, "by-sdk")
    delete(sdk, volume)
    with pytest.raises(NotFoundException, match="could not be found"):
        sdk.get_volume(volume.id)


def test_library_follows_pages(sdk: Any) -> None:
    volume_ids = {sdk.create_volume(name=f"page-{number}", size=1).id for number in range(5)}
    listed = list(sdk.volumes(limit=2))
    assert {volume.id for volume in listed} == volume_ids
    for volume in listed:
        delete(sdk, wait_available(sdk, volume.name))


def test_project_without_a_cloud_is_refused(live: Live) -> None:
    with connected(live, "admin") as connection, pytest.raises(ConflictException, match="not bound to a cloud"):
        connection.block_storage.create_volume(name="x", size=1)
