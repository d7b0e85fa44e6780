"""Volumes, their types and their attachments; and the rules that need no database."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from stratiform.contract.volume import NativeVolume, NativeVolumeState
from stratiform.kit.clock import Micros
from stratiform.services.volume.errors import InvalidInput

#: Every status a volume can have here. Source: "Volumes" in the Block Storage API v3 reference.
STATUSES = frozenset(
    {
        "creating",
        "available",
        "attaching",
        "in-use",
        "detaching",
        "extending",
        "deleting",
        "error",
        "error_deleting",
        "error_extending",
        "maintenance",
        "reserved",
    }
)

#: From these a volume may be deleted.
DELETABLE = ("available", "error", "error_restoring", "error_extending", "error_managing", "error_deleting")

#: The disk is expected to be in the cloud, and nobody is at work on it.
AT_REST = ("available", "in-use")

NAME_LENGTH = 255

#: Extra specs for everyone. Source: cinder/volume/volume_types.py, USER_VISIBLE_EXTRA_SPECS.
_USER_SPECS = frozenset({"RESKEY:availability_zones", "multiattach", "replication_enabled"})

_DEVICE = re.compile(r"/dev/[a-z0-9]+")
_LETTERS = "bcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Volume:
    """One volume. Sizes in GiB; `wanted_gib` is what was asked for, `size_gib` what the disk has.

    `status` says both what is wanted and how far it is (`creating`, `extending`, `deleting` are on their way).
    """

    id: str
    project_id: str
    user_id: str
    name: str
    description: str | None
    size_gib: int
    wanted_gib: int
    status: str
    previous_status: str
    type_id: str
    zone: str
    native_zone: str
    cloud_id: str
    cloud_name: str
    native_id: str
    image_id: str
    image_metadata: dict[str, str]
    bootable: bool
    read_only: bool | None
    metadata: dict[str, str]
    fault: str
    created_at: Micros
    updated_at: Micros
    launched_at: Micros | None = None
    terminated_at: Micros | None = None
    deleted_at: Micros | None = None


@dataclass(frozen=True, slots=True)
class Attachment:
    """One volume at one server. `state`: attaching, attached, detaching."""

    id: str
    volume_id: str
    server_id: str
    device: str
    state: str
    created_at: Micros
    attached_at: Micros | None = None


@dataclass(frozen=True, slots=True)
class VolumeType:
    """What a customer chooses and a price plan names. A private one is for the projects it is given to."""

    id: str
    name: str
    description: str | None
    is_public: bool
    is_default: bool
    extra_specs: dict[str, str]
    created_at: Micros
    updated_at: Micros | None = None


@dataclass(frozen=True, slots=True)
class TypeAccess:
    """A project that may use a private type."""

    type_id: str
    project_id: str


@dataclass(frozen=True, slots=True)
class NewVolume:
    """What is asked for at create. `type` is a name or an id, "" for the default."""

    size_gib: int | None
    name: str = ""
    description: str | None = None
    type: str = ""
    zone: str | None = None
    image_id: str = ""
    snapshot_id: str = ""
    source_volume_id: str = ""
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class VolumeFilter:
    """Which volumes of a list. None: whatever it is. `project_id` None: every project's."""

    project_id: str | None = None
    name: str | None = None
    status: str | None = None
    zone: str | None = None
    bootable: bool | None = None
    type_id: str | None = None
    metadata: dict[str, str] | None = None
    user_id: str | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Sort:
    """One column (Cinder's name of it) to sort by."""

    key: str
    descending: bool


@dataclass(frozen=True, slots=True)
class Summary:
    """How many volumes, of how many GiB together, with every metadata value by key."""

    count: int
    size_gib: int
    metadata: dict[str, list[str]]


def visible_specs(kind: VolumeType, *, operator: bool) -> dict[str, str]:
    """The extra specs that a customer sees; the others tell of the seller's back ends."""
    return {key: value for key, value in kind.extra_specs.items() if operator or key in _USER_SPECS}


def checked_size(size: int | None) -> int:
    """A size in GiB. Raises InvalidInput unless it is a whole number above zero."""
    if size is None or size < 1:
        raise InvalidInput(f"Volume size '{size}' must be an integer and greater than 0")
    return size


def checked_metadata(metadata: dict[str, str]) -> dict[str, str]:
    """Metadata of a volume or type. Raises InvalidInput for a key or value that is empty or too long."""
    for key, value in metadata.items():
        if not key or len(key) > NAME_LENGTH:
            raise InvalidInput(f"Metadata property key '{key[:40]}' must have 1 to {NAME_LENGTH} characters.")
        if len(value) > NAME_LENGTH:
            raise InvalidInput(f"Metadata property value of '{key}' is longer than {NAME_LENGTH} characters.")
    return metadata


def checked_name(name: str | None, what: str = "name") -> str:
    """A name without spaces around it. Raises InvalidInput where it is too long."""
    text = (name or "").strip()
    if len(text) > NAME_LENGTH:
        raise InvalidInput(f"{what} has {len(text)} characters, more than {NAME_LENGTH}.")
    return text


def device_name(given: str | None, taken: Collection[str]) -> str:
    """The device a volume is attached as: `given`, or the first free of /dev/vdb … /dev/vdz.

    Raises InvalidInput where the name is none, or there is no free one.
    """
    if given:
        device = given if given.startswith("/dev/") else f"/dev/{given}"
        if not _DEVICE.fullmatch(device):
            raise InvalidInput(f"The supplied device path ({given}) is invalid.")
        return device
    for letter in _LETTERS:
        if f"/dev/vd{letter}" not in taken:
            return f"/dev/vd{letter}"
    raise InvalidInput("The server has no free device name left.")


@dataclass(frozen=True, slots=True)
class Observation:
    """What differs between a cloud's disks and our rows.

    `orphans` are of volumes that are deleted, or second ones; the token of `strangers` never was a volume's.
    """

    orphans: list[NativeVolume]
    strangers: list[NativeVolume]
    missing: list[Volume]
    broken: list[tuple[Volume, NativeVolume]]
    resized: list[tuple[Volume, NativeVolume]]


def compare(
    disks: Sequence[NativeVolume], rows: Mapping[str, Volume], deleted: Collection[str], started: Micros
) -> Observation:
    """Disks listed from `started` on, beside the live `rows` (by id) and the ids of `deleted` volumes.

    A row that changed since `started` is left to the next look: the list may be older than it.
    """
    by_token: dict[str, list[NativeVolume]] = {}
    for disk in disks:
        if disk.state not in (NativeVolumeState.DELETING, NativeVolumeState.DELETED):
            by_token.setdefault(disk.token, []).append(disk)
    unowned = [disk for token in by_token.keys() - rows.keys() for disk in by_token[token]]
    orphans = [disk for disk in unowned if disk.token in deleted]
    seen = Observation(orphans, [disk for disk in unowned if disk.token not in deleted], [], [], [])
    for volume in rows.values():
        own = by_token.get(volume.id, [])
        mine = next((disk for disk in own if disk.id == volume.native_id), None)
        if mine is not None:
            seen.orphans.extend(disk for disk in own if disk is not mine)
        if volume.status in AT_REST and volume.updated_at < started:
            _differs(seen, volume, mine)
    return seen


def _differs(seen: Observation, volume: Volume, disk: NativeVolume | None) -> None:
    if disk is None:
        seen.missing.append(volume)
    elif disk.state is NativeVolumeState.ERROR:
        seen.broken.append((volume, disk))
    elif disk.size_gib != volume.size_gib:
        seen.resized.append((volume, disk))
