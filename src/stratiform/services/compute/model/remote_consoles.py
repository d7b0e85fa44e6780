"""Remote consoles and their tokens."""

from dataclasses import dataclass

from stratiform.contract.console import ConsoleType
from stratiform.kit.clock import Micros


@dataclass(frozen=True, slots=True)
class ConsoleSettings:
    """Addresses of the noVNC page and of the websocket, whose path without a leading slash is `path`."""

    novnc_url: str = ""
    serial_url: str = ""
    path: str = "console"
    token_ttl_s: int = 600


@dataclass(frozen=True, slots=True)
class ConsoleToken:
    """A token of one console of one server; only its SHA-256 digest is stored."""

    digest: str
    server_id: str
    console_type: str
    expires_at: Micros


@dataclass(frozen=True, slots=True)
class RemoteConsole:
    """The address of a console, with its token."""

    type: ConsoleType
    url: str
