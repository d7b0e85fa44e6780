"""Instances, as Nova tells of them: unversioned (`compute.instance.*`) and versioned (`instance.*`).

Each is a statement of the instance's row at the time of the message; both kinds say the same of it.
Source: nova/notifications/base.py (info_from_instance), nova/notifications/objects/instance.py, and
messages recorded from Nova 34.
"""

from typing import Any

from stratiform.kit.clock import Micros
from stratiform.kit.outbox import Event
from stratiform.services.ingest.errors import InvalidMessage
from stratiform.services.ingest.events.values import labels_of, mapping, moment, required_text, text, whole
from stratiform.services.ledger.model import Resource, ResourceStatement, Statement

#: Not states of a machine that is in use.
_NOT_IN_USE = ("building", "deleted")

#: While a machine comes back from the shelf, Nova shows the shelf's snapshot as its image.
_ON_THE_SHELF = ("shelved", "shelved_offloaded")


def read_unversioned(event: Event) -> ResourceStatement:
    """Raises InvalidMessage."""
    payload = event.payload
    image = mapping(payload, "image_meta")
    attributes = {
        **_sizes(payload),
        "flavor": text(payload, "instance_type"),
        "flavor_id": text(payload, "instance_flavor_id"),
        "availability_zone": text(payload, "availability_zone"),
        "image_id": text(image, "base_image_ref") or _last_part(text(payload, "image_ref_url", 1024)),
    }
    system = {"os_type": text(payload, "os_type")} if "os_type" in payload else {}
    if image:
        system |= {name: text(image, name) for name in ("os_distro", "os_version")}
    return _fact(event, payload, required_text(payload, "instance_id", 128), attributes, system)


def read_versioned(event: Event) -> ResourceStatement:
    """Raises InvalidMessage."""
    payload = _data(event.payload)
    flavor = _data(mapping(payload, "flavor"))
    attributes = {
        **_sizes(flavor),
        "flavor": text(flavor, "name"),
        "flavor_id": text(flavor, "flavorid"),
        "availability_zone": text(payload, "availability_zone"),
        "image_id": None if payload.get("state") in _ON_THE_SHELF else text(payload, "image_uuid"),
    }
    system = {"os_type": text(payload, "os_type")} if "os_type" in payload else {}
    return _fact(event, payload, required_text(payload, "uuid", 128), attributes, system)


def _data(versioned: dict[str, Any]) -> dict[str, Any]:
    """The fields of a versioned object."""
    if not versioned:
        return {}
    if "nova_object.data" not in versioned:
        raise InvalidMessage("no nova_object.data")
    return mapping(versioned, "nova_object.data")


def _sizes(flavor: dict[str, Any]) -> dict[str, int | None]:
    root, ephemeral = whole(flavor, "root_gb"), whole(flavor, "ephemeral_gb")
    disk = whole(flavor, "disk_gb") if root is None else root + (ephemeral or 0)
    return {
        "vcpus": whole(flavor, "vcpus"),
        "ram_mib": whole(flavor, "memory_mb"),
        "disk_gib": disk,
        "root_gib": root,
        "ephemeral_gib": ephemeral,
    }


def _last_part(url: str | None) -> str | None:
    return (url.rsplit("/", 1)[-1] or None) if url else None


def _fact(
    event: Event,
    row: dict[str, Any],
    instance_id: str,
    attributes: dict[str, Any],
    system: dict[str, str | None],
) -> ResourceStatement:
    """`system` holds what an image says of itself: there, null is an answer, elsewhere it is none."""
    state = text(row, "state", 32)
    launched = moment(row.get("launched_at"), "launched_at")
    statement = Statement(
        at=event.at,
        message_id=event.message_id,
        project_id=required_text(row, "tenant_id", 64),
        name=text(row, "display_name"),
        state=None if launched is None or state in _NOT_IN_USE else state,
        launched_at=launched,
        terminated_at=moment(row.get("terminated_at"), "terminated_at"),
        deleted_at=_deleted(row, state),
        is_deleted=state == "deleted",
        attributes={name: value for name, value in attributes.items() if value is not None} | system,
        tags=None if row.get("metadata") is None else labels_of(row["metadata"], "metadata"),
    )
    resource = Resource(event.cloud, "instance", instance_id)
    return ResourceStatement(resource, event.event_type, event.publisher_id, statement)


def _deleted(row: dict[str, Any], state: str | None) -> Micros | None:
    """A soft-deleted machine has a `deleted_at` too, and may come back: it is in use."""
    at = moment(row.get("deleted_at"), "deleted_at")
    return at if state == "deleted" else None
