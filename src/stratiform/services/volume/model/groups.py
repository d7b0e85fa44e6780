"""Groups of volumes, and their snapshots. A group exists in the database only; its volumes exist in one cloud."""

from dataclasses import dataclass, field

from stratiform.kit.clock import Micros

#: The possible statuses. Source: cinder/objects/fields.py, GroupStatus and GroupSnapshotStatus.
GROUP_STATUSES = frozenset(
    {"error", "available", "creating", "deleting", "deleted", "updating", "in-use", "error_deleting"}
)
GROUP_SNAPSHOT_STATUSES = frozenset(
    {"error", "available", "creating", "deleting", "deleted", "updating", "error_deleting"}
)


@dataclass(frozen=True, slots=True)
class Group:
    """A group of volumes of the types `type_ids`.

    `group_snapshot_id` and `source_group_id` are what it was created from, "" if from nothing.
    """

    id: str
    project_id: str
    user_id: str
    name: str
    description: str | None
    status: str
    group_type_id: str
    type_ids: list[str]
    zone: str
    cloud_id: str
    cloud_name: str
    group_snapshot_id: str
    source_group_id: str
    created_at: Micros
    updated_at: Micros
    deleted_at: Micros | None = None


@dataclass(frozen=True, slots=True)
class GroupSnapshot:
    """One snapshot of each volume of a group. `is_consistent`: the cloud takes all of them at one instant."""

    id: str
    project_id: str
    user_id: str
    name: str
    description: str | None
    status: str
    group_id: str
    group_type_id: str
    cloud_id: str
    cloud_name: str
    is_consistent: bool
    created_at: Micros
    updated_at: Micros
    deleted_at: Micros | None = None


@dataclass(frozen=True, slots=True)
class NewGroup:
    """The parameters of a new group. `volume_types` are names or ids."""

    group_type: str
    volume_types: tuple[str, ...]
    name: str = ""
    description: str | None = None
    availability_zone: str | None = None


@dataclass(frozen=True, slots=True)
class GroupChanges:
    """Changes of a group; None: unchanged."""

    name: str | None = None
    description: str | None = None
    added_volumes: tuple[str, ...] = field(default=())
    removed_volumes: tuple[str, ...] = field(default=())
