"""Servers as Nova describes them, and their conversion.

Source: Compute API, "Servers" (microversion 2.72), "Server concepts" for statuses and task states.
"""

import msgspec

from stratiform.connectors.openstack import tags
from stratiform.contract.compute import NativeServer, NativeServerState, ServerSize
from stratiform.contract.errors import CloudUnreachable
from stratiform.kit.clock import parse_iso

_BUILDING, _RUNNING, _STOPPING, _STOPPED, _DELETING, _ERROR = (
    NativeServerState.BUILDING,
    NativeServerState.RUNNING,
    NativeServerState.STOPPING,
    NativeServerState.STOPPED,
    NativeServerState.DELETING,
    NativeServerState.ERROR,
)

#: A soft-deleted server is stopped: it can be deleted for good, and uses resources until then.
_STATES = {
    "ACTIVE": _RUNNING,
    "BUILD": _BUILDING,
    "DELETED": NativeServerState.DELETED,
    "ERROR": _ERROR,
    "HARD_REBOOT": _BUILDING,
    "MIGRATING": _RUNNING,
    "PASSWORD": _RUNNING,
    "PAUSED": NativeServerState.PAUSED,
    "REBOOT": _RUNNING,
    "REBUILD": _BUILDING,
    "RESCUE": NativeServerState.RESCUED,
    "RESIZE": _STOPPING,
    "REVERT_RESIZE": _STOPPING,
    "SHELVED": _STOPPED,
    "SHELVED_OFFLOADED": _STOPPED,
    "SHUTOFF": _STOPPED,
    "SOFT_DELETED": _STOPPED,
    "SUSPENDED": NativeServerState.SUSPENDED,
    "VERIFY_RESIZE": _STOPPING,
}

#: States during a task, whatever the status is.
_TASK_STATES = {
    "deleting": _DELETING,
    "soft-deleting": _DELETING,
    "powering-off": _STOPPING,
    "shelving": _STOPPING,
    "shelving_image_pending_upload": _STOPPING,
    "shelving_image_uploading": _STOPPING,
    "shelving_offloading": _STOPPING,
    "powering-on": _BUILDING,
    "unshelving": _BUILDING,
    "spawning": _BUILDING,
    "rescuing": _BUILDING,
    "unrescuing": _BUILDING,
    "rebuilding": _BUILDING,
}

SHELVED = ("SHELVED", "SHELVED_OFFLOADED")
RESIZING = ("RESIZE", "VERIFY_RESIZE", "REVERT_RESIZE")


class Reference(msgspec.Struct, frozen=True):
    id: str


class Address(msgspec.Struct, frozen=True):
    addr: str
    type: str = msgspec.field(name="OS-EXT-IPS:type", default="fixed")


class ServerFlavor(msgspec.Struct, frozen=True):
    original_name: str = ""
    vcpus: int = 0
    ram: int = 0
    disk: int = 0


class Fault(msgspec.Struct, frozen=True):
    message: str = ""


class Server(msgspec.Struct, frozen=True):
    """A server. `image` is empty if it boots from a volume."""

    id: str
    status: str
    created: str = ""
    flavor: ServerFlavor = ServerFlavor()
    image: Reference | str | None = None
    addresses: dict[str, list[Address]] = {}
    tags: list[str] = []
    key_name: str | None = None
    fault: Fault | None = None
    locked: bool = False
    task_state: str | None = msgspec.field(name="OS-EXT-STS:task_state", default=None)
    launched_at: str | None = msgspec.field(name="OS-SRV-USG:launched_at", default=None)
    volumes: list[Reference] = msgspec.field(name="os-extended-volumes:volumes_attached", default_factory=list)

    @property
    def image_id(self) -> str:
        return self.image.id if isinstance(self.image, Reference) else ""

    @property
    def fixed_addresses(self) -> tuple[str, ...]:
        return tuple(
            address.addr for addresses in self.addresses.values() for address in addresses if address.type == "fixed"
        )

    @property
    def state(self) -> NativeServerState:
        """The state. Raises: CloudUnreachable if Nova does not know it, because a cell does not respond."""
        if self.status == "UNKNOWN":
            raise CloudUnreachable(f"the state of server {self.id} is unknown: a cell of Nova does not respond")
        state = _STATES.get(self.status, _ERROR)
        if state is _RUNNING and tags.RESIZING in self.tags:
            state = _STOPPED
        return state if state in (_ERROR, NativeServerState.DELETED) else _TASK_STATES.get(self.task_state or "", state)


def to_native_server(server: Server, installation_id: str) -> NativeServer:
    """Convert a server. The disk of one that boots from a volume is the volume's. Raises: CloudUnreachable."""
    state = server.state
    return NativeServer(
        id=server.id,
        token=tags.find_tag_token(server.tags, installation_id),
        state=state,
        size=ServerSize(
            server.flavor.vcpus,
            server.flavor.ram,
            server.flavor.disk if server.image_id else 0,
            server.flavor.original_name,
        ),
        addresses=server.fixed_addresses,
        launched_at=parse_iso(server.launched_at) if server.launched_at else None,
        image_id=server.image_id,
        volume_ids=tuple(volume.id for volume in server.volumes),
        fault=_describe_fault(server) if state is _ERROR else "",
    )


def _describe_fault(server: Server) -> str:
    """Return Nova's message; that of the scheduler means that the cloud has no capacity for the flavor."""
    message = server.fault.message.strip() if server.fault else ""
    if "no valid host" in message.lower():
        return f"the cloud has no capacity for flavor {server.flavor.original_name}: {message}"
    return message or f"the cloud reports the status {server.status} without a reason"
