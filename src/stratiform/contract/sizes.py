"""Sizes capability: the sizes of servers that a cloud offers. Optional: connectors without it need no attribute."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # contract.connector does not depend on optional capabilities
    from stratiform.contract.connector import CloudConnection


@dataclass(frozen=True, slots=True)
class NativeSize:
    """A size of servers. `native_type` is what `ServerSize.native_type` may be.

    `disk_gib` 0: the size does not determine the root disk.
    """

    native_type: str
    vcpus: int
    ram_mib: int
    disk_gib: int = 0
    description: str = ""


class SizesDriver(Protocol):
    """Lists sizes. Raises errors of `contract.errors`."""

    def list(self) -> Iterator[NativeSize]:
        """Iterate over the sizes that the account can use in its region; pages are requested as needed."""


def find_sizes_driver(connection: "CloudConnection") -> SizesDriver | None:
    """Return the attribute `sizes` of a connection; None if its connector lacks the capability."""
    driver: SizesDriver | None = getattr(connection, "sizes", None)
    return driver
