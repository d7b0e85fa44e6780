"""Which cloud serves which project, and what is called how there."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from stratiform.kit.errors import Conflict, Forbidden, Invalid, NotFound
from stratiform.kit.policy import Caller
from stratiform.services.clouds.errors import CloudNotFound, NoCloud, NoSuchZone, UnknownNative
from stratiform.services.clouds.model import Cloud, NativeKind

from .conftest import Desk


def add(desk: Desk, name: str = "memory", **settings: str) -> Cloud:
    with desk.database.transaction() as db:
        return desk.clouds.add(desk.ctx(db), "memory", name, settings)


def bind(desk: Desk, project_id: str, cloud: Cloud, zone: str = "", native_zone: str = "") -> None:
    with desk.database.transaction() as db:
        desk.clouds.bind(desk.ctx(db), project_id, cloud.id, zone, native_zone)


def test_a_project_is_placed_where_it_is_bound(every_desk: Desk) -> None:
    desk = every_desk
    one, two = add(desk, "b-cloud"), add(desk, "a-cloud")
    bind(desk, "p1", one)
    bind(desk, "p1", two, "south", "zone-1")
    bind(desk, "p2", two)
    with desk.database.snapshot() as db:
        place = desk.clouds.place
        first = place(db, "p1", None)
        assert (first.cloud_id, first.cloud_name, first.zone, first.native_zone) == (one.id, "b-cloud", "b-cloud", "")
        assert place(db, "p1", "") == place(db, "p1", "b-cloud") == first
        south = place(db, "p1", "south")
        assert (south.cloud_id, south.native_zone) == (two.id, "zone-1")
        assert desk.clouds.zones(db, "p1") == ["b-cloud", "south"]
        assert [binding.cloud_name for binding in desk.clouds.bindings(db, "p2")] == ["a-cloud"]
        assert [b.project_id for b in desk.clouds.cloud_bindings(desk.ctx(db), two.id)] == ["p1", "p2"]


def test_no_cloud_and_no_such_zone_are_told_apart(every_desk: Desk) -> None:
    cloud = add(every_desk)
    bind(every_desk, "p1", cloud)
    with every_desk.database.snapshot() as db:
        with pytest.raises(NoCloud, match="p2 is bound to no cloud") as none:
            every_desk.clouds.place(db, "p2", None)
        assert none.value.status == 409
        with pytest.raises(NoSuchZone, match="not available") as unknown:
            every_desk.clouds.place(db, "p1", "north")
        assert unknown.value.status == 400
        assert "memory" in unknown.value.hint
        assert every_desk.clouds.zones(db, "p2") == []


def test_binding_twice_is_binding_once_and_a_zone_has_one_cloud(every_desk: Desk) -> None:
    desk = every_desk
    one, two = add(desk, "one"), add(desk, "two")
    bind(desk, "p1", one, "north")
    bind(desk, "p1", one, "north")
    with desk.database.snapshot() as db:
        assert len(desk.clouds.bindings(db, "p1")) == 1
    for cloud, native_zone in ((two, ""), (one, "zone-1")):
        with pytest.raises(Conflict, match="'north'"):
            bind(desk, "p1", cloud, "north", native_zone)


def test_binding_at_the_same_time_is_binding_once(every_desk: Desk) -> None:
    desk = every_desk
    clouds = [add(desk, f"cloud-{number}") for number in range(4)]
    together = threading.Barrier(4)

    def outcome(cloud: Cloud) -> bool:
        together.wait()
        try:
            bind(desk, "p1", cloud, "north")
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(outcome, clouds)) == 1


def test_what_can_not_be_bound(desk: Desk) -> None:
    cloud = add(desk)
    with pytest.raises(Invalid), desk.database.transaction() as db:
        desk.clouds.bind(desk.ctx(db), "", cloud.id)
    with pytest.raises(CloudNotFound), desk.database.transaction() as db:
        desk.clouds.bind(desk.ctx(db), "p1", "nowhere")


def test_unbinding_takes_one_zone_or_all(every_desk: Desk) -> None:
    desk = every_desk
    cloud = add(desk)
    for zone in ("a", "b", "c"):
        bind(desk, "p1", cloud, zone)
    with desk.database.transaction() as db:
        desk.clouds.unbind(desk.ctx(db), "p1", cloud.id, "a")
        assert desk.clouds.zones(db, "p1") == ["b", "c"]
        desk.clouds.unbind(desk.ctx(db), "p1", cloud.id)
        assert desk.clouds.zones(db, "p1") == []
    with pytest.raises(NotFound), desk.database.transaction() as db:
        desk.clouds.unbind(desk.ctx(db), "p1", cloud.id)


def test_people_of_a_project_see_its_bindings_and_no_others(desk: Desk) -> None:
    bind(desk, "p1", add(desk))
    member = Caller(user_id="u1", project_id="p1", roles=frozenset({"member", "reader"}))
    without_role = Caller(user_id="u2", project_id="p1")
    stranger = Caller(user_id="u3", project_id="p2", roles=frozenset({"member", "reader"}))
    with desk.database.snapshot() as db:
        seen = desk.clouds.project_bindings(desk.ctx(db, member), "p1")
        assert seen == desk.clouds.project_bindings(desk.ctx(db), "p1") == desk.clouds.bindings(db, "p1")
        with pytest.raises(NotFound):
            desk.clouds.project_bindings(desk.ctx(db, stranger), "p1")
        with pytest.raises(Forbidden):
            desk.clouds.project_bindings(desk.ctx(db, without_role), "p1")


def test_natives_are_registered_replaced_and_forgotten(every_desk: Desk) -> None:
    desk = every_desk
    one, two = add(desk, "one"), add(desk, "two")
    with desk.database.transaction() as db:
        ctx, clouds = desk.ctx(db), desk.clouds
        clouds.register_image(ctx, one.id, "x", "memory-debian-12")
        clouds.register_flavor(ctx, one.id, "x", "small")
        clouds.register_volume_type(ctx, one.id, "x", "fast")
        clouds.register_image(ctx, one.id, "x", "memory-ubuntu-24.04")
        clouds.register_image(ctx, two.id, "x", "memory-cirros")
        found = [(native.kind, native.ours_id, native.native_id) for native in clouds.natives(ctx, one.id)]
        assert found == [
            ("flavor", "x", "small"),
            ("image", "x", "memory-ubuntu-24.04"),
            ("volume_type", "x", "fast"),
        ]
        assert clouds.native(db, two.id, "image", "x") == "memory-cirros"
        assert clouds.native(db, two.id, "flavor", "x") is None
        clouds.unregister(ctx, one.id, NativeKind.IMAGE, "x")
        assert clouds.native(db, one.id, "image", "x") is None
        with pytest.raises(NotFound):
            clouds.unregister(ctx, one.id, NativeKind.IMAGE, "x")


@pytest.mark.parametrize(("ours", "native"), [("", "n"), ("o", ""), ("o", "n" * 256)])
def test_a_registration_needs_both_names(desk: Desk, ours: str, native: str) -> None:
    cloud = add(desk)
    with pytest.raises(Invalid), desk.database.transaction() as db:
        desk.clouds.register_image(desk.ctx(db), cloud.id, ours, native)


def test_the_cloud_is_asked_before_an_image_is_registered(desk: Desk) -> None:
    cloud, verify = add(desk), desk.clouds.verify_native
    assert verify(desk.ended(), cloud.id, NativeKind.IMAGE, "memory-debian-12") == "memory-debian-12"
    assert verify(desk.ended(), cloud.id, NativeKind.FLAVOR, "any") == "any"
    with pytest.raises(UnknownNative, match="no image 'nothing'"):
        verify(desk.ended(), cloud.id, NativeKind.IMAGE, "nothing")
    with desk.database.snapshot() as db, pytest.raises(RuntimeError):
        verify(desk.ctx(db), cloud.id, NativeKind.IMAGE, "memory-debian-12")


def test_the_cloud_is_asked_for_its_zones(desk: Desk) -> None:
    cloud, verify = add(desk, zones="a,b"), desk.clouds.verify_zone
    verify(desk.ended(), cloud.id, "b")
    verify(desk.ended(), cloud.id, "")
    with pytest.raises(Invalid, match="'c'") as told:
        verify(desk.ended(), cloud.id, "c")
    assert told.value.hint == "it has: a, b"
    with desk.database.snapshot() as db, pytest.raises(RuntimeError):
        verify(desk.ctx(db), cloud.id, "a")
