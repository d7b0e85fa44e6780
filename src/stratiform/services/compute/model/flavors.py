"""Flavors: the sizes of servers."""

from dataclasses import dataclass, field
from typing import TypedDict

from stratiform.contract.compute import ServerSize
from stratiform.kit.clock import Micros
from stratiform.services.compute.errors import InvalidField

#: Flavors of a new installation: id, name, vCPUs, RAM in MiB, disk in GiB. Source: DevStack.
DEFAULT_FLAVORS = (
    ("1", "m1.tiny", 1, 512, 1),
    ("2", "m1.small", 1, 2048, 20),
    ("3", "m1.medium", 2, 4096, 40),
    ("4", "m1.large", 4, 8192, 80),
    ("5", "m1.xlarge", 8, 16384, 160),
)

_MAX_INT = 0x7FFFFFFF


class FlavorSnapshot(TypedDict):
    """The flavor as stored with a server: later changes of the flavor do not affect the server."""

    id: str
    name: str
    vcpus: int
    ram: int
    disk: int
    ephemeral: int
    swap: int
    extra_specs: dict[str, str]


@dataclass(frozen=True, slots=True)
class Flavor:
    """A size of server. `ram` and `swap` in MiB, `disk` and `ephemeral` in GiB."""

    id: str
    name: str
    vcpus: int
    ram: int
    disk: int
    ephemeral: int = 0
    swap: int = 0
    rxtx_factor: str = "1.0"
    is_public: bool = True
    description: str | None = None
    extra_specs: dict[str, str] = field(default_factory=dict)
    created_at: Micros = 0

    def snapshot(self) -> FlavorSnapshot:
        """Return the part of the flavor that is stored with a server."""
        return {
            "id": self.id,
            "name": self.name,
            "vcpus": self.vcpus,
            "ram": self.ram,
            "disk": self.disk,
            "ephemeral": self.ephemeral,
            "swap": self.swap,
            "extra_specs": dict(self.extra_specs),
        }


@dataclass(frozen=True, slots=True)
class NewFlavor:
    """A flavor to create. An empty id is replaced by a generated one."""

    name: str
    vcpus: int
    ram: int
    disk: int
    id: str = ""
    ephemeral: int = 0
    swap: int = 0
    rxtx_factor: str = "1.0"
    is_public: bool = True
    description: str | None = None


@dataclass(frozen=True, slots=True)
class FlavorFilter:
    """Filters and order of a list of flavors. `is_public` None: public and private ones."""

    is_public: bool | None = True
    min_ram: int = 0
    min_disk: int = 0
    sort_key: str = "flavorid"
    sort_dir: str = "asc"


def validate_flavor(new: NewFlavor) -> None:
    """Raises InvalidField."""
    if not new.name.strip() or len(new.name) > 255:
        raise InvalidField("name", new.name, "Flavor name must be 1 to 255 characters long.")
    if len(new.id) > 255 or new.id != new.id.strip():
        raise InvalidField("id", new.id, "The id of a flavor has at most 255 characters, no leading or trailing space.")
    minimums = {
        "vcpus": (new.vcpus, 1),
        "ram": (new.ram, 1),
        "disk": (new.disk, 0),
        "OS-FLV-EXT-DATA:ephemeral": (new.ephemeral, 0),
        "swap": (new.swap, 0),
    }
    for name, (value, minimum) in minimums.items():
        if value < minimum:
            raise InvalidField(name, value, f"{value} is less than the minimum of {minimum}")
        if value > _MAX_INT:
            raise InvalidField(name, value, f"{value} is greater than the maximum of {_MAX_INT}")


def build_server_size(flavor: FlavorSnapshot, native_type: str | None) -> ServerSize:
    """Return the size of a server for a connector; `native_type` is the cloud's own type, if the flavor maps to one."""
    return ServerSize(flavor["vcpus"], flavor["ram"], flavor["disk"], native_type or "")
