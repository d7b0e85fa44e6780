"""Bindings of projects to clouds and availability zones."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from stratiform.kit.errors import Conflict, Forbidden, Invalid, NotFound
from stratiform.kit.policy import Caller
from stratiform.services.clouds.errors import (
    AvailabilityZoneNotFound,
    BindingConflict,
    BindingNotFound,
    CloudInUse,
    CloudNotFound,
    ProjectNotBound,
)
from stratiform.services.clouds.model import UNBOUND_PROJECTS

from .conftest import Fixture


def test_resolve_and_list(any_fixture: Fixture) -> None:
    f, bindings = any_fixture, any_fixture.clouds.bindings
    b_cloud, a_cloud = f.add("b-cloud"), f.add("a-cloud")
    f.bind("p1", b_cloud)
    f.bind("p1", a_cloud, "south", "zone-1")
    f.bind("p2", a_cloud)
    with f.database.read_transaction() as db:
        default = bindings.resolve_zone(db, "p1", None)
        assert (default.cloud_id, default.cloud_name) == (b_cloud.id, "b-cloud")
        assert (default.zone, default.native_zone) == ("b-cloud", "")
        assert bindings.resolve_zone(db, "p1", "") == bindings.resolve_zone(db, "p1", "b-cloud") == default
        south = bindings.resolve_zone(db, "p1", "south")
        assert (south.cloud_id, south.native_zone) == (a_cloud.id, "zone-1")
        assert bindings.list_zones(db, "p1") == ["b-cloud", "south"]
        assert [binding.cloud_name for binding in bindings.list_for_project(db, "p2")] == ["a-cloud"]

        def listed(project_id: str | None = None, cloud_id: str | None = None) -> list[tuple[str, str]]:
            result = bindings.list(f.ctx(db), project_id=project_id, cloud_id=cloud_id)
            return [(binding.project_id, binding.zone) for binding in result]

        assert listed() == [("p1", "south"), ("p2", "a-cloud"), ("p1", "b-cloud")]
        assert listed(cloud_id=a_cloud.id) == [("p1", "south"), ("p2", "a-cloud")]
        assert listed("p2", a_cloud.id) == [("p2", "a-cloud")]
        assert listed("p1") == [("p1", "b-cloud"), ("p1", "south")]


def test_resolve_without_cloud_or_zone(any_fixture: Fixture) -> None:
    f, bindings = any_fixture, any_fixture.clouds.bindings
    f.bind("p1", f.add())
    with f.database.read_transaction() as db:
        with pytest.raises(ProjectNotBound, match="p2 is not bound to a cloud") as not_bound:
            bindings.resolve_zone(db, "p2", None)
        assert not_bound.value.status == 409
        with pytest.raises(AvailabilityZoneNotFound, match="not available") as no_zone:
            bindings.resolve_zone(db, "p1", "north")
        assert no_zone.value.status == 400
        assert "memory" in no_zone.value.hint
        assert bindings.list_zones(db, "p2") == []


def test_default_serves_projects_without_bindings(any_fixture: Fixture) -> None:
    f, bindings = any_fixture, any_fixture.clouds.bindings
    default, own = f.add("default"), f.add("own")
    f.bind(UNBOUND_PROJECTS, default, "nova")
    with f.database.read_transaction() as db:
        assert bindings.resolve_zone(db, "p1", None).cloud_id == default.id
        assert bindings.list_zones(db, "p1") == ["nova"]
        member = Caller(user_id="u1", project_id="p1", roles=frozenset({"reader"}))
        assert [binding.zone for binding in bindings.list(f.ctx(db, member), project_id="p1")] == ["nova"]
    f.bind("p1", own, "south")
    with f.database.read_transaction() as db:
        assert bindings.list_zones(db, "p1") == ["south"]
        assert bindings.list_zones(db, "p2") == ["nova"]
        with pytest.raises(AvailabilityZoneNotFound):
            bindings.resolve_zone(db, "p1", "nova")
    with f.database.transaction() as db, pytest.raises(CloudInUse, match="all projects without bindings"):
        f.clouds.accounts.delete(f.ctx(db), default.id)
    with pytest.raises(BindingConflict, match="'nova' of projects without bindings is bound to another native zone"):
        f.bind(UNBOUND_PROJECTS, default, "nova", "zone-1")
    with f.database.transaction() as db:
        bindings.delete(f.ctx(db), UNBOUND_PROJECTS, default.id)
        assert bindings.list_zones(db, "p2") == []
    with pytest.raises(BindingNotFound, match="not a default"), f.database.transaction() as db:
        bindings.delete(f.ctx(db), UNBOUND_PROJECTS, default.id)


def test_create_is_idempotent_and_a_zone_may_have_several_clouds(any_fixture: Fixture) -> None:
    f, bindings = any_fixture, any_fixture.clouds.bindings
    first, second = f.add("first"), f.add("second")
    for cloud in (first, second, first):
        f.bind("p1", cloud, "north")
    with f.database.read_transaction() as db:
        assert [binding.cloud_name for binding in bindings.list_for_project(db, "p1")] == ["first", "second"]
        assert bindings.list_zones(db, "p1") == ["north"]
        assert bindings.resolve_zone(db, "p1", "north").cloud_id == first.id, "the oldest is the default"
        assert bindings.resolve_zone(db, "p1", "north", second.id).cloud_id == second.id
        assert bindings.resolve_zone(db, "p1", "north", "elsewhere").cloud_id == first.id
    with pytest.raises(BindingConflict, match="'north' of project p1 is bound to another native zone of cloud 'first'"):
        f.bind("p1", first, "north", "zone-1")


def test_concurrent_bindings_to_one_cloud(any_fixture: Fixture) -> None:
    cloud = any_fixture.add()
    barrier = threading.Barrier(4)

    def bind(_number: int) -> bool:
        barrier.wait()
        try:
            any_fixture.bind("p1", cloud, "north")
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert True in list(pool.map(bind, range(4)))
    with any_fixture.database.read_transaction() as db:
        assert len(any_fixture.clouds.bindings.list_for_project(db, "p1")) == 1


def test_create_without_project_or_cloud(fixture: Fixture) -> None:
    cloud = fixture.add()
    with pytest.raises(Invalid):
        fixture.bind("", cloud)
    with pytest.raises(CloudNotFound), fixture.database.transaction() as db:
        fixture.clouds.bindings.create(fixture.ctx(db), "p1", "nowhere")


def test_delete_one_zone_or_all(any_fixture: Fixture) -> None:
    f, bindings = any_fixture, any_fixture.clouds.bindings
    cloud = f.add()
    for zone in ("a", "b", "c"):
        f.bind("p1", cloud, zone)
    with f.database.transaction() as db:
        bindings.delete(f.ctx(db), "p1", cloud.id, "a")
        assert bindings.list_zones(db, "p1") == ["b", "c"]
        bindings.delete(f.ctx(db), "p1", cloud.id)
        assert bindings.list_zones(db, "p1") == []
    with pytest.raises(BindingNotFound), f.database.transaction() as db:
        bindings.delete(f.ctx(db), "p1", cloud.id)


def test_readers_list_the_bindings_of_their_project_only(fixture: Fixture) -> None:
    bindings = fixture.clouds.bindings
    fixture.bind("p1", fixture.add())
    reader = Caller(user_id="u1", project_id="p1", roles=frozenset({"reader"}))
    without_role = Caller(user_id="u2", project_id="p1")
    other_project = Caller(user_id="u3", project_id="p2", roles=frozenset({"member", "reader"}))
    with fixture.database.read_transaction() as db:
        visible = bindings.list(fixture.ctx(db, reader), project_id="p1")
        assert visible == bindings.list(fixture.ctx(db), project_id="p1") == bindings.list_for_project(db, "p1")
        with pytest.raises(NotFound):
            bindings.list(fixture.ctx(db, other_project), project_id="p1")
        with pytest.raises(Forbidden):
            bindings.list(fixture.ctx(db, without_role), project_id="p1")


def test_check_native_zone(fixture: Fixture) -> None:
    cloud, check = fixture.add(zones="a,b"), fixture.clouds.bindings.check_native_zone
    check(fixture.closed_ctx(), cloud.id, "b")
    check(fixture.closed_ctx(), cloud.id, "")
    with pytest.raises(Invalid, match="'c'") as error:
        check(fixture.closed_ctx(), cloud.id, "c")
    assert error.value.hint == "zones: a, b"
    with fixture.database.read_transaction() as db, pytest.raises(RuntimeError):
        check(fixture.ctx(db), cloud.id, "a")
