"""Synchronization of flavors with the sizes that a cloud offers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stratiform.contract.server_types import NativeServerType
from stratiform.interfaces.rest.views.clouds import flavor_change
from stratiform.kit.errors import Conflict
from stratiform.kit.policy import SYSTEM
from stratiform.services.clouds.model import NativeIdMapping, ResourceType
from stratiform.services.compute.model.flavor_changes import (
    FlavorAction,
    FlavorChange,
    FlavorState,
    list_flavor_changes,
)
from stratiform.services.compute.model.flavors import Flavor, NewFlavor
from stratiform.services.compute.repository.flavors import find_flavor_by_name
from support.servers import ServerHarness, with_servers
from support.stacks import build_harness

SMALL = NativeServerType("small", "small", 1, 1024, 10)
LARGE = NativeServerType("large", "large", 4, 8192)


def flavor(flavor_id: str, vcpus: int = 1, ram: int = 1024, disk: int = 10, name: str = "") -> Flavor:
    return Flavor(flavor_id, name or flavor_id, vcpus, ram, disk)


def mapping(flavor_id: str, native_id: str, *, manual: bool = False) -> NativeIdMapping:
    return NativeIdMapping("c", ResourceType.FLAVOR, flavor_id, native_id, not manual)


def list_actions(
    sizes: list[NativeServerType],
    flavors: list[Flavor],
    mappings: list[NativeIdMapping],
    shared: tuple[str, ...] = (),
    patterns: tuple[str, ...] = (),
) -> list[tuple[str, str]]:
    changes = list_flavor_changes(sizes, FlavorState(flavors, mappings, shared), patterns)
    return [(change.action, change.native_type) for change in changes]


def test_new_sizes() -> None:
    assert list_actions([SMALL, LARGE], [], []) == [("create", "large"), ("create", "small")]
    assert list_actions([SMALL, LARGE], [], [], patterns=("l*", "x")) == [("create", "large")]
    uuid = NativeServerType("0f3a", "g1.small", 1, 1024, 10)
    assert list_actions([uuid], [], [], patterns=("g1.*",)) == [("create", "0f3a")], "by name"
    assert flavor_change(FlavorChange(FlavorAction.CREATE, uuid.id, uuid, None, ""), False).flavor == "g1.small"
    assert list_actions([SMALL], [flavor("f1", name="small")], []) == [("register", "small")]
    assert list_actions([SMALL], [flavor("f1", 2, name="small")], []) == [("conflict", "small")]
    assert list_actions([LARGE], [flavor("f1", 4, 8192, 80, "large")], []) == [("register", "large")], "any disk"


def test_flavors_of_a_synchronization_follow_the_cloud() -> None:
    mappings = [mapping("f1", "small")]
    assert list_actions([SMALL], [flavor("f1")], mappings) == []
    assert list_actions([SMALL], [flavor("f1", 2)], mappings) == [("update", "small")]
    assert list_actions([SMALL], [flavor("f1", 2)], mappings, ("f1",)) == [("conflict", "small")]
    assert list_actions([], [flavor("f1")], mappings) == [("delete", "small")]
    assert list_actions([SMALL], [], mappings) == [("create", "small")], "the flavor was deleted"


def test_flavors_of_operators_are_only_reported() -> None:
    mappings = [mapping("f1", "large", manual=True)]
    assert list_actions([LARGE], [flavor("f1")], mappings) == [("differs", "large")]
    assert list_actions([], [flavor("f1")], mappings) == [("differs", "large")]


@pytest.fixture
def servers(home: Path, database_url: str) -> Iterator[ServerHarness]:
    home.mkdir(parents=True)
    stack = build_harness(home, database_url)
    yield with_servers(stack, server_types="memory.small:1:1024:10,memory.large:4:8192:40")
    stack.services.database.close()


def set_sizes(servers: ServerHarness, sizes: str) -> None:
    with servers.ctx(SYSTEM) as ctx:
        servers.harness.services.clouds.accounts.update(ctx, servers.cloud_id, {"server_types": sizes})


def synchronize(servers: ServerHarness, *, apply: bool = True, delete: bool = False) -> list[tuple[str, str, bool]]:
    clouds, synchronization = servers.harness.services.clouds, servers.compute.flavor_synchronization
    with servers.harness.services.database.read_transaction() as db:
        ctx = servers.harness.ctx(db)
        cloud = clouds.accounts.get_by_id(db, servers.cloud_id)
    sizes = clouds.server_types.list(ctx, cloud)
    with servers.ctx(SYSTEM) as ctx:
        if apply:
            results = synchronization.apply(ctx, servers.cloud_id, sizes, delete=delete)
        else:
            results = [(change, False) for change in synchronization.list_changes(ctx, servers.cloud_id, sizes)]
    return [(change.action, change.native_type, applied) for change, applied in results]


def find_flavor(servers: ServerHarness, name: str) -> Flavor | None:
    with servers.ctx(SYSTEM) as ctx:
        return find_flavor_by_name(ctx.db, name)


def test_flavors_are_kept_in_step(servers: ServerHarness) -> None:
    created = [("create", "memory.large", True), ("create", "memory.small", True)]
    assert synchronize(servers, apply=False) == [(action, name, False) for action, name, _ in created]
    assert find_flavor(servers, "memory.small") is None
    assert synchronize(servers) == created
    assert synchronize(servers) == []
    small = find_flavor(servers, "memory.small")
    assert small is not None
    assert (small.vcpus, small.ram, small.disk, small.is_public) == (1, 1024, 10, True)
    server = servers.create_active(flavor_id=small.id)

    set_sizes(servers, "memory.small:2:2048:10")
    assert synchronize(servers) == [("delete", "memory.large", False), ("update", "memory.small", True)]
    changed = find_flavor(servers, "memory.small")
    assert changed is not None
    assert (changed.id, changed.vcpus, changed.ram) == (small.id, 2, 2048)
    assert servers.get(server.id).flavor["vcpus"] == 1, "servers keep their size"
    assert find_flavor(servers, "memory.large") is not None
    assert synchronize(servers, delete=True) == [("delete", "memory.large", True)]
    assert find_flavor(servers, "memory.large") is None


def test_flavor_of_an_operator_is_registered_but_never_changed(servers: ServerHarness) -> None:
    with servers.ctx(SYSTEM) as ctx:
        own = servers.compute.flavors.create(ctx, NewFlavor("memory.small", 1, 1024, 10))
    assert ("register", "memory.small", True) in synchronize(servers)
    set_sizes(servers, "memory.small:2:2048:10,memory.large:8:8192:40")
    assert synchronize(servers) == [("update", "memory.large", True), ("differs", "memory.small", False)]
    assert synchronize(servers) == [("differs", "memory.small", False)], "an updated flavor stays synchronized"
    set_sizes(servers, "memory.tiny:1:512:10")
    assert ("differs", "memory.small", False) in synchronize(servers, delete=True)
    assert find_flavor(servers, "memory.small") == own
    assert find_flavor(servers, "memory.large") is None


def test_wrongly_empty_list_changes_nothing(servers: ServerHarness) -> None:
    synchronize(servers)
    set_sizes(servers, ",")
    with pytest.raises(Conflict, match="lists no sizes"):
        synchronize(servers, delete=True)
    assert find_flavor(servers, "memory.small") is not None


def test_flavor_of_another_cloud_is_not_deleted(servers: ServerHarness) -> None:
    synchronize(servers)
    small = find_flavor(servers, "memory.small")
    assert small is not None
    clouds = servers.harness.services.clouds
    with servers.ctx(SYSTEM) as ctx:
        other = clouds.accounts.create(ctx, "memory", "other", {})
        clouds.native_ids.register(ctx, other.id, ResourceType.FLAVOR, small.id, "tiny")
    set_sizes(servers, "memory.large:4:8192:40")
    assert synchronize(servers, delete=True) == [("delete", "memory.small", True)]
    assert find_flavor(servers, "memory.small") == small
    with servers.ctx(SYSTEM) as ctx:
        assert clouds.native_ids.find(ctx.db, servers.cloud_id, ResourceType.FLAVOR, small.id) is None
