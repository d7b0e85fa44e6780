"""Volume types."""

import pytest

from stratiform.kit.errors import Conflict, Forbidden, Invalid, NotFound
from stratiform.services.volume.errors import ExtraSpecNotFound, InvalidInput, VolumeTypeExists, VolumeTypeNotFound
from stratiform.services.volume.model import NewVolume
from support.stacks import customer
from support.volumes import VolumeBench


def test_a_new_installation_has_two(volumes: VolumeBench) -> None:
    with volumes.ctx(volumes.operator()) as ctx:
        volumes.service.volume_types.ensure_initial(ctx)
        assert [kind.name for kind in volumes.service.volume_types.list(ctx)] == ["standard", "fast"]
        assert volumes.service.volume_types.get_default(ctx).name == "standard"
        with pytest.raises(Invalid, match="default"):
            volumes.service.volume_types.delete(ctx, volumes.service.volume_types.get_default(ctx).id)


def test_an_operator_makes_changes_and_deletes_one(volumes: VolumeBench) -> None:
    service = volumes.service
    with volumes.ctx(volumes.operator()) as ctx:
        kind = service.volume_types.create(ctx, "gold", description="shiny", extra_specs={"a": "1"})
        with pytest.raises(VolumeTypeExists):
            service.volume_types.create(ctx, "gold")
        with pytest.raises(InvalidInput):
            service.volume_types.create(ctx, "  ")
        assert service.volume_types.update_extra_specs(ctx, kind.id, {"b": "2"}) == {"a": "1", "b": "2"}
        service.volume_types.delete_extra_spec(ctx, kind.id, "a")
        assert service.volume_types.get_extra_spec(ctx, kind.id, "b") == "2"
        with pytest.raises(ExtraSpecNotFound):
            service.volume_types.delete_extra_spec(ctx, kind.id, "a")
        assert (
            service.volume_types.update(ctx, kind.id, name="platinum", description=None, is_public=None).name
            == "platinum"
        )
        with pytest.raises(VolumeTypeExists):
            service.volume_types.update(ctx, kind.id, name="fast", description=None, is_public=None)
        with pytest.raises(Invalid):
            service.volume_types.update(ctx, kind.id, name=None, description=None, is_public=None)
        service.volume_types.delete(ctx, kind.id)
        with pytest.raises(VolumeTypeNotFound):
            service.volume_types.get(ctx, kind.id)


def test_a_type_with_volumes_stays(volumes: VolumeBench) -> None:
    volume = volumes.create(NewVolume(1, volume_type="fast"))
    with volumes.ctx(volumes.operator()) as ctx, pytest.raises(Invalid, match="still in use"):
        volumes.service.volume_types.delete(ctx, volume.type_id)


def test_a_private_type_is_for_whom_it_is_given_to(volumes: VolumeBench) -> None:
    service = volumes.service
    with volumes.ctx(volumes.operator()) as ctx:
        kind = service.volume_types.create(ctx, "secret", is_public=False)
        assert [found.name for found in service.volume_types.list(ctx, False)] == ["secret"]
        assert len(service.volume_types.list(ctx, None)) == 3
    with volumes.ctx() as ctx:
        assert "secret" not in [found.name for found in service.volume_types.list(ctx)]
        with pytest.raises(VolumeTypeNotFound):
            service.volume_types.get(ctx, kind.id)
        with pytest.raises(VolumeTypeNotFound):
            service.volumes.create(ctx, NewVolume(1, volume_type="secret"))
    with volumes.ctx(volumes.operator()) as ctx:
        service.volume_type_access.grant(ctx, kind.id, "p1")
        with pytest.raises(Conflict):
            service.volume_type_access.grant(ctx, kind.id, "p1")
        assert [access.project_id for access in service.volume_type_access.list(ctx, kind.id)] == ["p1"]
    with volumes.ctx() as ctx:
        assert "secret" in [found.name for found in service.volume_types.list(ctx)]
        assert service.volumes.create(ctx, NewVolume(1, volume_type="secret")).type_id == kind.id
    with volumes.ctx(volumes.operator()) as ctx:
        service.volume_type_access.revoke(ctx, kind.id, "p1")
        with pytest.raises(NotFound):
            service.volume_type_access.revoke(ctx, kind.id, "p1")
        with pytest.raises(NotFound):
            service.volume_type_access.list(ctx, service.volume_types.get_default(ctx).id)


def test_customers_change_no_types(volumes: VolumeBench) -> None:
    with volumes.ctx(customer("p1")) as ctx:
        kind = volumes.service.volume_types.get_default(ctx)
        with pytest.raises(Forbidden):
            volumes.service.volume_types.create(ctx, "mine")
        with pytest.raises(Forbidden):
            volumes.service.volume_types.delete(ctx, kind.id)
        with pytest.raises(Forbidden):
            volumes.service.volume_types.update_extra_specs(ctx, kind.id, {"a": "b"})
