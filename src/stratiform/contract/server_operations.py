"""Operations on servers that a cloud may lack. A connector declares these with the reason, and inherits them."""

# ruff: noqa: ARG002 - the default implementations use no arguments

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NoReturn, Protocol

from stratiform.contract.console import ConsoleEndpoint, ConsoleType
from stratiform.contract.errors import NotSupported
from stratiform.contract.image import NativeImage


class ServerOperation(Enum):
    """An operation that `Connector.unsupported` may list."""

    PAUSE = "pause"
    SUSPEND = "suspend"
    RESCUE = "rescue"
    REBUILD = "rebuild"
    CREATE_IMAGE = "create an image of"
    SET_PASSWORD = "set the password of"  # noqa: S105 - not a password
    CRASH_DUMP = "trigger a crash dump of"
    CHANGE_INTERFACES = "change the interfaces of"
    BOOT_FROM_VOLUME = "boot from a volume"
    SERIAL_CONSOLE = "open the serial console of"
    GRAPHICAL_CONSOLE = "open a graphical console of"
    CONFIG_DRIVE = "use a config drive for"
    SWAP_VOLUME = "swap a volume of"
    SERVER_GROUP = "place by the policy of a server group"


@dataclass(frozen=True, slots=True)
class NetworkInterface:
    """One network interface: an IP and MAC address chosen by us, in a subnet of the cloud."""

    subnet_id: str  # native id, from NetworkDriver.ensure_subnet; "" if the cloud has no networks
    ip_address: str
    mac_address: str
    security_groups: tuple[str, ...] = ()  # native ids, from RoutingDriver.ensure_security_groups


class OptionalServerOperations(Protocol):
    """The operations by default: each raises NotSupported.

    All are idempotent. They raise NativeNotFound if the server does not exist, and RequestRejected if its state does
    not allow them.
    """

    def pause(self, server_id: str) -> None:
        """Freeze a running server; its memory stays. The state becomes PAUSED."""
        _reject(ServerOperation.PAUSE)

    def unpause(self, server_id: str) -> None:
        """Continue a paused server."""
        _reject(ServerOperation.PAUSE)

    def suspend(self, server_id: str) -> None:
        """Write the memory of a running server to disk and stop it. The state becomes SUSPENDED."""
        _reject(ServerOperation.SUSPEND)

    def resume(self, server_id: str) -> None:
        """Start a suspended server with its memory."""
        _reject(ServerOperation.SUSPEND)

    def rescue(self, server_id: str, image_id: str) -> None:
        """Boot a server from an image, with its own disk as a second one. The state becomes RESCUED."""
        _reject(ServerOperation.RESCUE)

    def unrescue(self, server_id: str) -> None:
        """Boot a rescued server from its own disk."""
        _reject(ServerOperation.RESCUE)

    def create_image(self, server_id: str, token: str, name: str) -> NativeImage:
        """Create an image of the root disk, or return the one with `token`. Call it again until it is ready."""
        _reject(ServerOperation.CREATE_IMAGE)

    def set_password(self, server_id: str, password: str) -> None:
        """Set the password of the administrator in a running server. The password is neither stored nor logged."""
        _reject(ServerOperation.SET_PASSWORD)

    def trigger_crash_dump(self, server_id: str) -> None:
        """Send a non-maskable interrupt to a running server."""
        _reject(ServerOperation.CRASH_DUMP)

    def open_console(self, server_id: str, console_type: ConsoleType) -> ConsoleEndpoint:
        """Return an address for one connection to a console, which begins within seconds."""
        _reject(
            ServerOperation.SERIAL_CONSOLE if console_type is ConsoleType.SERIAL else ServerOperation.GRAPHICAL_CONSOLE
        )

    def swap_volume(self, server_id: str, old_volume_id: str, new_volume_id: str) -> None:
        """Copy the data of an attached volume to another one, and attach that instead, with the same device name."""
        _reject(ServerOperation.SWAP_VOLUME)

    def set_interfaces(self, server_id: str, interfaces: Sequence[NetworkInterface]) -> None:
        """Attach and detach interfaces, so that the server has exactly these."""
        _reject(ServerOperation.CHANGE_INTERFACES)


def _reject(operation: ServerOperation) -> NoReturn:
    raise NotSupported(f"This cloud cannot {operation.value} a server.")
