"""Bodies and responses of server actions. `rebuild` is in `schemas.servers`."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType, field

from stratiform.interfaces.endpoints import Since
from stratiform.interfaces.openstack.compute.schemas.common import Text


class Reboot(Struct):
    type: str


class Resize(Struct):
    flavor_ref: str | int = field(name="flavorRef")


class Lock(Struct):
    locked_reason: Annotated[Text | UnsetType | None, Since(73)] = UNSET


class ResetState(Struct):
    state: str


class SecurityGroup(Struct):
    name: str


class ConsoleOutput(Struct):
    length: Annotated[int, Meta(ge=-1)] | None = None


class ConsoleOutputResponse(Struct):
    output: str
