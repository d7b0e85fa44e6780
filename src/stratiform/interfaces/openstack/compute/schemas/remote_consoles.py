"""Bodies and responses of consoles. Source: Compute API reference, "Server consoles"."""

from typing import Literal

from msgspec import Struct


class RemoteConsoleRequest(Struct, forbid_unknown_fields=True):
    protocol: Literal["vnc", "spice", "rdp", "serial", "mks"]
    type: Literal["novnc", "xvpvnc", "spice-html5", "spice-direct", "rdp-html5", "serial", "webmks"]


class RemoteConsoleCreate(Struct, forbid_unknown_fields=True):
    remote_console: RemoteConsoleRequest


class RemoteConsole(Struct):
    protocol: str
    type: str
    url: str


class RemoteConsoleResponse(Struct):
    remote_console: RemoteConsole


class VncConsole(Struct, forbid_unknown_fields=True):
    type: Literal["novnc", "xvpvnc"]


class SpiceConsole(Struct, forbid_unknown_fields=True):
    type: Literal["spice-html5"]


class RdpConsole(Struct, forbid_unknown_fields=True):
    type: Literal["rdp-html5"]


class SerialConsole(Struct, forbid_unknown_fields=True):
    type: Literal["serial"]


class Console(Struct):
    type: str
    url: str


class ConsoleResponse(Struct):
    console: Console


class ConsoleConnection(Struct):
    instance_uuid: str
    host: str
    port: int
    internal_access_path: str | None = None


class ConsoleConnectionResponse(Struct):
    console: ConsoleConnection
