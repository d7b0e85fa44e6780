"""Nova's notifications of instances: unversioned (`compute.instance.*`) and versioned (`instance.*`).

Each notification has the row of the instance at its time; both forms give the same statement.
Source: nova/notifications/base.py (info_from_instance), nova/notifications/objects/instance.py, and
messages recorded from Nova 34.
"""

from collections.abc import Mapping

from stratiform.kit.clock import Micros
from stratiform.kit.outbox import Event
from stratiform.services.ingest.errors import InvalidMessage
from stratiform.services.ingest.parsing.payload_values import (
    Payload,
    find_integer,
    find_object,
    find_text,
    parse_tags,
    parse_time,
    require_text,
)
from stratiform.services.ledger.model import Resource, ResourceStatement, Statement

#: States before and after the use of an instance.
_UNUSED_STATES = ("building", "deleted")

#: While an instance is unshelved, Nova reports the snapshot of the shelved instance as its image.
_SHELVED_STATES = ("shelved", "shelved_offloaded")


def parse_unversioned(event: Event) -> ResourceStatement:
    """Parse `compute.instance.*`. Raises: InvalidMessage."""
    payload = event.payload
    image = find_object(payload, "image_meta")
    attributes = {
        **_sizes(payload),
        "flavor": find_text(payload, "instance_type"),
        "flavor_id": find_text(payload, "instance_flavor_id"),
        "availability_zone": find_text(payload, "availability_zone"),
        "image_id": find_text(image, "base_image_ref") or _last_segment(find_text(payload, "image_ref_url", 1024)),
    }
    system = _os_type(payload)
    if image:
        system |= {name: find_text(image, name) for name in ("os_distro", "os_version")}
    return _make_statement(event, payload, require_text(payload, "instance_id", 128), attributes, system)


def parse_versioned(event: Event) -> ResourceStatement:
    """Parse `instance.*`. Raises: InvalidMessage."""
    payload = _object_data(event.payload)
    flavor = _object_data(find_object(payload, "flavor"))
    attributes = {
        **_sizes(flavor),
        "flavor": find_text(flavor, "name"),
        "flavor_id": find_text(flavor, "flavorid"),
        "availability_zone": find_text(payload, "availability_zone"),
        "image_id": None if payload.get("state") in _SHELVED_STATES else find_text(payload, "image_uuid"),
    }
    return _make_statement(event, payload, require_text(payload, "uuid", 128), attributes, _os_type(payload))


def _object_data(versioned: Payload) -> Payload:
    """Return the fields of a versioned object."""
    if not versioned:
        return {}
    if "nova_object.data" not in versioned:
        raise InvalidMessage("nova_object.data is missing")
    return find_object(versioned, "nova_object.data")


def _sizes(flavor: Payload) -> dict[str, int | None]:
    root, ephemeral = find_integer(flavor, "root_gb"), find_integer(flavor, "ephemeral_gb")
    disk = find_integer(flavor, "disk_gb") if root is None else root + (ephemeral or 0)
    return {
        "vcpus": find_integer(flavor, "vcpus"),
        "ram_mib": find_integer(flavor, "memory_mb"),
        "disk_gib": disk,
        "root_gib": root,
        "ephemeral_gib": ephemeral,
    }


def _os_type(payload: Payload) -> dict[str, str | None]:
    return {"os_type": find_text(payload, "os_type")} if "os_type" in payload else {}


def _last_segment(url: str | None) -> str | None:
    return (url.rsplit("/", 1)[-1] or None) if url else None


def _make_statement(
    event: Event,
    row: Payload,
    instance_id: str,
    attributes: Mapping[str, str | int | None],
    system: dict[str, str | None],
) -> ResourceStatement:
    """Return the statement of an instance's row.

    None in `attributes` is unknown. None in `system`, the properties of the image, removes the attribute.
    """
    state = find_text(row, "state", 32)
    launched = parse_time(row.get("launched_at"), "launched_at")
    stated: dict[str, object] = {name: value for name, value in attributes.items() if value is not None}
    statement = Statement(
        at=event.at,
        message_id=event.message_id,
        project_id=require_text(row, "tenant_id", 64),
        name=find_text(row, "display_name"),
        state=None if launched is None or state in _UNUSED_STATES else state,
        launched_at=launched,
        terminated_at=parse_time(row.get("terminated_at"), "terminated_at"),
        deleted_at=_find_deletion(row, state),
        is_deleted=state == "deleted",
        attributes=stated | system,
        tags=None if row.get("metadata") is None else parse_tags(row["metadata"], "metadata"),
    )
    resource = Resource(event.cloud, "instance", instance_id)
    return ResourceStatement(resource, event.event_type, event.publisher_id, statement)


def _find_deletion(row: Payload, state: str | None) -> Micros | None:
    """Return when the instance was deleted. A soft-deleted one, which can be restored, has `deleted_at`, too."""
    at = parse_time(row.get("deleted_at"), "deleted_at")
    return at if state == "deleted" else None
