"""The unmodified `openstack` client and openstacksdk on volumes: a real server, a real worker, the simulated cloud."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openstack
import pytest
from openstack.exceptions import BadRequestException, ConflictException, NotFoundException

from stratiform.kit.context import RequestContext
from stratiform.kit.policy import SYSTEM
from stratiform.kit.work import Worker
from stratiform.services.volume.tasks import handlers
from support.server import DEMO_PASSWORD, Live, live_server


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live_server(Path(tmp_path_factory.mktemp("volumes"))) as made:
        services = made.services
        with services.database.transaction() as db:
            ctx = RequestContext(db, SYSTEM, services.clock.now())
            project = services.identity.ensure_demo_project(ctx, DEMO_PASSWORD)
            cloud = services.clouds.accounts.bootstrap(ctx, "memory", "memory")
            assert cloud is not None
            services.clouds.bindings.create(ctx, project.id, cloud.id, "zone-a")
            services.volume.volume_types.ensure_initial(ctx)
        hands = Worker(services.database, handlers(services.volume), name="wire", clock=services.clock, idle_us=20_000)
        thread = threading.Thread(target=hands.run)
        thread.start()
        try:
            yield made
        finally:
            hands.stop()
            thread.join(timeout=20)


@pytest.fixture
def sdk(live: Live) -> Iterator[Any]:
    with connected(live, "demo") as connection:
        yield connection.block_storage


def connected(live: Live, user: str) -> Any:
    settings: dict[str, Any] = {key.removeprefix("OS_").lower(): text for key, text in live.environment(user).items()}
    return openstack.connect(load_envvars=False, **settings)


def available(sdk: Any, name: str) -> Any:
    """The volume, when it has come to rest."""
    volume = sdk.get_volume(sdk.find_volume(name, ignore_missing=False))
    return sdk.wait_for_status(volume, "available", failures=["error"], interval=0.1, wait=10)


def gone(sdk: Any, volume: Any) -> None:
    sdk.delete_volume(volume)
    sdk.wait_for_delete(volume, interval=0.1, wait=10)


def test_the_life_of_a_volume_by_the_client(live: Live, sdk: Any) -> None:
    made = live.json("volume", "create", "--size", "2", "--property", "k=v", "--description", "d", "data", user="demo")
    assert (made["status"], made["size"], made["type"]) == ("creating", 2, "standard")
    available(sdk, "data")
    live.openstack("volume", "set", "--size", "3", "--property", "l=w", "--name", "renamed", "data", user="demo")
    available(sdk, "renamed")
    live.openstack("volume", "set", "--type", "fast", "--bootable", "--read-only", "renamed", user="demo")
    (listed,) = live.json("volume", "list", "--long", user="demo")
    assert (listed["Name"], listed["Size"], listed["Type"], listed["Bootable"]) == ("renamed", 3, "fast", True)
    assert listed["Properties"] == {"k": "v", "l": "w", "readonly": "True"}
    volume = sdk.find_volume("renamed")
    live.openstack("volume", "delete", "renamed", user="demo")
    sdk.wait_for_delete(volume, interval=0.1, wait=10)
    assert "No Volume found" in live.refused("volume", "show", "renamed", user="demo")


def test_an_operators_commands(live: Live) -> None:
    made = live.json("volume", "type", "create", "--private", "--property", "a=b", "gold")
    assert (made["name"], made["is_public"], made["properties"]) == ("gold", False, {"a": "b"})
    live.openstack("volume", "type", "set", "--description", "shiny", "--property", "c=d", "--project", "demo", "gold")
    shown = live.json("volume", "type", "show", "gold")
    assert (shown["description"], shown["properties"]) == ("shiny", {"a": "b", "c": "d"})
    assert len(shown["access_project_ids"]) == 1
    assert {kind["Name"] for kind in live.json("volume", "type", "list", user="demo")} == {"standard", "fast", "gold"}
    live.openstack("volume", "type", "delete", "gold")


def test_what_there_is_beside_volumes(live: Live) -> None:
    assert live.json("volume", "snapshot", "list", user="demo") == []
    zones = live.json("availability", "zone", "list", "--volume", user="demo")
    assert zones == [{"Zone Name": "zone-a", "Zone Status": "available"}]


def test_the_sdk(sdk: Any) -> None:
    volume = sdk.create_volume(name="by-sdk", size=1, metadata={"a": "b"})
    available(sdk, "by-sdk")
    assert [found.id for found in sdk.volumes(name="by-sdk")] == [volume.id]
    sdk.extend_volume(volume, 2)
    assert available(sdk, "by-sdk").size == 2
    assert sdk.summary(False).total_size == 2
    assert sdk.get_limits().absolute.total_volumes_used == 1
    assert sdk.get_quota_set(sdk.session.get_project_id(), usage=True).usage["gigabytes"] == 2
    assert list(sdk.attachments()) == list(sdk.backups()) == []
    with pytest.raises(BadRequestException, match="must be greater than current size"):
        sdk.extend_volume(volume, 1)
    with pytest.raises(BadRequestException, match="Snapshots of volumes are not supported"):
        sdk.create_snapshot(volume_id=volume.id, name="s")
    with pytest.raises(BadRequestException, match="Compute API"):
        sdk.attach_volume(volume, "/dev/vdb", instance="s1")
    gone(sdk, volume)
    with pytest.raises(NotFoundException, match="could not be found"):
        sdk.get_volume(volume.id)


def test_pages_by_the_sdk(sdk: Any) -> None:
    made = {sdk.create_volume(name=f"page-{number}", size=1).id for number in range(5)}
    listed = list(sdk.volumes(limit=2))
    assert {volume.id for volume in listed} == made
    for volume in listed:
        gone(sdk, available(sdk, volume.name))


def test_an_unbound_project_is_told_why(live: Live) -> None:
    with connected(live, "admin") as connection, pytest.raises(ConflictException, match="not bound to a cloud"):
        connection.block_storage.create_volume(name="x", size=1)
