"""Pools of clouds, labels, and placement policies, on each database."""

import pytest

from stratiform.kit.errors import Forbidden, Invalid
from stratiform.kit.policy import Caller
from stratiform.services.clouds.errors import (
    BindingNotFound,
    CloudInUse,
    PlacementPolicyNotFound,
    PoolConflict,
    PoolInUse,
    PoolMemberNotFound,
    PoolNotFound,
    ProjectNotBound,
)
from stratiform.services.clouds.model import UNBOUND_PROJECTS, Cloud, Pool
from stratiform.services.clouds.model.placement import PlacementPolicy, Weigher

from .conftest import Fixture


def create_pool(f: Fixture, name: str, *clouds: Cloud) -> Pool:
    with f.database.transaction() as db:
        pool = f.clouds.pools.create(f.ctx(db), name)
        for cloud in clouds:
            f.clouds.pools.add_member(f.ctx(db), pool, cloud, f"zone of {cloud.name}")
    return pool


def list_served(f: Fixture, project_id: str) -> list[tuple[str, str, str, str]]:
    with f.database.read_transaction() as db:
        bindings = f.clouds.bindings.list_for_project(db, project_id)
    return [(binding.cloud_name, binding.zone, binding.native_zone, binding.pool_name) for binding in bindings]


def test_project_of_a_pool_is_served_by_its_present_clouds(any_fixture: Fixture) -> None:
    f = any_fixture
    first, second, own = f.add("first"), f.add("second"), f.add("own")
    pool = create_pool(f, "eu", second)
    with f.database.transaction() as db:
        assert len(f.clouds.bindings.create_for_pool(f.ctx(db), "p1", pool, "north")) == 1
        f.clouds.bindings.create(f.ctx(db), "p1", own.id, "south")
        f.clouds.bindings.create_for_pool(f.ctx(db), "p1", pool, "north")
        f.clouds.bindings.create_for_pool(f.ctx(db), UNBOUND_PROJECTS, pool)
    assert list_served(f, "p1") == [("second", "north", "zone of second", "eu"), ("own", "south", "", "")]
    assert list_served(f, "p2") == [("second", "eu", "zone of second", "eu")]
    with f.database.transaction() as db:
        f.clouds.pools.add_member(f.ctx(db), pool, first)
        f.clouds.pools.remove_member(f.ctx(db), pool, second)
    assert list_served(f, "p1") == [("first", "north", "", "eu"), ("own", "south", "", "")]
    with f.database.transaction() as db:
        bound = f.clouds.bindings.list(f.ctx(db), cloud_id=first.id)
        assert [binding.project_id for binding in bound] == ["p1", UNBOUND_PROJECTS]
        f.clouds.bindings.delete_for_pool(f.ctx(db), "p1", pool, "north")
    assert list_served(f, "p1") == [("own", "south", "", "")]
    with pytest.raises(BindingNotFound, match="p1 is not bound to this pool"), f.database.transaction() as db:
        f.clouds.bindings.delete_for_pool(f.ctx(db), "p1", pool)
    with pytest.raises(BindingNotFound, match="p1 is not bound to this cloud"), f.database.transaction() as db:
        f.clouds.bindings.delete(f.ctx(db), "p1", first.id)


def test_project_of_an_empty_pool_is_not_served_by_the_default_clouds(any_fixture: Fixture) -> None:
    f = any_fixture
    f.bind(UNBOUND_PROJECTS, f.add("public"))
    pool = create_pool(f, "private")
    with f.database.transaction() as db:
        f.clouds.bindings.create_for_pool(f.ctx(db), "p1", pool)
    assert list_served(f, "p1") == []
    assert [cloud for cloud, *_ in list_served(f, "p2")] == ["public"]
    with pytest.raises(ProjectNotBound, match="the pool has no clouds"), f.database.read_transaction() as db:
        f.clouds.bindings.list_in_zone(db, "p1", None)


def test_pools_in_use_and_their_clouds_stay(any_fixture: Fixture) -> None:
    f = any_fixture
    cloud = f.add()
    pool = create_pool(f, "eu", cloud)
    with f.database.transaction() as db:
        f.clouds.bindings.create_for_pool(f.ctx(db), "p1", pool)
    with pytest.raises(PoolInUse, match="serves projects: p1"), f.database.transaction() as db:
        f.clouds.pools.delete(f.ctx(db), pool)
    with pytest.raises(CloudInUse, match="member of pools: eu"), f.database.transaction() as db:
        f.clouds.accounts.delete(f.ctx(db), cloud.id)
    with f.database.transaction() as db:
        f.clouds.bindings.delete_for_pool(f.ctx(db), "p1", pool)
        f.clouds.pools.delete(f.ctx(db), pool)
        f.clouds.accounts.delete(f.ctx(db), cloud.id)
        assert f.clouds.pools.list(f.ctx(db)) == []


def test_names_and_members_of_pools_are_unique(any_fixture: Fixture) -> None:
    f = any_fixture
    cloud, other = f.add(), f.add("other")
    pool = create_pool(f, "eu", cloud)
    with pytest.raises(PoolConflict, match="'eu' already exists"):
        create_pool(f, "eu")
    with pytest.raises(PoolConflict, match="already a member"), f.database.transaction() as db:
        f.clouds.pools.add_member(f.ctx(db), pool, cloud)
    with f.database.transaction() as db:
        assert f.clouds.pools.get(f.ctx(db), "eu") == f.clouds.pools.get(f.ctx(db), pool.id) == pool
        with pytest.raises(PoolNotFound, match="'us'"):
            f.clouds.pools.get(f.ctx(db), "us")
        with pytest.raises(PoolMemberNotFound, match="'other' is not a member"):
            f.clouds.pools.remove_member(f.ctx(db), pool, other)
        with pytest.raises(Invalid, match="'EU' is not a valid pool name"):
            f.clouds.pools.create(f.ctx(db), "EU")


def test_labels_are_merged_and_survive_new_settings(any_fixture: Fixture) -> None:
    f, accounts = any_fixture, any_fixture.clouds.accounts
    cloud = f.add()
    with f.database.transaction() as db:
        accounts.set_labels(f.ctx(db), cloud.id, {"region": "eu", "disk": "ssd"})
        accounts.set_labels(f.ctx(db), cloud.id, {"disk": None, "tier": "gold"})
        accounts.update(f.ctx(db), cloud.id, {"latency_ms": "1"})
        assert accounts.get_by_id(db, cloud.id).labels == {"region": "eu", "tier": "gold"}
        for labels in ({"": "x"}, {"a b": "x"}, {"a": ""}, {"a": "x" * 64}):
            with pytest.raises(Invalid, match="not a valid label"):
                accounts.set_labels(f.ctx(db), cloud.id, labels)
        assert accounts.get_by_id(db, cloud.id).labels == {"region": "eu", "tier": "gold"}


def test_policy_of_a_project_beats_that_of_all(any_fixture: Fixture) -> None:
    f, policies = any_fixture, any_fixture.clouds.placement_policies
    with f.database.transaction() as db:
        ctx = f.ctx(db)
        assert policies.find(db, "p1").weighers == ()
        default = policies.set(ctx, UNBOUND_PROJECTS, ["spread"])
        own = policies.set(ctx, "p1", ["round_robin", "least_filled"])
        assert own == PlacementPolicy("p1", (Weigher.ROUND_ROBIN, Weigher.LEAST_FILLED))
        assert (policies.find(db, "p1"), policies.find(db, "p2")) == (own, default)
        assert policies.list(ctx) == [default, own]
        replaced = policies.set(ctx, "p1", [])
        assert policies.find(db, "p1") == replaced
        policies.delete(ctx, "p1")
        assert policies.find(db, "p1") == default
        with pytest.raises(PlacementPolicyNotFound, match="Project p1 has no placement policy"):
            policies.delete(ctx, "p1")


@pytest.mark.parametrize(
    ("weighers", "price_plan", "message"),
    [
        (["fastest"], "", "unknown weigher 'fastest'"),
        (["spread", "spread"], "", "`weighers` has one twice"),
        (["cheapest"], "", "`price_plan` is required"),
        (["spread"], "costs", "`price_plan` is required"),
        (["cheapest"], "costs", "Price plan 'costs' not found"),
    ],
)
def test_invalid_policy(fixture: Fixture, weighers: list[str], price_plan: str, message: str) -> None:
    policies = fixture.clouds.placement_policies
    with pytest.raises(Invalid, match=message), fixture.database.transaction() as db:
        policies.set(fixture.ctx(db), "p1", weighers, price_plan)
    with fixture.database.read_transaction() as db:
        assert policies.list(fixture.ctx(db)) == []


def test_members_manage_neither_pools_nor_policies(fixture: Fixture) -> None:
    cloud = fixture.add()
    pool = create_pool(fixture, "eu")
    member = Caller(user_id="u1", project_id="p1", roles=frozenset({"member", "reader"}))
    with fixture.database.transaction() as db:
        ctx, clouds = fixture.ctx(db, member), fixture.clouds
        for call in (
            lambda: clouds.pools.create(ctx, "mine"),
            lambda: clouds.pools.get(ctx, "eu"),
            lambda: clouds.pools.list(ctx),
            lambda: clouds.pools.list_members(ctx, pool),
            lambda: clouds.pools.delete(ctx, pool),
            lambda: clouds.pools.add_member(ctx, pool, cloud),
            lambda: clouds.pools.remove_member(ctx, pool, cloud),
            lambda: clouds.bindings.create_for_pool(ctx, "p1", pool),
            lambda: clouds.bindings.delete_for_pool(ctx, "p1", pool),
            lambda: clouds.accounts.set_labels(ctx, cloud.id, {}),
            lambda: clouds.placement_policies.list(ctx),
            lambda: clouds.placement_policies.set(ctx, "p1", []),
            lambda: clouds.placement_policies.delete(ctx, "p1"),
            lambda: clouds.account_quotas.list(ctx, cloud.id),
            lambda: clouds.credential_checks.find(ctx, cloud.id),
            lambda: clouds.credential_checks.list(ctx),
        ):
            with pytest.raises(Forbidden):
                call()
