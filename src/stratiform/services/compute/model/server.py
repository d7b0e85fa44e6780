"""Servers: what the customer wants, what the cloud shows, and which step comes next."""

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from stratiform.kit.clock import Micros, iso_seconds
from stratiform.kit.errors import Invalid, OverLimit
from stratiform.services.compute.errors import InvalidField
from stratiform.services.network.model import NicRequest, Port
from stratiform.services.volume.model import Attachment

ACTIVE, BUILDING, STOPPED, RESIZED, ERROR, DELETED = "active", "building", "stopped", "resized", "error", "deleted"

#: Nova's numbers for OS-EXT-STS:power_state.
POWER_NONE, POWER_RUNNING, POWER_SHUTDOWN, POWER_CRASHED = 0, 1, 4, 6

NONE = ""
SCHEDULING, DELETING = "scheduling", "deleting"
POWERING_OFF, POWERING_ON = "powering-off", "powering-on"
REBOOTING, REBOOT_STARTED = "rebooting", "reboot_started"
REBOOTING_HARD, REBOOT_STARTED_HARD = "rebooting_hard", "reboot_started_hard"
RESIZE_PREP, RESIZE_FINISH, RESIZE_REVERTING = "resize_prep", "resize_finish", "resize_reverting"
REBUILDING, REBUILD_SPAWNING = "rebuilding", "rebuild_spawning"

#: The status that a task shows while it lasts; where a task isn't named, the vm_state speaks.
_BY_TASK = {
    REBOOTING: "REBOOT",
    REBOOT_STARTED: "REBOOT",
    REBOOTING_HARD: "HARD_REBOOT",
    REBOOT_STARTED_HARD: "HARD_REBOOT",
    RESIZE_PREP: "RESIZE",
    RESIZE_FINISH: "RESIZE",
    RESIZE_REVERTING: "REVERT_RESIZE",
    REBUILDING: "REBUILD",
    REBUILD_SPAWNING: "REBUILD",
}
TASKS_SHOWN = frozenset(_BY_TASK)
TASKS_SHOWN_IN_ERROR = frozenset({REBUILDING, REBUILD_SPAWNING})

_BY_VM_STATE = {
    ACTIVE: "ACTIVE",
    BUILDING: "BUILD",
    STOPPED: "SHUTOFF",
    RESIZED: "VERIFY_RESIZE",
    ERROR: "ERROR",
    DELETED: "DELETED",
}


_REPEATS = re.compile(r"[*+?{]")
_MOST_REPEATS = 2
_METADATA_KEY = re.compile(r"[a-zA-Z0-9 :._-]{1,255}")
_MOST_METADATA = 128
_TAG = re.compile(r"[^,/]{1,60}")
_MOST_TAGS = 50


@dataclass(frozen=True, slots=True)
class Server:
    """A server's row.

    Wanted: `task_state` (what was asked for and is on its way; `deleting` is final), `power_on`, `new_flavor`,
    `image_id`. Shown: `vm_state`, `power_state`, `native_id`, `launched_at`, `terminated_at`, `fault`.
    Flavors are snapshots (model.flavor). `terminated_at` without `deleted_at`: the cloud has lost the machine.
    """

    id: str
    project_id: str
    user_id: str
    name: str
    hostname: str
    description: str | None
    created_at: Micros
    updated_at: Micros
    vm_state: str
    task_state: str
    power_state: int
    power_on: bool
    flavor: dict[str, Any]
    flavor_id: str
    image_id: str
    image: dict[str, Any]
    cloud_id: str
    cloud_name: str
    zone: str
    native_zone: str
    reservation_id: str
    launch_index: int = 0
    native_id: str = ""
    new_flavor: dict[str, Any] | None = None
    old_flavor: dict[str, Any] | None = None
    key_name: str | None = None
    public_key: str = ""
    user_data: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    security_groups: list[str] = field(default_factory=list)
    config_drive: bool = False
    disk_config: str = "MANUAL"
    access_ip_v4: str = ""
    access_ip_v6: str = ""
    locked: bool = False
    locked_by: str = ""
    locked_reason: str | None = None
    fault: dict[str, Any] | None = None
    launched_at: Micros | None = None
    terminated_at: Micros | None = None
    deleted_at: Micros | None = None

    @property
    def status(self) -> str:
        """Nova's status. Source: nova/api/openstack/common.py's table, as the API reference describes it."""
        shown = {ACTIVE: TASKS_SHOWN, STOPPED: TASKS_SHOWN, RESIZED: TASKS_SHOWN, ERROR: TASKS_SHOWN_IN_ERROR}
        if self.task_state in shown.get(self.vm_state, ()):
            return _BY_TASK[self.task_state]
        return _BY_VM_STATE[self.vm_state]

    @property
    def host_id(self) -> str:
        """The same for all servers of one project in one cloud, and it tells nothing about either."""
        return hashlib.sha224(f"{self.project_id}{self.cloud_id}".encode()).hexdigest() if self.native_id else ""

    @property
    def lost(self) -> bool:
        """The machine was deleted in the cloud, not by us."""
        return self.terminated_at is not None and self.deleted_at is None


def states_of(status: str) -> tuple[set[str], set[str]] | None:
    """The vm_states and task_states that show `status`; None where no server can ever show it."""
    tasks = {task for task, shown in _BY_TASK.items() if shown == status.upper()}
    states = {state for state, shown in _BY_VM_STATE.items() if shown == status.upper()}
    return (states, tasks) if states or tasks else None


def hostname_of(name: str, server_id: str) -> str:
    """A host name (RFC 1123) made of a display name, as Nova does."""
    kept = "".join(c if c.isalnum() or c in "-." else "-" if c in " _" else "" for c in name if c.isascii())
    return kept.lower().strip("-.")[:63].rstrip("-.") or f"Server-{server_id}"


@dataclass(frozen=True, slots=True)
class NewServer:
    """A server that is asked for. `networks` None: no card at all; empty: the project's own network."""

    name: str
    flavor_id: str
    image_id: str
    networks: tuple[NicRequest, ...] | None = ()
    key_name: str | None = None
    user_data: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    security_groups: tuple[str, ...] = ()
    volumes: tuple[tuple[str, str], ...] = ()  # volume id, device
    min_count: int = 1
    max_count: int = 1
    zone: str | None = None
    config_drive: bool = False
    description: str | None = None
    hostname: str | None = None
    disk_config: str = "MANUAL"
    access_ip_v4: str = ""
    access_ip_v6: str = ""


@dataclass(frozen=True, slots=True)
class ServerFilter:
    """What of the servers is asked for; what is None isn't filtered. `states` are as `states_of` gives them."""

    project_id: str | None = None
    all_projects: bool = False
    name: str | None = None
    states: tuple[tuple[frozenset[str], frozenset[str]], ...] | None = None
    flavor_id: str | None = None
    image_id: str | None = None
    ip: str | None = None
    ids: tuple[str, ...] | None = None
    tags: tuple[str, ...] = ()
    tags_any: tuple[str, ...] = ()
    not_tags: tuple[str, ...] = ()
    not_tags_any: tuple[str, ...] = ()
    changes_since: Micros | None = None
    changes_before: Micros | None = None
    deleted: bool = False
    equals: dict[str, Any] = field(default_factory=dict)  # column: value
    sort: tuple[tuple[str, str], ...] = (("created_at", "desc"),)


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that was asked of a server, and how it went. Source: Compute API, "Servers - run an action"."""

    id: str
    server_id: str
    project_id: str
    user_id: str
    action: str
    request_id: str
    started_at: Micros
    finished_at: Micros | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Used:
    """What a project's servers take up together."""

    servers: int
    vcpus: int
    ram: int


@dataclass(frozen=True, slots=True)
class Detail:
    """A server with what others know of it: its ports, by the name of their network, and its volumes."""

    server: Server
    ports: dict[str, list[Port]] = field(default_factory=dict)
    volumes: list[Attachment] = field(default_factory=list)


def check_pattern(pattern: str) -> None:
    """Raises Invalid for a regular expression that is none, or that could keep a database busy for long."""
    try:
        re.compile(pattern)
    except re.error as error:
        raise Invalid(f"Invalid filter: {pattern[:255]!r} is no regular expression.") from error
    if len(pattern) > 255 or "(" in pattern or len(_REPEATS.findall(pattern)) > _MOST_REPEATS:
        raise Invalid(f"Invalid filter: {pattern[:255]!r} is too complex; use at most two of * + ? and no groups.")


def check_metadata(metadata: dict[str, str]) -> None:
    """Raises InvalidField, Forbidden for more than 128 items."""
    for key, value in metadata.items():
        if not _METADATA_KEY.fullmatch(key):
            raise InvalidField("metadata", {key[:64]: value[:64]}, "A key has 1 to 255 of a-z A-Z 0-9 space - _ : .")
        if len(value) > 255:
            raise InvalidField("metadata", {key: value[:64]}, "A value has at most 255 characters.")
    if len(metadata) > _MOST_METADATA:
        raise OverLimit("Maximum number of metadata items exceeds 128")


def check_tags(tags: Collection[str]) -> None:
    """Raises Invalid for more than 50 tags, or one that is empty, longer than 60, or has a comma or a slash."""
    if len(set(tags)) > _MOST_TAGS:
        raise Invalid(f"The number of tags exceeded the per-server limit {_MOST_TAGS}")
    for tag in tags:
        if not _TAG.fullmatch(tag):
            raise InvalidField("tags", tag[:64], "A tag has 1 to 60 characters, none of them a comma or a slash.")


def check_hostname(hostname: str) -> None:
    """Raises InvalidField unless it is a name of 2 to 63 letters, digits and hyphens (RFC 1123)."""
    if not re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9-]{0,61}[a-zA-Z0-9]", hostname):
        raise InvalidField("hostname", hostname[:64], f"{hostname[:64]!r} is not a host name (RFC 1123).")


def fault(code: int, message: str, at: Micros) -> dict[str, Any]:
    """What a server shows that has failed."""
    return {"code": code, "message": message[:255], "created": iso_seconds(at)}
