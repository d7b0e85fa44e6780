"""Volume types."""

import pytest

from stratiform.kit.errors import Conflict, Forbidden, Invalid, NotFound
from stratiform.services.volume.errors import ExtraSpecNotFound, InvalidInput, TypeExists, TypeNotFound
from stratiform.services.volume.model import NewVolume
from support.stacks import customer
from support.volumes import VolumeBench


def test_a_new_installation_has_two(volumes: VolumeBench) -> None:
    with volumes.call(volumes.operator()) as call:
        volumes.service.ensure_types(call)
        assert [kind.name for kind in volumes.service.types(call)] == ["standard", "fast"]
        assert volumes.service.default_type(call).name == "standard"
        with pytest.raises(Invalid, match="default"):
            volumes.service.delete_type(call, volumes.service.default_type(call).id)


def test_an_operator_makes_changes_and_deletes_one(volumes: VolumeBench) -> None:
    service = volumes.service
    with volumes.call(volumes.operator()) as call:
        kind = service.create_type(call, "gold", description="shiny", extra_specs={"a": "1"})
        with pytest.raises(TypeExists):
            service.create_type(call, "gold")
        with pytest.raises(InvalidInput):
            service.create_type(call, "  ")
        assert service.set_extra_specs(call, kind.id, {"b": "2"}) == {"a": "1", "b": "2"}
        service.delete_extra_spec(call, kind.id, "a")
        assert service.extra_spec(call, kind.id, "b") == "2"
        with pytest.raises(ExtraSpecNotFound):
            service.delete_extra_spec(call, kind.id, "a")
        assert service.update_type(call, kind.id, name="platinum", description=None, is_public=None).name == "platinum"
        with pytest.raises(TypeExists):
            service.update_type(call, kind.id, name="fast", description=None, is_public=None)
        with pytest.raises(Invalid):
            service.update_type(call, kind.id, name=None, description=None, is_public=None)
        service.delete_type(call, kind.id)
        with pytest.raises(TypeNotFound):
            service.type(call, kind.id)


def test_a_type_with_volumes_stays(volumes: VolumeBench) -> None:
    volume = volumes.create(NewVolume(1, type="fast"))
    with volumes.call(volumes.operator()) as call, pytest.raises(Invalid, match="still in use"):
        volumes.service.delete_type(call, volume.type_id)


def test_a_private_type_is_for_whom_it_is_given_to(volumes: VolumeBench) -> None:
    service = volumes.service
    with volumes.call(volumes.operator()) as call:
        kind = service.create_type(call, "secret", is_public=False)
        assert [found.name for found in service.types(call, False)] == ["secret"]
        assert len(service.types(call, None)) == 3
    with volumes.call() as call:
        assert "secret" not in [found.name for found in service.types(call)]
        with pytest.raises(TypeNotFound):
            service.type(call, kind.id)
        with pytest.raises(TypeNotFound):
            service.create(call, NewVolume(1, type="secret"))
    with volumes.call(volumes.operator()) as call:
        service.give_type(call, kind.id, "p1")
        with pytest.raises(Conflict):
            service.give_type(call, kind.id, "p1")
        assert [access.project_id for access in service.type_access(call, kind.id)] == ["p1"]
    with volumes.call() as call:
        assert "secret" in [found.name for found in service.types(call)]
        assert service.create(call, NewVolume(1, type="secret")).type_id == kind.id
    with volumes.call(volumes.operator()) as call:
        service.take_type(call, kind.id, "p1")
        with pytest.raises(NotFound):
            service.take_type(call, kind.id, "p1")
        with pytest.raises(NotFound):
            service.type_access(call, service.default_type(call).id)


def test_customers_change_no_types(volumes: VolumeBench) -> None:
    with volumes.call(customer("p1")) as call:
        kind = volumes.service.default_type(call)
        with pytest.raises(Forbidden):
            volumes.service.create_type(call, "mine")
        with pytest.raises(Forbidden):
            volumes.service.delete_type(call, kind.id)
        with pytest.raises(Forbidden):
            volumes.service.set_extra_specs(call, kind.id, {"a": "b"})
