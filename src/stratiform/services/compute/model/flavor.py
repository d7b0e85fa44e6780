"""Flavors: the sizes that are sold."""

from dataclasses import dataclass, field
from typing import Any

from stratiform.contract.compute import ServerSize
from stratiform.kit.clock import Micros
from stratiform.services.compute.errors import InvalidField

#: What a seller starts with: name, vCPUs, RAM in MiB, disk in GiB. DevStack has made the same since 2011.
DEFAULT_FLAVORS = (
    ("1", "m1.tiny", 1, 512, 1),
    ("2", "m1.small", 1, 2048, 20),
    ("3", "m1.medium", 2, 4096, 40),
    ("4", "m1.large", 4, 8192, 80),
    ("5", "m1.xlarge", 8, 16384, 160),
)


@dataclass(frozen=True, slots=True)
class Flavor:
    """A size. `ram` in MiB, `disk` and `ephemeral` in GiB, `swap` in MiB, as Nova has them."""

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

    def snapshot(self) -> dict[str, Any]:
        """What a server keeps of it: a flavor that is changed or deleted later does not change the server."""
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
    """A flavor that is asked for. An empty id means: make one."""

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
    """What of the flavors is asked for. `is_public` None: all that the caller may see."""

    is_public: bool | None = True
    min_ram: int = 0
    min_disk: int = 0
    sort_key: str = "flavorid"
    sort_dir: str = "asc"


def check_flavor(new: NewFlavor) -> None:
    """Raises InvalidField for what no server can have."""
    if not new.name.strip() or len(new.name) > 255:
        raise InvalidField("name", new.name, "A flavor's name has 1 to 255 characters.")
    if len(new.id) > 255 or new.id != new.id.strip():
        raise InvalidField("id", new.id, "A flavor's id has at most 255 characters and no space at its ends.")
    at_least = {"vcpus": (new.vcpus, 1), "ram": (new.ram, 1), "disk": (new.disk, 0)}
    at_least |= {"OS-FLV-EXT-DATA:ephemeral": (new.ephemeral, 0), "swap": (new.swap, 0)}
    for name, (value, least) in at_least.items():
        if value < least:
            raise InvalidField(name, value, f"{value} is less than the minimum of {least}")
        if value > 0x7FFFFFFF:
            raise InvalidField(name, value, f"{value} is greater than the maximum of {0x7FFFFFFF}")


def size_of(flavor: dict[str, Any], native: str | None) -> ServerSize:
    """A server's flavor as a cloud takes it."""
    return ServerSize(flavor["vcpus"], flavor["ram"], flavor["disk"], native or "")
