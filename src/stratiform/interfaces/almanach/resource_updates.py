"""Events for the ledger from the requests of the API.

An update of an entity becomes a correction, because the ledger is append-only (see `corrections`).
"""

from collections.abc import Mapping, Sequence

from stratiform.interfaces.almanach.schemas import SIZE_TEXT_ATTRIBUTE, NewInstance, NewVolume, VolumeSize
from stratiform.kit.clock import Micros
from stratiform.services.ingest.service import ResourceUpdate
from stratiform.services.ledger.model import RecordedSegment, Resource
from stratiform.services.ledger.service import VolumeType

#: Attributes of a flavor. Requests name a flavor only, so these are unknown for a new one.
_FLAVOR_ATTRIBUTES = ("flavor_id", "vcpus", "ram_mib", "disk_gib", "root_gib", "ephemeral_gib")


def build_instance_create(resource: Resource, project_id: str, new: NewInstance) -> ResourceUpdate:
    attributes = {"flavor": new.flavor, **new.os_attributes}
    payload = {"project_id": project_id, "name": new.name, "state": "active", "attributes": attributes}
    return ResourceUpdate("almanach.instance.create", resource, new.at, payload)


def build_instance_resize(
    resource: Resource, at: Micros, flavor: str, segments: Sequence[RecordedSegment]
) -> ResourceUpdate:
    return ResourceUpdate("almanach.instance.resize", resource, at, {"attributes": flavor_attributes(flavor, segments)})


def build_instance_rebuild(
    resource: Resource, at: Micros, os_attributes: Mapping[str, str | None], segments: Sequence[RecordedSegment]
) -> ResourceUpdate:
    return ResourceUpdate(
        "almanach.instance.rebuild", resource, at, {"attributes": image_attributes(os_attributes, segments)}
    )


def build_volume_create(
    resource: Resource, project_id: str, new: NewVolume, volume_type: VolumeType | None
) -> ResourceUpdate:
    attributes = {
        **_size_attributes(new.size),
        "volume_type": None if volume_type is None else volume_type.id,
        "volume_type_name": None if volume_type is None else volume_type.name,
        "attached_to": _join(new.attached_to),
    }
    state = _volume_state(new.attached_to)
    payload = {"project_id": project_id, "name": new.name, "state": state, "attributes": attributes}
    return ResourceUpdate("almanach.volume.create", resource, new.at, payload)


def build_volume_resize(resource: Resource, at: Micros, size: VolumeSize) -> ResourceUpdate:
    return ResourceUpdate("almanach.volume.resize", resource, at, {"attributes": _size_attributes(size)})


def build_volume_attachment(resource: Resource, at: Micros, instance_ids: Sequence[str], action: str) -> ResourceUpdate:
    """`action`: attach or detach. `instance_ids`: all instances that have the volume afterwards."""
    payload = {"state": _volume_state(instance_ids), "attributes": {"attached_to": _join(instance_ids)}}
    return ResourceUpdate(f"almanach.volume.{action}", resource, at, payload)


def build_volume_type_create(resource: Resource, at: Micros, name: str) -> ResourceUpdate:
    return ResourceUpdate("almanach.volume_type.create", resource, at, {"name": name})


def build_delete(resource: Resource, at: Micros) -> ResourceUpdate:
    return ResourceUpdate(f"almanach.{resource.resource_type}.delete", resource, at)


def flavor_attributes(flavor: str, segments: Sequence[RecordedSegment]) -> dict[str, object]:
    """Return the flavor, with the sizes that it had in earlier segments of the instance."""
    earlier: dict[str, object] = next(
        (segment.attributes for segment in reversed(segments) if segment.attributes.get("flavor") == flavor), {}
    )
    return {"flavor": flavor} | {name: earlier.get(name) for name in _FLAVOR_ATTRIBUTES}


def image_attributes(
    os_attributes: Mapping[str, str | None], segments: Sequence[RecordedSegment]
) -> dict[str, str | None]:
    """Return the attributes of an image; its id is cleared if they differ from those of the last segment."""
    last = segments[-1].attributes if segments else {}
    is_same = all(last.get(name) == value for name, value in os_attributes.items())
    return dict(os_attributes) if is_same else {**os_attributes, "image_id": None}


def _size_attributes(size: VolumeSize) -> dict[str, object]:
    """Return the attributes of a size; views return it in the form in which the client sent it."""
    return {"size_gib": size.gib, SIZE_TEXT_ATTRIBUTE: size.text or None}


def _volume_state(instance_ids: Sequence[str]) -> str:
    return "in-use" if instance_ids else "available"


def _join(instance_ids: Sequence[str]) -> str | None:
    return ",".join(instance_ids) or None
