"""Volumes, volume types, attachments, and the rules that need no database."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from stratiform.contract.volume import NativeVolume, NativeVolumeState
from stratiform.kit.clock import Micros
from stratiform.services.volume.errors import InvalidInput

#: The possible statuses. Source: "Volumes" in the Block Storage API v3 reference.
STATUSES = frozenset(
    {
        "creating",
        "available",
        "attaching",
        "in-use",
        "detaching",
        "extending",
        "backing-up",
        "restoring-backup",
        "reverting",
        "retyping",
        "uploading",
        "awaiting-transfer",
        "downloading",
        "deleting",
        "error",
        "error_deleting",
        "error_extending",
        "error_restoring",
        "error_backing-up",
        "maintenance",
        "reserved",
    }
)

#: Statuses of volumes that become managed, or cease to be. Source: cinder/volume/api.py.
MANAGEMENT_STATUSES = frozenset(
    {"managing", "error_managing", "error_managing_deleting", "unmanaging", "error_unmanaging"}
)

#: The second step of `downloading`: the cloud writes the image to the volume.
REIMAGING = "reimaging"

#: Statuses that clients see under another name. Source: cinder/api/v2/views/volumes.py.
_VISIBLE_STATUSES = {
    "managing": "creating",
    "error_managing": "error",
    "error_managing_deleting": "deleting",
    REIMAGING: "downloading",
}

#: Statuses in which a volume can be deleted.
DELETABLE_STATUSES = ("available", "error", "error_restoring", "error_extending", "error_managing", "error_deleting")

#: Statuses without an operation in progress: the volume is expected to exist in its cloud.
STABLE_STATUSES = ("available", "in-use")

MAX_NAME_LENGTH = 255

#: Extra specs that customers see. Source: cinder/volume/volume_types.py, USER_VISIBLE_EXTRA_SPECS.
_USER_VISIBLE_EXTRA_SPECS = frozenset({"RESKEY:availability_zones", "multiattach", "replication_enabled"})

_DEVICE = re.compile(r"/dev/[a-z0-9]+")
_LETTERS = "bcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Volume:
    """One volume. `size_gib` is the observed size, `wanted_gib` the desired one.

    `status` combines desired and observed state: `creating`, `extending` and `deleting` are in progress.
    `snapshot_id`, `source_volume_id` and `backup_id` are what it was created from, "" if from nothing. `target_id` is
    the image, snapshot or backup of the operation in progress.
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
    snapshot_id: str
    source_volume_id: str
    backup_id: str
    group_id: str
    target_id: str
    created_at: Micros
    updated_at: Micros
    encrypted: bool = False
    multiattach: bool = False
    launched_at: Micros | None = None
    terminated_at: Micros | None = None
    deleted_at: Micros | None = None

    @property
    def visible_status(self) -> str:
        """The status that clients see."""
        return _VISIBLE_STATUSES.get(self.status, self.status)


@dataclass(frozen=True, slots=True)
class Attachment:
    """The attachment of a volume to a server, or to a host if `server_id` is "".

    `state`: reserved, attaching, attached or detaching. `boot_index`: 0 for the volume that the server boots from.
    `replaced_id` is the attachment that this one replaces when two volumes are swapped, or "".
    `exclusive_volume_id` is `volume_id` unless the volume may have several attachments.
    `is_recorded`: a client recorded it through the Block Storage API, so that compute has no part in it.
    """

    id: str
    volume_id: str
    server_id: str
    device: str
    state: str
    created_at: Micros
    attached_at: Micros | None = None
    boot_index: int | None = None
    delete_on_termination: bool = False
    tag: str | None = None
    mode: str = "rw"
    host: str = ""
    connector: dict[str, str] = field(default_factory=dict)
    replaced_id: str = ""
    is_recorded: bool = False
    exclusive_volume_id: str | None = None

    @property
    def is_root(self) -> bool:
        return self.boot_index == 0


@dataclass(frozen=True, slots=True)
class AttachmentOptions:
    """What a server's request may set of a new attachment; an empty `device` is chosen automatically."""

    device: str | None = None
    boot_index: int | None = None
    delete_on_termination: bool = False
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class VolumeType:
    """A volume type. A private one can be used by projects with access only."""

    id: str
    name: str
    description: str | None
    is_public: bool
    is_default: bool
    extra_specs: dict[str, str]
    created_at: Micros
    updated_at: Micros | None = None
    qos_spec_id: str = ""

    @property
    def is_multiattach(self) -> bool:
        """True if a volume of the type may be attached to several servers at once."""
        return self.extra_specs.get("multiattach") == "<is> True"


@dataclass(frozen=True, slots=True)
class TypeAccess:
    """The access of one project to a private type."""

    type_id: str
    project_id: str


@dataclass(frozen=True, slots=True)
class NewVolume:
    """The parameters of a new volume. `volume_type` is a name or an id, "" for the default.

    `cloud_id`: the cloud that it must be in, of those that serve the availability zone; "" for any.
    """

    size_gib: int | None
    name: str = ""
    description: str | None = None
    volume_type: str = ""
    availability_zone: str | None = None
    image_id: str = ""
    snapshot_id: str = ""
    source_volume_id: str = ""
    backup_id: str = ""
    group_id: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    cloud_id: str = ""


@dataclass(frozen=True, slots=True)
class VolumeFilter:
    """Filters of a list; None: no filter. `project_id` None: all projects."""

    project_id: str | None = None
    name: str | None = None
    status: str | None = None
    availability_zone: str | None = None
    bootable: bool | None = None
    type_id: str | None = None
    metadata: dict[str, str] | None = None
    user_id: str | None = None
    id: str | None = None
    group_id: str | None = None
    image_metadata: dict[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Sort:
    """A sort key (Cinder's name) and its direction."""

    key: str
    descending: bool


@dataclass(frozen=True, slots=True)
class VolumeSummary:
    """The number of volumes, their total size, and all values of their metadata by key."""

    count: int
    size_gib: int
    metadata: dict[str, list[str]]


def select_visible_extra_specs(volume_type: VolumeType, *, is_admin: bool) -> dict[str, str]:
    """Return the extra specs that customers see; the others describe the seller's back ends."""
    return {
        key: value for key, value in volume_type.extra_specs.items() if is_admin or key in _USER_VISIBLE_EXTRA_SPECS
    }


def check_size(size: int | None) -> int:
    """Return a size in GiB. Raises InvalidInput unless it is positive."""
    if size is None or size < 1:
        raise InvalidInput(f"Volume size '{size}' must be an integer and greater than 0")
    return size


def check_metadata(metadata: dict[str, str]) -> dict[str, str]:
    """Return metadata unchanged. Raises InvalidInput for an empty key, or a key or value that is too long."""
    for key, value in metadata.items():
        if not key or len(key) > MAX_NAME_LENGTH:
            raise InvalidInput(f"Metadata property key '{key[:40]}' must have 1 to {MAX_NAME_LENGTH} characters.")
        if len(value) > MAX_NAME_LENGTH:
            raise InvalidInput(f"Metadata property value of '{key}' exceeds {MAX_NAME_LENGTH} characters.")
    return metadata


def check_name(name: str | None, field_name: str = "name") -> str:
    """Return a name without surrounding spaces. Raises InvalidInput if it is too long."""
    name = (name or "").strip()
    if len(name) > MAX_NAME_LENGTH:
        raise InvalidInput(f"{field_name} has {len(name)} characters, more than {MAX_NAME_LENGTH}.")
    return name


def choose_device(requested: str | None, used: Collection[str]) -> str:
    """Return the device path of a data volume: the requested one, or the first free one of /dev/vdb to /dev/vdz.

    Raises InvalidInput if the requested path is invalid, or all are used.
    """
    if requested:
        device = requested if requested.startswith("/dev/") else f"/dev/{requested}"
        if not _DEVICE.fullmatch(device):
            raise InvalidInput(f"The supplied device path ({requested}) is invalid.")
        return device
    for letter in _LETTERS:
        if f"/dev/vd{letter}" not in used:
            return f"/dev/vd{letter}"
    raise InvalidInput("The server has no free device path.")


@dataclass(frozen=True, slots=True)
class Drift:
    """Differences between the native volumes of a cloud and our rows.

    `orphans` belong to deleted volumes, or are duplicates; the token of `foreign` ones was never a volume of ours.
    """

    orphans: list[NativeVolume]
    foreign: list[NativeVolume]
    missing: list[Volume]
    failed: list[tuple[Volume, NativeVolume]]
    resized: list[tuple[Volume, NativeVolume]]


def find_drift(
    native_volumes: Sequence[NativeVolume],
    volumes: Mapping[str, Volume],
    deleted_ids: Collection[str],
    listed_at: Micros,
) -> Drift:
    """Compare the list of a cloud, started at `listed_at`, with its volumes by id.

    A row that changed since then is skipped: the list may be older than the row.
    """
    by_token: dict[str, list[NativeVolume]] = {}
    for native in native_volumes:
        if native.state not in (NativeVolumeState.DELETING, NativeVolumeState.DELETED):
            by_token.setdefault(native.token, []).append(native)
    unowned = [native for token in by_token.keys() - volumes.keys() for native in by_token[token]]
    drift = Drift(
        orphans=[native for native in unowned if native.token in deleted_ids],
        foreign=[native for native in unowned if native.token not in deleted_ids],
        missing=[],
        failed=[],
        resized=[],
    )
    for volume in volumes.values():
        candidates = by_token.get(volume.id, [])
        own = next((native for native in candidates if native.id == volume.native_id), None)
        if own is not None:
            drift.orphans.extend(native for native in candidates if native is not own)
        if volume.status in STABLE_STATUSES and volume.updated_at < listed_at:
            _add_difference(drift, volume, own)
    return drift


def _add_difference(drift: Drift, volume: Volume, native: NativeVolume | None) -> None:
    if native is None:
        drift.missing.append(volume)
    elif native.state is NativeVolumeState.ERROR:
        drift.failed.append((volume, native))
    elif native.size_gib != volume.size_gib:
        drift.resized.append((volume, native))
