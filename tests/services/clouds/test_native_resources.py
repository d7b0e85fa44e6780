"""Native ids of images, flavors and volume types."""

import pytest

from stratiform.kit.errors import Invalid
from stratiform.services.clouds.errors import InvalidNativeId, NativeIdNotFound
from stratiform.services.clouds.model import ResourceType

from .conftest import Fixture


def test_register_replace_and_unregister(any_fixture: Fixture) -> None:
    f, natives = any_fixture, any_fixture.clouds.native_ids
    first, second = f.add("first"), f.add("second")
    with f.database.transaction() as db:
        ctx = f.ctx(db)
        natives.register(ctx, first.id, ResourceType.IMAGE, "x", "memory-debian-12")
        natives.register(ctx, first.id, ResourceType.FLAVOR, "x", "small")
        natives.register(ctx, first.id, ResourceType.VOLUME_TYPE, "x", "fast")
        natives.register(ctx, first.id, ResourceType.IMAGE, "x", "memory-ubuntu-24.04")
        natives.register(ctx, second.id, ResourceType.IMAGE, "x", "memory-cirros")
        listed = natives.list(ctx, first.id)
        assert [(native.resource_type, native.resource_id, native.native_id) for native in listed] == [
            ("flavor", "x", "small"),
            ("image", "x", "memory-ubuntu-24.04"),
            ("volume_type", "x", "fast"),
        ]
        assert natives.find(db, second.id, ResourceType.IMAGE, "x") == "memory-cirros"
        assert natives.find(db, second.id, ResourceType.FLAVOR, "x") is None
        natives.unregister(ctx, first.id, ResourceType.IMAGE, "x")
        assert natives.find(db, first.id, ResourceType.IMAGE, "x") is None
        with pytest.raises(NativeIdNotFound):
            natives.unregister(ctx, first.id, ResourceType.IMAGE, "x")


def test_default_flavor_is_kept_until_it_is_removed(any_fixture: Fixture) -> None:
    f, natives = any_fixture, any_fixture.clouds.native_ids
    clouds = [f.add("first").id, f.add("second").id]
    with f.database.transaction() as db:
        ctx = f.ctx(db)
        for cloud_id, flavor_id in zip(clouds, ("small", "large"), strict=True):
            natives.register(ctx, cloud_id, ResourceType.IMAGE, "x", "old", default_flavor_id=flavor_id)
        registered = natives.register(ctx, clouds[0], ResourceType.IMAGE, "x", "new")
        assert (registered.native_id, registered.default_flavor_id) == ("new", "small")
        assert natives.find_default_flavor(db, "x", clouds) == "small"
        natives.remove_default_flavor(db, "small")
        assert natives.find_default_flavor(db, "x", clouds) == "large"
        natives.register(ctx, clouds[1], ResourceType.IMAGE, "x", "new", default_flavor_id="")
        assert natives.find_default_flavor(db, "x", clouds) is None


@pytest.mark.parametrize(("resource_id", "native_id"), [("", "n"), ("r", ""), ("r", "n" * 256)])
def test_register_requires_both_ids(fixture: Fixture, resource_id: str, native_id: str) -> None:
    cloud = fixture.add()
    with pytest.raises(Invalid), fixture.database.transaction() as db:
        fixture.clouds.native_ids.register(fixture.ctx(db), cloud.id, ResourceType.IMAGE, resource_id, native_id)


def test_resolve_checks_images_in_the_cloud(fixture: Fixture) -> None:
    cloud, resolve = fixture.add(), fixture.clouds.native_ids.resolve_canonical
    assert resolve(fixture.closed_ctx(), cloud.id, ResourceType.IMAGE, "memory-debian-12") == "memory-debian-12"
    assert resolve(fixture.closed_ctx(), cloud.id, ResourceType.FLAVOR, "any") == "any"
    with pytest.raises(InvalidNativeId, match="Image 'nothing' not found"):
        resolve(fixture.closed_ctx(), cloud.id, ResourceType.IMAGE, "nothing")
    with fixture.database.read_transaction() as db, pytest.raises(RuntimeError):
        resolve(fixture.ctx(db), cloud.id, ResourceType.IMAGE, "memory-debian-12")
