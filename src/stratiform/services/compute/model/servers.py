"""Servers: desired state, observed state, and requests to create or change them."""

import hashlib
from dataclasses import dataclass, field
from typing import TypedDict

from stratiform.kit.clock import Micros, format_iso_seconds
from stratiform.services.compute.model.block_devices import BlockDevice
from stratiform.services.compute.model.flavors import FlavorSnapshot
from stratiform.services.compute.model.server_status import StatusStates, get_server_status
from stratiform.services.network.model import FloatingAddresses, NicRequest, Port
from stratiform.services.volume.model import Attachment


class ServerFault(TypedDict):
    """The fault of a server in error, as the API returns it."""

    code: int
    message: str
    created: str


@dataclass(frozen=True, slots=True)
class Server:
    """A server.

    Desired state: `task_state` (the action in progress; `deleting` is final), `power_on`, `new_flavor`, `image_id`.
    Observed state: `vm_state`, `power_state`, `native_id`, `launched_at`, `terminated_at`, `fault`.
    `task_arguments` are the arguments of the action in progress, such as the
    `image_id` of the image that it creates. `shelved_image_id` is the image from
    which a shelved server is created again; `pinned_zone` the requested zone.
    `image_id` is "" if the server's root disk is a volume.
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
    flavor: FlavorSnapshot
    flavor_id: str
    image_id: str
    image: dict[str, str]
    cloud_id: str
    cloud_name: str
    zone: str
    native_zone: str
    reservation_id: str
    launch_index: int = 0
    native_id: str = ""
    new_flavor: FlavorSnapshot | None = None
    old_flavor: FlavorSnapshot | None = None
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
    task_arguments: dict[str, str] = field(default_factory=dict)
    shelved_image_id: str = ""
    pinned_zone: str | None = None
    group_id: str = ""
    fault: ServerFault | None = None
    launched_at: Micros | None = None
    terminated_at: Micros | None = None
    deleted_at: Micros | None = None

    @property
    def status(self) -> str:
        return get_server_status(self.vm_state, self.task_state)

    @property
    def host_id(self) -> str:
        """An opaque value shared by the servers of one project in one cloud; "" until the server exists there."""
        return hashlib.sha224(f"{self.project_id}{self.cloud_id}".encode()).hexdigest() if self.native_id else ""

    @property
    def is_volume_backed(self) -> bool:
        """True if the root disk is a volume, which has its own usage."""
        return not self.image_id

    @property
    def is_lost(self) -> bool:
        """True if the server no longer exists in its cloud, but was not deleted through this API."""
        return self.terminated_at is not None and self.deleted_at is None

    @property
    def exists_in_cloud(self) -> bool:
        return bool(self.native_id) and not self.is_lost


class ServerChanges(TypedDict, total=False):
    """Fields that a customer may update."""

    name: str
    hostname: str
    description: str | None
    disk_config: str
    access_ip_v4: str
    access_ip_v6: str


class RebuildChanges(ServerChanges, total=False):
    """Fields that a customer may update with a rebuild."""

    metadata: dict[str, str]
    key_name: str | None
    user_data: str


class MutableServerFields(RebuildChanges, total=False):
    """Every field of a server that changes after its creation."""

    updated_at: Micros
    vm_state: str
    task_state: str
    power_state: int
    power_on: bool
    flavor: FlavorSnapshot
    flavor_id: str
    image_id: str
    image: dict[str, str]
    native_id: str
    new_flavor: FlavorSnapshot | None
    old_flavor: FlavorSnapshot | None
    public_key: str
    tags: list[str]
    security_groups: list[str]
    locked: bool
    locked_by: str
    locked_reason: str | None
    task_arguments: dict[str, str]
    shelved_image_id: str
    pinned_zone: str | None
    cloud_id: str
    cloud_name: str
    zone: str
    native_zone: str
    fault: ServerFault | None
    launched_at: Micros | None
    terminated_at: Micros | None
    deleted_at: Micros | None


@dataclass(frozen=True, slots=True)
class NewServer:
    """One or more servers to create. `networks` None: no port; empty: a port in the project's own network.

    `image_id` may be "" if one of `block_devices` is a root disk. `allow_multiattach`: they may be multiattach volumes.
    `hints`: scheduler hints that require labels of the cloud.
    """

    name: str
    flavor_id: str
    image_id: str
    networks: tuple[NicRequest, ...] | None = ()
    key_name: str | None = None
    user_data: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    security_groups: tuple[str, ...] = ()
    block_devices: tuple[BlockDevice, ...] = ()
    min_count: int = 1
    max_count: int = 1
    zone: str | None = None
    group_id: str = ""
    host: str | None = None
    config_drive: bool = False
    description: str | None = None
    hostname: str | None = None
    disk_config: str = "MANUAL"
    access_ip_v4: str = ""
    access_ip_v6: str = ""
    allow_multiattach: bool = True
    hints: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ServerFilter:
    """Filters and order of a list of servers; a filter that is None does not apply.

    `equals` maps columns to values; `name` and `ip` are regular expressions.
    """

    project_id: str | None = None
    all_projects: bool = False
    name: str | None = None
    states: tuple[StatusStates, ...] | None = None
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
    equals: dict[str, object] = field(default_factory=dict)
    sort: tuple[tuple[str, str], ...] = (("created_at", "desc"),)


@dataclass(frozen=True, slots=True)
class ServerDetail:
    """A server with its ports, by the name of their network, and its volume attachments.

    `floating_ips`: the floating IPs of the ports by port id and fixed IP.
    """

    server: Server
    ports: dict[str, list[Port]] = field(default_factory=dict)
    attachments: list[Attachment] = field(default_factory=list)
    floating_ips: FloatingAddresses = field(default_factory=dict)


def select_pending_changes(server: Server) -> dict[str, str]:
    """Return the task arguments that outlive the action in progress: the request to update the interfaces."""
    return {name: value for name, value in server.task_arguments.items() if name == "interfaces"}


def build_server_fault(code: int, message: str, at: Micros) -> ServerFault:
    """Return a fault with `message`, cut to 255 characters."""
    return {"code": code, "message": message[:255], "created": format_iso_seconds(at)}
