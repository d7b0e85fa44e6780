"""Volume types."""

import pytest

from stratiform.kit.errors import Conflict, Forbidden, Invalid, NotFound
from stratiform.services.volume.errors import ExtraSpecNotFound, InvalidInput, TypeExists, TypeNotFound
from stratiform.services.volume.model import NewVolume
from support.stacks import customer
from support.volumes import VolumeBench


def test_a_new_installation_has_two(volumes: VolumeBench) -> None:
    with volumes.ctx(volumes.operator()) as ctx:
        volumes.service.ensure_types(ctx)
        assert [kind.name for kind in volumes.service.types(ctx)] == ["standard", "fast"]
        assert volumes.service.default_type(ctx).name == "standard"
        with pytest.raises(Invalid, match="default"):
            volumes.service.delete_type(ctx, volumes.service.default_type(ctx).id)


def test_an_operator_makes_changes_and_deletes_one(volumes: VolumeBench) -> None:
    service = volumes.service
    with volumes.ctx(volumes.operator()) as ctx:
        kind = service.create_type(ctx, "gold", description="shiny", extra_specs={"a": "1"})
        with pytest.raises(TypeExists):
            service.create_type(ctx, "gold")
        with pytest.raises(InvalidInput):
            service.create_type(ctx, "  ")
        assert service.set_extra_specs(ctx, kind.id, {"b": "2"}) == {"a": "1", "b": "2"}
        service.delete_extra_spec(ctx, kind.id, "a")
        assert service.extra_spec(ctx, kind.id, "b") == "2"
        with pytest.raises(ExtraSpecNotFound):
            service.delete_extra_spec(ctx, kind.id, "a")
        assert service.update_type(ctx, kind.id, name="platinum", description=None, is_public=None).name == "platinum"
        with pytest.raises(TypeExists):
            service.update_type(ctx, kind.id, name="fast", description=None, is_public=None)
        with pytest.raises(Invalid):
            service.update_type(ctx, kind.id, name=None, description=None, is_public=None)
        service.delete_type(ctx, kind.id)
        with pytest.raises(TypeNotFound):
            service.type(ctx, kind.id)


def test_a_type_with_volumes_stays(volumes: VolumeBench) -> None:
    volume = volumes.create(NewVolume(1, type="fast"))
    with volumes.ctx(volumes.operator()) as ctx, pytest.raises(Invalid, match="still in use"):
        volumes.service.delete_type(ctx, volume.type_id)


def test_a_private_type_is_for_whom_it_is_given_to(volumes: VolumeBench) -> None:
    service = volumes.service
    with volumes.ctx(volumes.operator()) as ctx:
        kind = service.create_type(ctx, "secret", is_public=False)
        assert [found.name for found in service.types(ctx, False)] == ["secret"]
        assert len(service.types(ctx, None)) == 3
    with volumes.ctx() as ctx:
        assert "secret" not in [found.name for found in service.types(ctx)]
        with pytest.raises(TypeNotFound):
            service.type(ctx, kind.id)
        with pytest.raises(TypeNotFound):
            service.create(ctx, NewVolume(1, type="secret"))
    with volumes.ctx(volumes.operator()) as ctx:
        service.give_type(ctx, kind.id, "p1")
        with pytest.raises(Conflict):
            service.give_type(ctx, kind.id, "p1")
        assert [access.project_id for access in service.type_access(ctx, kind.id)] == ["p1"]
    with volumes.ctx() as ctx:
        assert "secret" in [found.name for found in service.types(ctx)]
        assert service.create(ctx, NewVolume(1, type="secret")).type_id == kind.id
    with volumes.ctx(volumes.operator()) as ctx:
        service.take_type(ctx, kind.id, "p1")
        with pytest.raises(NotFound):
            service.take_type(ctx, kind.id, "p1")
        with pytest.raises(NotFound):
            service.type_access(ctx, service.default_type(ctx).id)


def test_customers_change_no_types(volumes: VolumeBench) -> None:
    with volumes.ctx(customer("p1")) as ctx:
        kind = volumes.service.default_type(ctx)
        with pytest.raises(Forbidden):
            volumes.service.create_type(ctx, "mine")
        with pytest.raises(Forbidden):
            volumes.service.delete_type(ctx, kind.id)
        with pytest.raises(Forbidden):
            volumes.service.set_extra_specs(ctx, kind.id, {"a": "b"})
