"""Volumes and snapshots that exist in a cloud and can become managed. Source: cinder/volume/drivers/lvm.py."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from stratiform.contract.adoption import AdoptableResource
from stratiform.kit.errors import Invalid

#: The keys of references: an id of the cloud, or a name in the cloud.
SOURCE_ID, SOURCE_NAME = "source-id", "source-name"


@dataclass(frozen=True, slots=True)
class NewManagedVolume:
    """The parameters of a volume that exists in a cloud. `host`: as in the lists of services and pools."""

    host: str
    reference: dict[str, str]
    name: str = ""
    description: str | None = None
    volume_type: str = ""
    availability_zone: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    bootable: bool = False


@dataclass(frozen=True, slots=True)
class NewManagedSnapshot:
    """The parameters of a snapshot that exists in the cloud of its volume."""

    volume_id: str
    reference: dict[str, str]
    name: str = ""
    description: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)


def check_reference(kind: str, reference: Mapping[str, str]) -> None:
    """Raises Invalid, with Cinder's text, for a reference with neither an id nor a name."""
    if not reference.get(SOURCE_ID) and not reference.get(SOURCE_NAME):
        raise Invalid(
            f"Manage existing {kind} failed due to invalid backend reference {dict(reference)}: "
            f"Reference must contain {SOURCE_ID} or {SOURCE_NAME}."
        )


def find_by_reference(resources: Iterable[AdoptableResource], reference: Mapping[str, str]) -> AdoptableResource | None:
    """Return the resource with an id or a name. Of several with one name, those without an owner come first."""
    if reference.get(SOURCE_ID):
        return next((item for item in resources if item.id == reference[SOURCE_ID]), None)
    matching = [item for item in resources if item.name == reference.get(SOURCE_NAME)]
    return min(matching, key=lambda item: bool(item.token) or item.is_foreign, default=None)


def find_obstacle(resource: AdoptableResource) -> str | None:
    """Return why a resource cannot become managed; None if it can."""
    if resource.token:
        return "already managed"
    if resource.is_foreign:
        return "already managed by another installation"
    if resource.server_id:
        return "volume in use"
    return None if resource.is_ready else "not available yet"
