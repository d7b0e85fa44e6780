"""Errors of compute, with the texts of Nova's API. Source: nova/exception.py."""

from collections.abc import Mapping

from stratiform.kit.errors import Conflict, Invalid, NotFound, OverLimit


class ServerNotFound(NotFound):
    """The server does not exist, or belongs to another project."""

    def __init__(self, server_id: str) -> None:
        super().__init__(f"Instance {server_id} could not be found.")


class ServerMetadataNotFound(NotFound):
    """The server has no metadata item with this key."""

    def __init__(self) -> None:
        super().__init__("Metadata item was not found")


class ServerTagNotFound(NotFound):
    """The server does not have this tag."""

    def __init__(self, server_id: str, tag: str) -> None:
        super().__init__(f"Server {server_id} has no tag '{tag}'")


class InstanceActionNotFound(NotFound):
    """No action on this server was started by the request."""

    def __init__(self, server_id: str, request_id: str) -> None:
        super().__init__(f"Action for request_id {request_id} on instance {server_id} not found")


class VolumeAttachmentNotFound(NotFound):
    """The volume is not attached to this server."""

    def __init__(self, server_id: str, volume_id: str) -> None:
        super().__init__(f"Instance {server_id} is not attached to volume {volume_id}")


class FlavorNotFound(NotFound):
    """The flavor does not exist, or the project has no access to it."""

    def __init__(self, flavor_id: str) -> None:
        super().__init__(f"Flavor {flavor_id} could not be found.")


class FlavorExtraSpecNotFound(NotFound):
    """The flavor has no extra spec with this key."""

    def __init__(self, flavor_id: str, key: str) -> None:
        super().__init__(f"Flavor {flavor_id} has no extra specs with key {key}.")


class FlavorAccessNotFound(NotFound):
    """The project has no access to the private flavor."""

    def __init__(self, flavor_id: str, project_id: str) -> None:
        super().__init__(f"Flavor access not found for {flavor_id} / {project_id} combination.")


class FlavorAccessConflict(Conflict):
    """The project has access to the private flavor already."""

    def __init__(self, flavor_id: str, project_id: str) -> None:
        super().__init__(f"Flavor access already exists for flavor {flavor_id} and project {project_id} combination.")


class KeyPairNotFound(NotFound):
    """The user has no key pair with this name."""

    def __init__(self, name: str, user_id: str) -> None:
        super().__init__(f"Keypair {name} not found for user {user_id}")


class KeyPairConflict(Conflict):
    """The user has a key pair with this name already."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Key pair '{name}' already exists.")


class InvalidServerState(Conflict):
    """The server's state does not allow the action; `attribute` is `vm_state` or `task_state`."""

    def __init__(self, action: str, server_id: str, attribute: str, state: str) -> None:
        super().__init__(f"Cannot '{action}' instance {server_id} while it is in {attribute} {state}")


class ServerLocked(Conflict):
    """The server is locked, and the caller may not override the lock."""

    def __init__(self, server_id: str) -> None:
        super().__init__(f"Instance {server_id} is locked")


class ServerNotReady(Conflict):
    """The server does not exist in its cloud."""

    def __init__(self, server_id: str) -> None:
        super().__init__(f"Instance {server_id} is not ready")


class InvalidField(Invalid):
    """One field of the request is invalid; worded like Nova's schema validation."""

    def __init__(self, field: str, value: object, reason: str) -> None:
        super().__init__(f"Invalid input for field/attribute {field}. Value: {value}. {reason}")


class ConsoleTypeUnavailable(Invalid):
    """The server's cloud has no console of this type."""

    def __init__(self, console_type: str) -> None:
        super().__init__(f"Unavailable console type {console_type}.")


class NoValidHost(Invalid):
    """No cloud can take the server."""

    def __init__(self, reason: str = "There are not enough hosts available.") -> None:
        super().__init__(f"No valid host was found. {reason}")


class QuotaExceeded(OverLimit):
    """The project's quota does not allow the request; `exceeded`: requested, used and limit by resource."""

    def __init__(self, exceeded: Mapping[str, tuple[int, int, int]]) -> None:
        resources = ", ".join(exceeded)
        requested, used, limits = (", ".join(map(str, numbers)) for numbers in zip(*exceeded.values(), strict=True))
        super().__init__(
            f"Quota exceeded for {resources}: Requested {requested}, but already used {used} of {limits} {resources}"
        )


class TooManyKeyPairs(OverLimit):
    """The user's quota of key pairs is exhausted."""

    def __init__(self) -> None:
        super().__init__("Quota exceeded, too many key pairs.")


class TooManyServerGroups(OverLimit):
    """The project's quota of server groups is exhausted."""

    def __init__(self) -> None:
        super().__init__("Quota exceeded, too many server groups.")


class TooManyServersInGroup(OverLimit):
    """The quota of members of a server group is exhausted."""

    def __init__(self) -> None:
        super().__init__("Quota exceeded, too many servers in group")


class ServerGroupNotFound(NotFound):
    """The server group does not exist, or belongs to another project."""

    def __init__(self, group_id: str) -> None:
        super().__init__(f"Instance group {group_id} could not be found.")


class AggregateNotFound(NotFound):
    """The host aggregate does not exist."""

    def __init__(self, aggregate_id: str) -> None:
        super().__init__(f"Aggregate {aggregate_id} could not be found.")


class ComputeHostNotFound(NotFound):
    """No cloud has this name."""

    def __init__(self, host: str) -> None:
        super().__init__(f"Compute host {host} could not be found.")


class ServiceNotFound(NotFound):
    """The compute service does not exist."""

    def __init__(self, service_id: str) -> None:
        super().__init__(f"Service {service_id} could not be found.")
