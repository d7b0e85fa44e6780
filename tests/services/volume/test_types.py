"""Volume types."""

import pytest

from stratiform.kit.errors import Conflict, Forbidden, Invalid, NotFound
from stratiform.services.volume.errors import ExtraSpecNotFound, InvalidInput, VolumeTypeExists, VolumeTypeNotFound
from stratiform.services.volume.model import NewVolume
from support.stacks import customer
from support.volumes import VolumeHarness


def test_initial_types(volumes: VolumeHarness) -> None:
    with volumes.ctx(volumes.admin()) as ctx:
        volumes.service.volume_types.ensure_initial_types(ctx)
        assert [volume_type.name for volume_type in volumes.service.volume_types.list(ctx)] == ["standard", "fast"]
        assert volumes.service.volume_types.get_default(ctx).name == "standard"
        with pytest.raises(Invalid, match="default"):
            volumes.service.volume_types.delete(ctx, volumes.service.volume_types.get_default(ctx).id)


def test_create_update_delete(volumes: VolumeHarness) -> None:
    service = volumes.service
    with volumes.ctx(volumes.admin()) as ctx:
        volume_type = service.volume_types.create(ctx, "gold", description="shiny", extra_specs={"a": "1"})
        with pytest.raises(VolumeTypeExists):
            service.volume_types.create(ctx, "gold")
        with pytest.raises(InvalidInput):
            service.volume_types.create(ctx, "  ")
        assert service.volume_types.update_extra_specs(ctx, volume_type.id, {"b": "2"}) == {"a": "1", "b": "2"}
        service.volume_types.delete_extra_spec(ctx, volume_type.id, "a")
        assert service.volume_types.get_extra_spec(ctx, volume_type.id, "b") == "2"
        with pytest.raises(ExtraSpecNotFound):
            service.volume_types.delete_extra_spec(ctx, volume_type.id, "a")
        assert (
            service.volume_types.update(ctx, volume_type.id, name="platinum", description=None, is_public=None).name
            == "platinum"
        )
        with pytest.raises(VolumeTypeExists):
            service.volume_types.update(ctx, volume_type.id, name="fast", description=None, is_public=None)
        with pytest.raises(Invalid):
            service.volume_types.update(ctx, volume_type.id, name=None, description=None, is_public=None)
        service.volume_types.delete(ctx, volume_type.id)
        with pytest.raises(VolumeTypeNotFound):
            service.volume_types.get(ctx, volume_type.id)


def test_a_type_in_use_cannot_be_deleted(volumes: VolumeHarness) -> None:
    volume = volumes.create(NewVolume(1, volume_type="fast"))
    with volumes.ctx(volumes.admin()) as ctx, pytest.raises(Invalid, match="still in use"):
        volumes.service.volume_types.delete(ctx, volume.type_id)


def test_access_to_a_private_type(volumes: VolumeHarness) -> None:
    service = volumes.service
    with volumes.ctx(volumes.admin()) as ctx:
        volume_type = service.volume_types.create(ctx, "secret", is_public=False)
        assert [volume_type.name for volume_type in service.volume_types.list(ctx, False)] == ["secret"]
        assert len(service.volume_types.list(ctx, None)) == 3
    with volumes.ctx() as ctx:
        assert "secret" not in [volume_type.name for volume_type in service.volume_types.list(ctx)]
        with pytest.raises(VolumeTypeNotFound):
            service.volume_types.get(ctx, volume_type.id)
        with pytest.raises(VolumeTypeNotFound):
            service.volumes.create(ctx, NewVolume(1, volume_type="secret"))
    with volumes.ctx(volumes.admin()) as ctx:
        service.volume_type_access.grant(ctx, volume_type.id, "p1")
        with pytest.raises(Conflict):
            service.volume_type_access.grant(ctx, volume_type.id, "p1")
        assert [access.project_id for access in service.volume_type_access.list(ctx, volume_type.id)] == ["p1"]
    with volumes.ctx() as ctx:
        assert "secret" in [volume_type.name for volume_type in service.volume_types.list(ctx)]
        assert service.volumes.create(ctx, NewVolume(1, volume_type="secret")).type_id == volume_type.id
    with volumes.ctx(volumes.admin()) as ctx:
        service.volume_type_access.revoke(ctx, volume_type.id, "p1")
        with pytest.raises(NotFound):
            service.volume_type_access.revoke(ctx, volume_type.id, "p1")
        with pytest.raises(NotFound):
            service.volume_type_access.list(ctx, service.volume_types.get_default(ctx).id)


def test_customers_cannot_change_types(volumes: VolumeHarness) -> None:
    with volumes.ctx(customer("p1")) as ctx:
        volume_type = volumes.service.volume_types.get_default(ctx)
        with pytest.raises(Forbidden):
            volumes.service.volume_types.create(ctx, "mine")
        with pytest.raises(Forbidden):
            volumes.service.volume_types.delete(ctx, volume_type.id)
        with pytest.raises(Forbidden):
            volumes.service.volume_types.update_extra_specs(ctx, volume_type.id, {"a": "b"})
