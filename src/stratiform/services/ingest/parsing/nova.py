"""Nova's notifications of instances: unversioned (`compute.instance.*`) and versioned (`instance.*`).

Each notification has the row of the instance at its time; both forms give the same statement.
Source: nova/notifications/base.py (info_from_instance), nova/notifications/objects/instance.py, and
messages recorded from Nova 34.
"""

from collections.abc import Mapping
from typing import Generic, TypeVar

import msgspec
from msgspec import UNSET, Struct, UnsetType

from stratiform.kit.clock import Micros
from stratiform.services.ingest.parsing.audit_periods import find_period
from stratiform.services.ingest.parsing.payload_structs import (
    Count,
    EventHeader,
    Id64,
    Id128,
    Tags,
    Text,
    Text32,
    Unchecked,
)
from stratiform.services.ingest.parsing.payload_values import Payload, find_text, parse_integer, parse_text, parse_time
from stratiform.services.ledger.model import Resource, ResourceStatement, Statement
from stratiform.services.ledger.model.statements import EXISTS_SUFFIX

T = TypeVar("T")

#: The events with which the use of an instance starts.
_START_EVENTS = ("compute.instance.create.end", "instance.create.end")

#: States before and after the use of an instance.
_UNUSED_STATES = ("building", "deleted")

#: States in which an instance may not have been launched yet.
_STATES_BEFORE_LAUNCH = (*_UNUSED_STATES, "error")

#: While an instance is unshelved, Nova reports the snapshot of the shelved instance as its image.
_SHELVED_STATES = ("shelved", "shelved_offloaded")


class _NovaObject(Struct, Generic[T]):
    """A versioned object."""

    data: T = msgspec.field(name="nova_object.data")


class _Flavor(Struct, kw_only=True):
    name: Text = None
    flavorid: Text = None
    vcpus: Count = None
    memory_mb: Count = None
    root_gb: Count = None
    ephemeral_gb: Count = None
    disk_gb: Unchecked = None


class _Row(Struct, kw_only=True):
    """The values of an instance that both forms have."""

    tenant_id: Id64
    display_name: Text = None
    state: Text32 = None
    launched_at: Unchecked = None
    terminated_at: Unchecked = None
    deleted_at: Unchecked = None
    availability_zone: Text = None
    os_type: Text | UnsetType = UNSET
    metadata: Tags | None = None


class UnversionedInstance(_Row, kw_only=True):
    """The payload of `compute.instance.*`."""

    instance_id: Id128
    instance_type: Text = None
    instance_flavor_id: Text = None
    vcpus: Count = None
    memory_mb: Count = None
    root_gb: Count = None
    ephemeral_gb: Count = None
    disk_gb: Unchecked = None
    image_ref_url: Unchecked = None
    image_meta: dict[str, object] | None = None
    audit_period_beginning: Unchecked = None
    audit_period_ending: Unchecked = None


class _VersionedRow(_Row, kw_only=True):
    uuid: Id128
    flavor: _NovaObject[_Flavor] | None = None
    image_uuid: Text = None
    audit_period: Unchecked = None


#: The payload of `instance.*`.
VersionedInstance = _NovaObject[_VersionedRow]

_NO_FLAVOR = _Flavor()


def parse_unversioned(event: EventHeader, cloud: str, row: UnversionedInstance) -> ResourceStatement:
    """Parse `compute.instance.*`. Raises: InvalidMessage."""
    image = row.image_meta or {}
    attributes = {
        **_sizes(row),
        "flavor": row.instance_type,
        "flavor_id": row.instance_flavor_id,
        "availability_zone": row.availability_zone,
        "image_id": find_text(image, "base_image_ref") or _find_image_in_url(row),
    }
    system = {name: find_text(image, name) for name in ("os_distro", "os_version")} if image else {}
    period = {"audit_period_beginning": row.audit_period_beginning, "audit_period_ending": row.audit_period_ending}
    return _build_statement(event, row, Resource(cloud, "instance", row.instance_id), attributes, system, period)


def parse_versioned(event: EventHeader, cloud: str, versioned: VersionedInstance) -> ResourceStatement:
    """Parse `instance.*`. Raises: InvalidMessage."""
    row = versioned.data
    flavor = _NO_FLAVOR if row.flavor is None else row.flavor.data
    attributes = {
        **_sizes(flavor),
        "flavor": flavor.name,
        "flavor_id": flavor.flavorid,
        "availability_zone": row.availability_zone,
        "image_id": None if row.state in _SHELVED_STATES else row.image_uuid,
    }
    period = {"nova_object.data": {"audit_period": row.audit_period}}
    return _build_statement(event, row, Resource(cloud, "instance", row.uuid), attributes, {}, period)


def _sizes(flavor: _Flavor | UnversionedInstance) -> dict[str, int | None]:
    root, ephemeral = flavor.root_gb, flavor.ephemeral_gb
    return {
        "vcpus": flavor.vcpus,
        "ram_mib": flavor.memory_mb,
        "disk_gib": parse_integer(flavor.disk_gb, "disk_gb") if root is None else root + (ephemeral or 0),
        "root_gib": root,
        "ephemeral_gib": ephemeral,
    }


def _find_image_in_url(row: UnversionedInstance) -> str | None:
    url = parse_text(row.image_ref_url, "image_ref_url", 1024)
    return (url.rsplit("/", 1)[-1] or None) if url else None


def _build_statement(
    event: EventHeader,
    row: _Row,
    resource: Resource,
    attributes: Mapping[str, str | int | None],
    system: dict[str, str | None],
    audit_period: Payload,
) -> ResourceStatement:
    """Return the statement of an instance's row.

    None in `attributes` is unknown. None in `system`, the properties of the image, removes the attribute.
    """
    state = row.state
    launched = _find_launch(event, row)
    deleted = parse_time(row.deleted_at, "deleted_at")  # of a soft-deleted instance, too, which can be restored
    stated: dict[str, object] = {name: value for name, value in attributes.items() if value is not None}
    if not isinstance(row.os_type, UnsetType):
        stated["os_type"] = row.os_type
    statement = Statement(
        at=event.at,
        message_id=event.message_id,
        project_id=row.tenant_id,
        name=row.display_name,
        state=None if launched is None or state in _UNUSED_STATES else state,
        launched_at=launched,
        terminated_at=parse_time(row.terminated_at, "terminated_at"),
        deleted_at=deleted if state == "deleted" else None,
        is_deleted=state == "deleted",
        attributes=stated | system,
        tags=row.metadata,
        audit_period=find_period(audit_period) if event.event_type.endswith(EXISTS_SUFFIX) else None,
    )
    return ResourceStatement(resource, event.event_type, event.publisher_id, statement)


def _find_launch(event: EventHeader, row: _Row) -> Micros | None:
    """Return the launch time; without one, an instance is launched at the latest when its creation has ended."""
    launched = parse_time(row.launched_at, "launched_at")
    if launched is None and event.event_type in _START_EVENTS and row.state not in _STATES_BEFORE_LAUNCH:
        return event.at
    return launched
