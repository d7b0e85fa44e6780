"""Servers on several clouds of one availability zone, on SQLite, PostgreSQL and MariaDB."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from stratiform.kit.errors import Forbidden, Invalid
from stratiform.kit.policy import SYSTEM
from stratiform.services.clouds.errors import ProjectNotBound
from stratiform.services.clouds.model import ResourceType
from stratiform.services.clouds.model.placement import Filter
from stratiform.services.compute.errors import NoValidHost
from stratiform.services.compute.model.block_devices import BlockDevice
from stratiform.services.compute.service.placement import ServerDemands
from support.rating import plan
from support.servers import ServerHarness, with_servers
from support.stacks import build_harness, customer


@pytest.fixture
def servers(home: Path, database_url: str) -> Iterator[ServerHarness]:
    """Project p1 is bound to the clouds sim, east and west in zone-a, in this order; p2 only to sim."""
    home.mkdir(parents=True)
    stack = build_harness(home, database_url)
    servers = with_servers(stack)
    for name in ("east", "west"):
        add_cloud(servers, name)
    yield servers
    stack.services.database.close()


def add_cloud(servers: ServerHarness, name: str, **settings: str) -> str:
    clouds = servers.harness.services.clouds
    with servers.ctx(SYSTEM) as ctx:
        cloud_id = clouds.accounts.create(ctx, "memory", name, settings).id
        clouds.bindings.create(ctx, "p1", cloud_id, "zone-a")
        clouds.native_ids.register(ctx, cloud_id, ResourceType.IMAGE, servers.image_id, "memory-cirros")
    return cloud_id


def set_policy(servers: ServerHarness, *weighers: str, price_plan: str = "", project_id: str = "p1") -> None:
    with servers.ctx(SYSTEM) as ctx:
        servers.harness.services.clouds.placement_policies.set(ctx, project_id, weighers, price_plan)


def set_labels(servers: ServerHarness, cloud: str, **labels: str) -> None:
    accounts = servers.harness.services.clouds.accounts
    with servers.ctx(SYSTEM) as ctx:
        accounts.set_labels(ctx, accounts.get(ctx, cloud).id, labels)


def disable(servers: ServerHarness, cloud: str) -> None:
    with servers.ctx(SYSTEM) as ctx:
        servers.compute.services.update(ctx, cloud, disabled=True)


def create(servers: ServerHarness, **changes: Any) -> list[str]:
    """Create servers; return the names of their clouds."""
    with servers.ctx() as ctx:
        created = servers.compute.servers.create(ctx, servers.new_server(**changes))
    return [server.cloud_name for server in created]


def explain(servers: ServerHarness, **changes: Any) -> dict[str, str]:
    """Return `taken N` or the filter that refuses it, by cloud."""
    with servers.ctx(SYSTEM) as ctx:
        flavor = servers.compute.flavors.get(ctx, "1").snapshot()
        demands = ServerDemands("p1", "u1", flavor, servers.image_id, **changes)
        _, evaluations = servers.compute.placement.explain(ctx, demands)
    return {
        item.candidate.binding.cloud_name: item.refusal.filter if item.refusal else f"taken {number}"
        for number, item in enumerate(evaluations, start=1)
    }


def test_oldest_binding_is_the_default(servers: ServerHarness) -> None:
    assert create(servers, max_count=3) == ["sim", "sim", "sim"]
    disable(servers, "sim")
    assert create(servers) == ["east"]
    assert create(servers, zone="zone-a") == ["east"]
    with pytest.raises(Invalid, match="availability zone is not available"):
        create(servers, zone="zone-b")


def test_servers_exist_in_the_clouds_that_were_chosen(servers: ServerHarness) -> None:
    set_policy(servers, "round_robin")
    assert create(servers, max_count=4) == ["sim", "east", "west", "sim"]
    servers.run_worker(3)
    assert Counter((row.cloud_name, row.status) for row in servers.rows()) == {
        ("sim", "ACTIVE"): 2,
        ("east", "ACTIVE"): 1,
        ("west", "ACTIVE"): 1,
    }
    assert len(servers.native_servers()) == 2


def test_round_robin_continues_and_survives_concurrency(servers: ServerHarness) -> None:
    set_policy(servers, "round_robin")
    assert create(servers) + create(servers) == ["sim", "east"]
    with ThreadPoolExecutor(7) as pool:
        rest = [name for names in pool.map(lambda _: create(servers), range(7)) for name in names]
    assert Counter(["sim", "east", *rest]) == {"sim": 3, "east": 3, "west": 3}


def test_policy_of_all_projects_takes_turns_among_them(servers: ServerHarness) -> None:
    clouds = servers.harness.services.clouds
    with servers.ctx(SYSTEM) as ctx:
        clouds.bindings.create(ctx, "p2", clouds.accounts.get(ctx, "east").id, "zone-a")
    set_policy(servers, "round_robin", project_id="*")
    assert create(servers) == ["sim"]
    with servers.ctx(customer("p2")) as ctx:
        [server] = servers.compute.servers.create(ctx, servers.new_server())
    assert server.cloud_name == "east"
    assert create(servers) == ["west"]


def test_spread_counts_the_servers_of_the_project(servers: ServerHarness) -> None:
    create(servers, max_count=2)
    with servers.ctx(customer("p2")) as ctx:
        servers.compute.servers.create(ctx, servers.new_server(max_count=3))
    set_policy(servers, "spread")
    assert sorted(create(servers, max_count=4)) == ["east", "east", "west", "west"]


def test_cheapest_by_price_plan(servers: ServerHarness) -> None:
    prices = [
        'meter = "instance"\nprice = "0.03"\nper = "hour"\ncloud = "sim"',
        'meter = "instance"\nprice = "0.01"\nper = "hour"\ncloud = "west"',
    ]
    with servers.ctx(SYSTEM) as ctx:
        plans = servers.harness.services.rating.plans
        plans.publish(ctx, plan(*prices))
    set_policy(servers, "cheapest", price_plan="p")
    assert explain(servers) == {"west": "taken 1", "sim": "taken 2", "east": "taken 3"}
    assert create(servers) == ["west"]


def test_labels_of_hints_and_flavors(servers: ServerHarness) -> None:
    set_labels(servers, "east", region="eu", tier="gold")
    set_labels(servers, "west", region="eu")
    assert create(servers, hints={"cloud_label:region": "eu"}) == ["east"]
    assert explain(servers, hints={"cloud_label:region": "eu", "cloud_label:tier": "gold"}) == {
        "east": "taken 1",
        "sim": Filter.LABEL,
        "west": Filter.LABEL,
    }
    with pytest.raises(NoValidHost, match="No cloud has the required labels: region=us"):
        create(servers, hints={"cloud_label:region": "us"})
    with servers.ctx(SYSTEM) as ctx:
        servers.compute.flavor_extra_specs.create(ctx, "2", {"cloud_label:tier": "gold"})
    assert create(servers, flavor_id="2") == ["east"]
    with pytest.raises(Invalid, match="flavor requires the cloud label tier=gold, the request tier=iron"):
        create(servers, flavor_id="2", hints={"cloud_label:tier": "iron"})


def test_resized_server_stays_in_a_cloud_with_the_labels_of_the_flavor(servers: ServerHarness) -> None:
    server = servers.create_active()
    with servers.ctx(SYSTEM) as ctx:
        servers.compute.flavor_extra_specs.create(ctx, "2", {"cloud_label:tier": "gold"})
    set_labels(servers, "east", tier="gold")
    for labels in ({}, {"tier": "iron"}):
        set_labels(servers, "sim", **labels)
        with pytest.raises(NoValidHost, match=r"No valid host was found\. .*labels: tier=gold"), servers.ctx() as ctx:
            servers.compute.server_actions.resize(ctx, server.id, "2")
    set_labels(servers, "sim", tier="gold")
    with servers.ctx() as ctx:
        servers.compute.server_actions.resize(ctx, server.id, "2")


def test_server_follows_its_volumes(servers: ServerHarness) -> None:
    disable(servers, "sim")
    with servers.ctx() as ctx:
        east_id = servers.harness.services.clouds.bindings.list_for_project(ctx.db, "p1")[1].cloud_id
    new_volume = BlockDevice(
        source_type="image", destination_type="volume", source_id=servers.image_id, size_gib=1, boot_index=0
    )
    assert create(servers, image_id="", block_devices=(new_volume,)) == ["east"]
    servers.run_worker(4)
    [volume] = servers.list_volumes()
    assert (volume.cloud_id, volume.zone) == (east_id, "zone-a"), "not in the oldest cloud of the zone"
    free = servers.create_volume(image_id=servers.image_id)
    assert free.cloud_id == servers.cloud_id
    existing = BlockDevice(source_type="volume", destination_type="volume", source_id=free.id, boot_index=0)
    with pytest.raises(NoValidHost):
        create(servers, image_id="", block_devices=(existing,))
    assert explain(servers, cloud_ids=frozenset({free.cloud_id})) == {
        "sim": Filter.SERVICE,
        "east": Filter.DATA,
        "west": Filter.DATA,
    }


def test_image_location(servers: ServerHarness) -> None:
    clouds = servers.harness.services.clouds
    set_policy(servers, "data_location")
    assert create(servers) == ["sim"]
    with servers.ctx(SYSTEM) as ctx:
        for name in ("sim", "east"):
            cloud_id = clouds.accounts.get(ctx, name).id
            clouds.native_ids.unregister(ctx, cloud_id, ResourceType.IMAGE, servers.image_id)
    assert create(servers) == ["west"]


def test_affinity_keeps_a_group_in_one_cloud(servers: ServerHarness) -> None:
    set_policy(servers, "round_robin")
    with servers.ctx() as ctx:
        group = servers.compute.server_groups.create(ctx, "g", "affinity").group
        apart = servers.compute.server_groups.create(ctx, "a", "anti-affinity").group
    assert create(servers, max_count=2, group_id=group.id) == ["sim", "sim"]
    assert create(servers, group_id=group.id) == ["sim"]
    assert create(servers, max_count=3, group_id=apart.id) == ["east", "west", "sim"]
    disable(servers, "sim")
    with pytest.raises(NoValidHost, match="other servers of the group"):
        create(servers, group_id=group.id)


def test_refused_requests_create_nothing(servers: ServerHarness) -> None:
    for cloud in ("sim", "east", "west"):
        disable(servers, cloud)
    with pytest.raises(NoValidHost, match="There are not enough hosts available"):
        create(servers)
    assert servers.rows() == []
    with pytest.raises(ProjectNotBound), servers.ctx(customer("p9")) as ctx:
        servers.compute.servers.create(ctx, servers.new_server())


def test_explain_is_for_operators_and_changes_nothing(servers: ServerHarness) -> None:
    set_policy(servers, "round_robin")
    for _ in range(2):
        assert explain(servers) == {"sim": "taken 1", "east": "taken 2", "west": "taken 3"}
    with pytest.raises(Forbidden), servers.ctx() as ctx:
        flavor = servers.compute.flavors.get(ctx, "1").snapshot()
        servers.compute.placement.explain(ctx, ServerDemands("p1", "u1", flavor, servers.image_id))


def test_project_that_is_bound_twice_to_a_cloud_has_it_once(servers: ServerHarness) -> None:
    clouds = servers.harness.services.clouds
    with servers.ctx(SYSTEM) as ctx:
        pool = clouds.pools.create(ctx, "all")
        for cloud in clouds.accounts.list(ctx):
            clouds.pools.add_member(ctx, pool, cloud)
        clouds.bindings.create_for_pool(ctx, "p1", pool, "zone-a")
    assert list(explain(servers)) == ["sim", "east", "west"]
    set_policy(servers, "round_robin")
    assert sorted(create(servers, max_count=6)) == ["east", "east", "sim", "sim", "west", "west"]
