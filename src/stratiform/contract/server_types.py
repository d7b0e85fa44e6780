"""Server types capability: the types of servers that a cloud offers, from which flavors can be registered."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class NativeServerType:
    """A type of server. `disk_gib` is 0 if the size of the root disk is that of the image."""

    id: str  # the `native_type` of a ServerSize
    name: str
    vcpus: int
    ram_mib: int
    disk_gib: int = 0


class ServerTypeDriver(Protocol):
    """Types of servers; raises errors of `contract.errors`."""

    def list(self) -> Iterator[NativeServerType]:
        """Iterate over the types that are available in the account's zone, ordered by id."""
